import { describe, expect, it } from 'vitest'
import type { Cluster, ExecOf, ExecResult } from '../../../src/kubernetes/cluster.ts'
import { loads } from '../../../src/loads/index.ts'
import type { Event } from '../../../src/model/event.ts'
import { Failure } from '../../../src/model/failure.ts'
import type { Command, Execution, RunningArm } from '../../../src/model/platform.ts'
import type { Load } from '../../../src/model/scenario.ts'
import { execute } from '../../../src/platforms/in-cluster/generators/execute.ts'
import { measure } from '../../../src/run/measure.ts'
import { captured } from '../../loads/captured.ts'

const { signal } = new AbortController()

/** A cluster that answers commands by the name of their program; what is written to it arrives, but for the first `lost` times. */
function clusterOf(
  answers: Readonly<Record<string, Partial<ExecResult> | Error>>,
  lost = 0,
): {
  cluster: Cluster
  asked: ExecOf[]
} {
  const asked: ExecOf[] = []
  const exec = async (what: ExecOf): Promise<ExecResult> => {
    asked.push(what)
    const answer = answers[what.command[0] ?? '']
    if (answer instanceof Error) throw answer
    const arrived = asked.filter(({ stdin }) => stdin !== undefined).length > lost ? (what.stdin ?? '').length : 0
    return { exitCode: 0, stdout: `${arrived}\n`, stderr: '', ...answer }
  }
  return { cluster: { exec } as unknown as Cluster, asked }
}

const command: Command = { program: 'fortio', argv: ['load'], outputs: { log: '/files/a.jsonl' }, within: 1 }

describe('a command in the client pod', () => {
  it('may have any length of time, also one that floating point makes a fraction of a millisecond', async () => {
    const load = { ...captured('k6/http').load, warmup: 2.1, duration: 4.35, connections: 4 }
    for (const tool of Object.values(loads)) {
      const { measure, warmup } = tool.commands(load, 'http://server', '/files', 'trial')
      for (const one of [measure, ...(warmup ? [warmup] : [])]) {
        expect(await execute(clusterOf({}).cluster, 'bench', one, signal)).toMatchObject({ exitCode: 0 })
      }
    }
    const odd = { ...command, within: 69.00399999999999 }
    expect(await execute(clusterOf({}).cluster, 'bench', odd, signal)).toMatchObject({ exitCode: 0 })
  })

  it.each([
    [0, 1],
    [2, 3],
  ])('writes its files until all bytes arrived: %i times in vain', async (lost, writes) => {
    const { cluster, asked } = clusterOf({}, lost)
    await execute(cluster, 'bench', { ...command, files: { '/files/deep/my.js': 'abc' } }, signal)
    expect(asked.filter(({ stdin }) => stdin === 'abc')).toHaveLength(writes)
    expect(asked[0]?.command.at(-1)).toBe('/files/deep/my.js')
  })

  it('does not begin with a file that never arrives', async () => {
    const { cluster, asked } = clusterOf({}, 9)
    const ended = execute(cluster, 'bench', { ...command, files: { '/files/my.js': 'abc' } }, signal)
    await expect(ended).rejects.toMatchObject({ code: 'exec-broken', why: '0 of 3 bytes, in 3 attempts' })
    expect(asked.every(({ container }) => container === 'files')).toBe(true)
  })

  it('that lasts is started once and waited for, and leaves no folder', async () => {
    const { cluster, asked } = clusterOf({})
    const stream = async function* () {
      yield Buffer.from('4\nsaidwarned')
    }
    const lasting = { ...cluster, stream } as unknown as Cluster
    const ended = await execute(lasting, 'bench', command, signal, 'client-1', 'lasting')
    expect(ended).toMatchObject({ exitCode: 0, stdout: 'said', stderr: 'warned' })
    const started = asked.filter(({ container }) => container === 'fortio')
    expect(started.map(({ pod, command }) => [pod, ...command.slice(-2)])).toEqual([['client-1', 'fortio', 'load']])
    await ended.discard()
    expect(asked.at(-1)?.command.slice(-2)).toEqual(['/files/a.jsonl', expect.stringMatching(/^\/files\/\.command-/)])
  })

  it('leaves no file: the shell removes them, which may have `rm` where no program of that name is', async () => {
    const { cluster, asked } = clusterOf({})
    await (await execute(cluster, 'bench', command, signal)).discard()
    const removal = ['sh', '-c', 'rm -rf "$@"', 'sh', '/files/a.jsonl']
    expect(asked.at(-1)).toMatchObject({ container: 'files', command: removal })
  })

  it.each([
    ['its exit code', { exitCode: 127, stderr: 'rm: not found' }, 'rm: not found'],
    ['a broken connection', new Failure('exec-broken', 'The connection broke.'), 'The connection broke.'],
  ])('says so where files stay: %s', async (_, answer, why) => {
    const { discard } = await execute(clusterOf({ sh: answer }).cluster, 'bench', command, signal)
    await expect(discard()).rejects.toMatchObject({ code: 'not-removed', why })
  })
})

describe('a trial', () => {
  const { execution, load: of } = captured('fortio/http')
  const load: Load = { ...of, warmup: 1 }
  const trial = { id: 't', cohort: 1, block: 1, arm: 'none', load: 'http', position: 1, order: 1 }
  const window = { close: async () => ({ seconds: 2, usage: [], evidence: [] }) }
  const world = { platform: undefined as never, loads, identity: { id: 'a-run' }, signal, now: () => 0 }

  async function eventsOf(exec: (command: Command) => Partial<Execution>): Promise<Event[]> {
    const runningArm: RunningArm = {
      ...{ dir: '/out', target: () => 'http://server', wait: async () => {}, observe: async () => window },
      exec: async (command) => ({ startedAt: 0, endedAt: 1, discard: async () => {}, ...execution, ...exec(command) }),
    }
    const events: Event[] = []
    for await (const event of measure(runningArm, trial, load, world)) events.push(event as Event)
    return events
  }

  it('is measured although files of it stay, and says that they do', async () => {
    const discard = async () => {
      throw new Failure('not-removed', 'files stay')
    }
    const events = await eventsOf(() => ({ discard }))
    expect(events.filter(({ type }) => type === 'warning')).toHaveLength(2)
    expect(events.find(({ type }) => (type as string) === 'outcome')).toMatchObject({ outcome: { status: 'measured' } })
  })

  it('whose warm-up fails has the reason that the tool logged', async () => {
    const { execution: failed } = captured('fortio/no-descriptors')
    const events = await eventsOf(() => failed)
    expect(events.at(-1)).toMatchObject({
      outcome: {
        status: 'failed',
        failure: {
          code: 'warm-up',
          message: 'in the warm-up fortio ended with exit code 1',
          cause: expect.stringMatching(/too many open files/),
          remedy: expect.stringMatching(/ulimit/),
        },
      },
    })
  })
})
