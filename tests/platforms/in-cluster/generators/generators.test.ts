import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Cluster, ExecOf, ExecResult } from '../../../../src/kubernetes/cluster.ts'
import { Failure } from '../../../../src/model/failure.ts'
import type { Command } from '../../../../src/model/platform.ts'
import { clusterGenerators } from '../../../../src/platforms/in-cluster/generators/generators.ts'
import { testFolder } from '../../../temporary-folder.ts'

const { signal } = new AbortController()
const run = promisify(execFile)

/** Pods that are processes of this machine: the helper's shell is real, and what stands for the load generator reads its gate. */
function pods(dir: string, change: { killed?: string; shell?: Readonly<Record<string, string>> } = {}) {
  const children: ChildProcess[] = []
  const gone = new Set<string>()
  const exec = async ({ pod, container, command, stdin }: ExecOf): Promise<ExecResult> => {
    const [program = '', ...argv] = command
    if (container === 'files') {
      const script = `${change.shell?.[pod] ?? ''}\n${argv[1]}`
      const child = run('sh', ['-c', script, ...argv.slice(2)], { signal: AbortSignal.timeout(20_000) })
      // Where nothing is written, the shell may have ended already.
      child.child.stdin?.on('error', () => undefined).end(stdin ?? '')
      return await child.then(({ stdout, stderr }) => ({ exitCode: 0, stdout, stderr }))
    }
    if (pod === change.killed) {
      gone.add(pod)
      throw new Failure('exec-broken', `The connection to ${program} broke.`, { cause: 'unexpected EOF' })
    }
    const child = spawn('sh', ['-c', 'body=$(cat "$1"); echo "$body $(date +%s%N)" >"$2"', 'sh', ...argv])
    children.push(child)
    const [exitCode] = await new Promise<[number]>((resolve) => child.on('exit', (code) => resolve([code ?? 137])))
    return { exitCode, stdout: '', stderr: '' }
  }
  const read = async ({ metadata: { name } }: { metadata: { name: string } }) =>
    gone.has(name) ? undefined : { metadata: { name }, status: { phase: 'Running' } }
  const clients = [0, 1, 2].map((index) => ({ name: `client-${index}`, pod: `client-${index}-x`, node: 'a' }))
  const commands = clients.map(({ name }): Command => {
    const [gate, output] = [join(dir, `${name}.gate`), join(dir, `${name}.out`)]
    return {
      program: 'fortio',
      argv: [gate, output],
      outputs: { out: output },
      within: 30,
      gate: { path: gate, content: `body of ${name}` },
    }
  })
  const generators = clusterGenerators({ exec, read } as unknown as Cluster, 'bench', clients)
  return { generators, commands, clients, end: () => children.map((child) => child.kill('SIGKILL')) }
}

describe('load generators of a cluster', () => {
  let dir: string
  beforeEach(() => {
    dir = testFolder()
  })

  const outputOf = (name: string) => {
    const [, body, nanos] = /^(.*) (\d+)\n$/.exec(readFileSync(join(dir, `${name}.out`), 'utf8')) ?? []
    return { body, at: Number(nanos) / 1e9 }
  }

  it('begin at one time after all are ready, and not before; each gets what it is to read', async () => {
    const { generators, commands, clients } = pods(dir)
    const held = await generators.hold(commands, signal)
    expect(clients.map(({ name }) => existsSync(join(dir, `${name}.gate.ready`)))).toEqual([true, true, true])
    expect(clients.some(({ name }) => existsSync(join(dir, `${name}.out`)))).toBe(false)
    const { at, clocks, ended } = await held.release()
    const executions = await ended
    for (const { name } of clients) {
      const { body, at: began } = outputOf(name)
      expect(body).toBe(`body of ${name}`)
      expect(began).toBeGreaterThanOrEqual(at)
    }
    // One clock, so they differ by nothing that the bound does not cover.
    for (const { offset, bound } of [...clocks, ...(await held.clocks())]) {
      expect(Math.abs(offset)).toBeLessThanOrEqual(bound + 0.001)
    }
    for (const { discard } of executions) await discard()
    for (const { name } of clients) {
      expect(['', '.at', '.ready', '.body'].map((end) => existsSync(join(dir, `${name}.gate${end}`)))).not.toContain(
        true,
      )
    }
  })

  it('begin by their own clocks: one that is ahead begins early, and is seen to be ahead', async () => {
    const ahead = `date() { command date -d '3 seconds' "$@"; }`
    const { generators, commands } = pods(dir, { shell: { 'client-1-x': ahead } })
    const held = await generators.hold(commands, signal)
    const { at, clocks, ended } = await held.release()
    await ended
    expect(clocks.map(({ offset }) => Math.abs(Math.round(offset)))).toEqual([0, 3, 0])
    expect(outputOf('client-1').at).toBeLessThan(at)
    expect(outputOf('client-0').at).toBeGreaterThanOrEqual(at)
  })

  it('of which one dies are no measurement: its name is told', async () => {
    const { generators, commands, end } = pods(dir, { killed: 'client-2-x' })
    try {
      await expect(generators.hold(commands, signal)).rejects.toMatchObject({
        code: 'generator-died',
        message: 'load generator client-2 on node a ended before its window did',
        why: expect.stringContaining('unexpected EOF'),
      })
    } finally {
      end()
    }
  })
})
