// What a tab remembers across a reload. Web views and private windows may refuse storage:
// then it is kept in memory and only a reload forgets it.

export interface Keep {
  get<T>(key: string): T | null
  set(key: string, value: unknown): void
  remove(key: string): void
  /** Whether what is kept outlives a reload: storage may be refused or full. */
  safe(): boolean
}

export function keepIn(storage: () => Storage): Keep {
  const memory = new Map<string, string>()
  let safe = true
  const attempt = <T>(work: (s: Storage) => T): T | null => {
    try {
      return work(storage())
    } catch {
      return null
    }
  }
  return {
    get<T>(key: string): T | null {
      const text = memory.get(key) || attempt((s) => s.getItem(key))
      if (!text) return null
      try {
        return JSON.parse(text) as T
      } catch {
        return null
      }
    },
    set(key, value) {
      const text = JSON.stringify(value)
      memory.set(key, text)
      safe = attempt((s) => {
        s.setItem(key, text)
        return true
      }) === true
    },
    remove(key) {
      memory.delete(key)
      attempt((s) => s.removeItem(key))
    },
    safe: () => safe,
  }
}

export const tabKeep = (): Keep => keepIn(() => window.sessionStorage)
