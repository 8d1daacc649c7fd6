import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'

const SRC = join(import.meta.dirname, '../../src')
const BLOCKED = 'for (;;);'

/** A process that leads a group of its own, as one that a terminal's shell starts; ended with the test. */
function start(argv: readonly string[], cwd = tmpdir(), stderr: 'read' | 'unread' = 'read') {
  const child = spawn(process.execPath, argv, { cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void endGroup(child))
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }) as Ended)
  return { child, ended, said: stderr === 'read' ? text(child.stderr) : '' }
}

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

function endGroup({ pid }: ChildProcess): boolean {
  try {
    return process.kill(-(pid as number), 'SIGKILL')
  } catch {
    return false
  }
}

/** What a terminal does: all processes of the group get it. */
const ctrlC = ({ pid }: ChildProcess) => process.kill(-(pid as number), 'SIGINT')

function script(work: string): string[] {
  const begin = `
    import { interruption } from ${JSON.stringify(join(SRC, 'host/interruption.ts'))}
    const interrupted = interruption(async () => { console.error('emergency'); return ['left behind: x'] })
    `
  return ['--input-type=module', '-e', `${begin}${work}`]
}

test('the second Ctrl-C kills a process whose event loop is blocked', async () => {
  const { child, ended, said } = start(
    script(`interrupted.signal; setTimeout(() => { console.log('on'); ${BLOCKED} }, 100)`),
  )
  await once(child.stdout, 'data')
  ctrlC(child)
  await sleep(500)
  expect(child.exitCode).toBe(null)
  ctrlC(child)
  expect(await ended).toEqual({ code: null, signal: 'SIGKILL' })
  expect(await said).toContain('did not react to Ctrl-C')
})

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
  'the first %s aborts, the second kills and says what is left',
  async (name) => {
    const work = `interrupted.signal.addEventListener('abort', () => console.log(interrupted.signal.reason.message))
    console.log('on'); setInterval(() => {}, 1000)`
    const { child, ended, said } = start(script(work))
    await once(child.stdout, 'data')
    child.kill(name)
    expect(String(await once(child.stdout, 'data'))).toBe(`stopped by ${name}\n`)
    child.kill(name)
    expect(await ended).toEqual({ code: 130, signal: null })
    expect(await said).toBe('emergency\nleft behind: x\n')
  },
)

test.each([
  ['nobody asked for the signal', ''],
  ['nothing is left to tear down', 'interrupted.signal; interrupted.settled();'],
])('a signal ends a blocked process at once where %s', async (_, before) => {
  const { child, ended } = start(script(`${before} setTimeout(() => { console.log('on'); ${BLOCKED} }, 100)`))
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  expect(await ended).toEqual({ code: null, signal: 'SIGINT' })
})

test('the watchdog goes when the process goes, however it does', async () => {
  const { child, ended } = start(script(`interrupted.signal; console.log('on'); setInterval(() => {}, 1000)`))
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await ended
  await expect.poll(() => hasEnded(child)).toBe(true)
})

/** Whether no process of the group is left. */
function hasEnded({ pid }: ChildProcess): boolean {
  try {
    process.kill(-(pid as number), 0)
    return false
  } catch {
    return true
  }
}

/** A run of a hundred short trials, some of which have ended. */
async function running(stdio: 'read' | 'unread') {
  const cwd = mkdtempSync(join(tmpdir(), 'meshbench-test-'))
  onTestFinished(() => rmSync(cwd, { recursive: true, force: true }))
  const load = '{ tool: fortio, rate: 200/s, connections: 4, warmup: 1s, duration: 5s }'
  const scenario = `name: flow\nplatform: simulated\nblocks: 50\narms: [none, envoy-sidecar]\nloads: [${load}]\n`
  writeFileSync(join(cwd, 'flow.yaml'), `${scenario}simulation: { latency: 1ms, pace: 50ms }\n`)
  const started = start([join(SRC, 'main.ts'), 'run', 'flow.yaml'], cwd, stdio)
  const trials = () => readdirSync(cwd, { recursive: true }).filter((path) => /trials.c1.*json$/.test(String(path)))
  await expect.poll(() => trials().length, { timeout: 20_000 }).toBeGreaterThan(1)
  return started
}

test.each(['SIGINT', 'SIGHUP'] as const)('a run that gets %s tears down, and says how to resume', async (name) => {
  const { child, ended, said } = await running('read')
  process.kill(-(child.pid as number), name)
  expect(await ended).toEqual({ code: 130, signal: null })
  expect(await said).toMatch(new RegExp(`stopped by ${name}[^]*--resume`))
  await expect.poll(() => hasEnded(child)).toBe(true)
})

test('a run whose reader goes away tears down like one that is interrupted', async () => {
  const { child, ended } = await running('unread')
  child.stderr.destroy()
  child.stdout.destroy()
  expect(await ended).toEqual({ code: 130, signal: null })
})
