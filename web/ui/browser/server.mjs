// Starts the real binary (or, with SHENWEI_FAKE=1, the stand-in of dev/) for a browser test.

import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

async function freePort() {
  const probe = createServer()
  await new Promise((done) => probe.listen(0, '127.0.0.1', done))
  const { port } = probe.address()
  await new Promise((done) => probe.close(done))
  return port
}

function binary(dir) {
  if (process.env.SHENWEI_BIN) return process.env.SHENWEI_BIN
  const path = join(dir, 'shenwei')
  execFileSync('go', ['build', '-o', path, './cmd/shenwei'], { cwd: root, stdio: 'inherit' })
  return path
}

async function ready(url, child, log) {
  for (let i = 0; i < 300; i++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${log()}`)
    const answer = await fetch(`${url}/readyz`).catch(() => null)
    if (answer?.ok) return
    await sleep(100)
  }
  throw new Error(`the server was not ready within 30 s:\n${log()}`)
}

/** Publishes documents (path → text) beside the shipped ones, through the gate. */
function publish(program, dir, knowledge, env) {
  for (const [path, text] of Object.entries(knowledge)) {
    mkdirSync(join(dir, 'own', dirname(path)), { recursive: true })
    writeFileSync(join(dir, 'own', path), text)
  }
  execFileSync(program, ['import', '--publish', '--dir', join(dir, 'run'), join(dir, 'own')], { cwd: dir, env, stdio: ['ignore', 'ignore', 'pipe'] })
}

async function real(settings, knowledge) {
  const dir = mkdtempSync(join(tmpdir(), 'shenwei-browser-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const admin = await freePort()
  const run = ['serve', '--addr', `127.0.0.1:${port}`, '--dir', join(dir, 'run')]
  const program = binary(dir)
  const env = { ...process.env, SHENWEI_ADMIN_ADDR: `127.0.0.1:${admin}`, ...settings }
  if (knowledge) publish(program, dir, knowledge, env)
  let child, gone
  let said = ''
  const hear = (part) => { said = (said + part).slice(-4000) }
  const begin = () => {
    child = spawn(program, run, { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'], env })
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    gone = new Promise((done) => child.on('exit', done))
    return ready(url, child, () => said)
  }
  const stop = async () => {
    child.kill('SIGTERM')
    const kill = setTimeout(() => child.kill('SIGKILL'), 10000)
    await gone
    clearTimeout(kill)
    rmSync(dir, { recursive: true, force: true })
  }
  /** Kills the server without a word and starts it again. */
  const crash = async () => {
    child.kill('SIGKILL')
    await gone
    await begin()
  }
  try {
    await begin()
  } catch (cause) {
    await stop()
    throw cause
  }
  return { url, stop, crash, setupLink: () => setupLink(() => said) }
}

/** The one-time link that makes the first account, as the server printed it. */
async function setupLink(log) {
  for (let i = 0; i < 50; i++) {
    const found = /\/staff\/setup#[\w-]+/.exec(log())
    if (found) return found[0]
    await sleep(100)
  }
  throw new Error(`the server printed no link:\n${log()}`)
}

/** settings are the server's, as environment variables; knowledge is published before it starts. */
export async function startServer(settings = {}, knowledge = null) {
  if (process.env.SHENWEI_FAKE) return (await import('../dev/fake.mjs')).start()
  return real(settings, knowledge)
}
