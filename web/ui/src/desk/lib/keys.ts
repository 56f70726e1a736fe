// What the keyboard does, in one table: it is also the help card.

export type Command =
  | 'help' | 'accept' | 'decline' | 'next' | 'previous' | 'longest' | 'take' | 'reply' | 'note' | 'knowledge' | 'suggestion'
  | 'transfer' | 'hold' | 'return' | 'resolve' | 'order' | 'tab1' | 'tab2' | 'tab3' | 'tab4' | 'tab5'

interface Key { command: Command; code: string; alt: boolean; keys: string; words: string }
const alt = (command: Command, code: string, keys: string, words: string): Key => ({ command, code, alt: true, keys: `Alt + ${keys}`, words })

export const keys: readonly Key[] = [
  alt('accept', 'KeyA', 'A', '接听正在振铃的会话'),
  alt('decline', 'KeyX', 'X', '婉拒正在振铃的会话'),
  alt('take', 'KeyG', 'G', '从队列接起排在最前的一位'),
  alt('longest', 'KeyJ', 'J', '跳到最急的会话'),
  alt('next', 'ArrowDown', '↓', '下一个会话'),
  alt('previous', 'ArrowUp', '↑', '上一个会话'),
  alt('reply', 'KeyR', 'R', '写回复（发给市民）'),
  alt('note', 'KeyN', 'N', '写内部备注（市民看不到）'),
  alt('knowledge', 'KeyK', 'K', '检索知识'),
  alt('suggestion', 'KeyS', 'S', '把第一条建议放进回复'),
  alt('transfer', 'KeyT', 'T', '转接'),
  alt('hold', 'KeyH', 'H', '挂起或恢复'),
  alt('return', 'KeyB', 'B', '交回机器人'),
  alt('order', 'KeyO', 'O', '建工单'),
  alt('resolve', 'KeyE', 'E', '结束并填小结'),
  ...([1, 2, 3, 4, 5] as const).map((n) => alt(`tab${n}`, `Digit${n}`, String(n), ['会话中', '排队中', '待干预', '机器人接待', '已结束'][n - 1]!)),
  { command: 'help', code: 'Slash', alt: false, keys: '?', words: '显示或收起这张卡片（不在输入框里时）' },
]

/** Keys that the field for replies knows by itself. */
export const fieldKeys = [
  { keys: 'Enter', words: '发送' }, { keys: 'Shift + Enter', words: '换行' }, { keys: '/', words: '常用语（行首）' }, { keys: 'Esc', words: '收起列表或对话框' },
]

export interface Pressed { code: string; key: string; altKey: boolean; ctrlKey: boolean; metaKey: boolean }

/** What the keys mean; null for nothing. inField: somebody is typing text. */
export function commandOf(e: Pressed, inField: boolean): Command | null {
  if (e.ctrlKey || e.metaKey) return null
  if (!e.altKey) return e.key === '?' && !inField ? 'help' : null
  return keys.find((k) => k.alt && k.code === e.code)?.command ?? null
}
