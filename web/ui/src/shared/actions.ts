import { inject, type InjectionKey } from 'vue'

/** What a card may do in its conversation. Without a provider cards are only to be read. */
export interface CardActions {
  say(text: string): void
  choose(key: string, label: string): void
  /** Tells whether the answer helped; the outcome may offer a person. */
  rate(seq: number, score: 1 | -1, reason: string): Promise<{ offer?: string } | void>
  /** Opens 能不能办 at a matter; missing where there is none. */
  check?(matter: string): void
}

export const cardActions: InjectionKey<CardActions> = Symbol('card actions')

const none: CardActions = {
  say: () => undefined,
  choose: () => undefined,
  rate: () => Promise.resolve(),
}

export const useCardActions = (): CardActions => inject(cardActions, none)
