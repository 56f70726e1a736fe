// A citizen's pictures in her conversation: what she has agreed to, those on their way, and reading
// one again.

import { ApiError, type Api, type Reply } from './api'
import { address } from './picture'
import { newRef } from './ref'
import type { Keep } from './storage'
import type { Thread } from './thread'
import { t } from './words'

export interface Session { conversation: string; token: string }

interface AlbumOptions {
  api: Pick<Api, 'sendPicture' | 'picture'>
  keep: Keep
  thread: Thread
  session: () => Session
  /** The server has it. */
  sent: (reply: Reply, ref: string) => void
}

const consentKey = 'shenwei.picture'

export class Album {
  /** Files on their way, by ref: none is kept across a reload. */
  private readonly files = new Map<string, Blob>()

  constructor(private readonly options: AlbumOptions) {}

  /** The version of the notice that she agreed to in this conversation, "" for none. */
  get agreed(): string {
    const kept = this.options.keep.get<{ conversation: string; version: string }>(consentKey)
    return kept && kept.conversation === this.options.session().conversation ? kept.version : ''
  }

  agree(version: string): void {
    this.options.keep.set(consentKey, { conversation: this.options.session().conversation, version })
  }

  /** Sends a picture to the agent and shows it at once. */
  send(file: Blob, preview: string): void {
    const entry = this.options.thread.line(newRef(), '[图片]')
    entry.picture = { width: 0, height: 0, gone: false, missing: false }
    entry.preview = preview
    this.files.set(entry.ref, file)
    void this.upload(entry.ref)
  }

  /** Sends a picture again that failed, with its ref; false for a line that is none. */
  retry(ref: string): boolean {
    if (!this.files.has(ref)) return false
    void this.upload(ref)
    return true
  }

  /** A picture of the conversation as the address of an image. */
  async read(seq: number, small: boolean): Promise<string> {
    const { conversation, token } = this.options.session()
    return address(await this.options.api.picture(conversation, token, seq, small))
  }

  private async upload(ref: string): Promise<void> {
    const entry = this.options.thread.byRef(ref)
    const file = this.files.get(ref)
    if (!entry || !file) return
    entry.state = 'sending'
    entry.problem = ''
    try {
      this.options.sent(await this.options.api.sendPicture({ ...this.options.session(), ref, consent: this.agreed, file }), ref)
      this.files.delete(ref)
    } catch (cause) {
      entry.state = 'failed'
      entry.problem = cause instanceof ApiError ? cause.message : t('图片没有发出。')
    }
  }
}
