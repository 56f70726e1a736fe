// What may be done to a work order, and whether it is late: as the server decides it.

import type { Order } from '../types'

export const stateNames: { [state: string]: string } = { assigned: '待签收', signed: '办理中', returned: '已退单', replied: '已答复，待回访', closed: '已办结' }
export const actionNames: { [deed: string]: string } = {
  create: '新建', assign: '派单', sign: '签收', return: '退单', extend: '延期', urge: '督办', reply: '答复', close: '回访并办结',
}

const moves: { [state: string]: string[] } = {
  assigned: ['sign', 'assign', 'return', 'urge'], returned: ['assign'], signed: ['reply', 'return', 'extend', 'urge'], replied: ['close'],
}

export const allowed = (o: Pick<Order, 'state'>): string[] => moves[o.state] ?? []

/** What is overdue, in words; "" when nothing is. */
export function lateness(o: Pick<Order, 'state' | 'sign_by' | 'due_by'>, now: number): string {
  if (o.state === 'closed' || o.state === 'replied') return ''
  if (now > Date.parse(o.due_by)) return '已超期'
  return o.state === 'assigned' && now > Date.parse(o.sign_by) ? '未按时签收' : ''
}
