import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { openWindow } from '../../../src/platforms/local/local-window.ts'
import { cpuSeconds, readCpu, readMemory } from '../../../src/platforms/local/proc.ts'

const linux = process.platform === 'linux'
const children: ReturnType<typeof spawn>[] = []
afterAll(() => {
  for (const child of children) child.kill('SIGKILL')
})

/** A burner that waits for orders; the answer is the CPU-seconds that it used by its own account. */
async function burner() {
  const script = fileURLToPath(new URL('burn.ts', import.meta.url))
  const child = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  const lines = createInterface(child.stdout)
  const burn = async (share: number, seconds: number) => {
    child.stdin.write(`${share} ${seconds}\n`)
    const [line] = await once(lines, 'line')
    return Number(line)
  }
  await burn(1, 0.01)
  return { pid: child.pid as number, burn }
}

describe.runIf(linux)('CPU time', () => {
  it('of a process that burns 0.250 of a core is measured within 2 %', async () => {
    const { pid, burn } = await burner()
    const before = Date.now() / 1000
    const window = await openWindow({
      watched: [{ component: 'burner', role: 'application', pid }],
      generators: () => [],
      counters: async () => async () => ({ evidence: [] }),
      allRunning: () => {},
    })
    const opened = Date.now() / 1000
    const used = await burn(0.25, 4)
    const { usage, host, startedAt } = await window.close()
    expect(usage[0]?.cpuSeconds).toBeGreaterThan(0.98 * used)
    expect(usage[0]?.cpuSeconds).toBeLessThan(1.02 * used)
    expect(used).toBeGreaterThan(0.9)
    expect(usage[0]?.memoryBytes).toBeGreaterThan(10e6)
    expect(host?.busyCores).toBeGreaterThan(0)
    expect(host?.majorFaults).toBeGreaterThanOrEqual(0)
    // A clock shows whole milliseconds.
    expect(startedAt).toBeGreaterThanOrEqual(before - 0.002)
    expect(startedAt).toBeLessThanOrEqual(opened + 0.002)
  })

  it('of threads and children that have ended is still counted', async () => {
    const shell = spawn(
      '/bin/sh',
      ['-c', 'read go; (i=0; while [ $i -lt 240000 ]; do i=$((i+1)); done); echo done; read on'],
      {
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    children.push(shell)
    const pid = shell.pid as number
    const open = readCpu(pid)
    shell.stdin.write('\n')
    await once(shell.stdout, 'data')
    const before = open.threads.get(pid) ?? 0
    const close = readCpu(pid)
    const own = ((close.threads.get(pid) ?? 0) - before) / 1e9
    expect(cpuSeconds(open, close)).toBeGreaterThan(own + 0.03)
  })

  it('and memory of a process that has gone are nothing', () => {
    expect(readCpu(2 ** 22 + 1)).toEqual({ threads: new Map(), ticks: 0, processes: 1 })
    expect(readMemory(2 ** 22 + 1)).toEqual({ bytes: 0, threads: 0 })
  })
})
