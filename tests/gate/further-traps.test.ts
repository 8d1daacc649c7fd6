import { readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Reading, Result, Run } from '../../src/model/result.ts'
import type { Usage } from '../../src/model/usage.ts'
import { readPinned, writePinned } from '../../src/store/reference-file.ts'
import { meshbench } from '../flow/surroundings.ts'
import { exampleRun, type Night, type NightAbout, night, withScenario } from './night.ts'
import {
  both,
  broken,
  candidate,
  everyone,
  generated,
  moved,
  observed,
  reference,
  relatency,
  remeasured,
  scaled,
  shown,
  usageOf,
  used,
} from './tampering.ts'

/**
 * A run that the gate lets pass, and what is done to it afterwards. The candidate is `sidecar` on a simulated night, and an
 * arm of a real run on `local` and `kind`.
 */
interface Trap {
  readonly name: string
  readonly on?: NightAbout | 'local' | 'kind'
  /** In place of what the scenario says, as YAML; `loosened`: only for the gate after the tampering. */
  readonly limits?: string
  readonly loosened?: string
  readonly args?: readonly string[]
  /** Exit code of the run as it was measured, where the candidate is worse. */
  readonly honest?: 10 | 11
  readonly exit?: 2 | 10 | 11 | 12 | 13
  /** Of the finding, or of the trial, that names it. */
  readonly rule: string
  prepare?(night: Night): void | Promise<void>
  spoil?(night: Night): void | Promise<void>
}

const WORSE: NightAbout = { effect: 1.2 }

/** Runs of real proxies, and arms of them that differ so much that the gate has something to say. */
const REAL = {
  local: {
    run: 'local',
    args: ['--reference', 'envoy-node=envoy-sidecar'],
    limits: '{ blocks: { minValid: 3 }, metrics: [p50, mesh-cpu] }',
  },
  kind: {
    run: 'kind',
    args: ['--reference', 'istio-ambient=istio-sidecar'],
    limits: '{ metrics: [p50, mesh-cpu], defaults: { spread: { deviation: 5%, cohorts: 10 } } }',
  },
} as const

const node = ({ arm }: Result['trial']) => arm === 'envoy-node'
const nodeOrSidecar = ({ arm }: Result['trial']) => arm === 'envoy-node' || arm === 'envoy-sidecar'
const ambient = ({ arm }: Result['trial']) => arm === 'istio-ambient'
const file = (night: Night, id: string) => join(night.dir, 'trials', `${id}.json`)

/** Another text of a trial's file, without digests in the journal. */
function rewritten(night: Night, id: string, change: (text: string) => string | Buffer): void {
  night.edit(
    () => false,
    (result) => result,
  )
  writeFileSync(file(night, id), change(readFileSync(file(night, id), 'utf8')))
}

/** Changes run.json where its digest does not reach. */
function provenance(night: Night, change: Partial<Run['provenance']>): void {
  night.plan((run) => ({ ...run, provenance: { ...run.provenance, ...change } }))
}

/** Every trial gets the outcome of the trial whose id `from` gives. */
function outcomesFrom(night: Night, from: (id: string) => string, change = (reading: Reading) => reading): void {
  const all = new Map(night.ids().map((id) => [id, night.read(id)]))
  night.edit(everyone, (result) => {
    const { outcome } = all.get(from(result.trial.id)) ?? result
    return from(result.trial.id) === result.trial.id ? result : remeasured({ ...result, outcome }, change)
  })
}

const swapped = (id: string) =>
  id.includes('-sidecar-ref-') ? id.replace('-sidecar-ref-', '-sidecar-') : id.replace('-sidecar-', '-sidecar-ref-')

/** Accepts a run twice, as two runs of the same figures, and says how runs differ. */
async function pinTo(night: Night, change: (ratio: number) => number = (ratio) => ratio + 0.001): Promise<void> {
  await meshbench(['gate', 'accept', '--reason', 'test'], { cwd: night.cwd })
  const path = join(night.cwd, 'reference.json')
  const pinned = readPinned(path)
  const cells = Object.fromEntries(
    Object.entries(pinned.cells).map(([place, runs]) => [place, runs.map((one) => one.map((two) => two.map(change)))]),
  )
  await writePinned(path, { ...pinned, runs: ['2026-01-01T0000-night-0000'], cells })
}

const PINNED = {
  args: ['--reference', 'reference.json'],
  limits: '{ defaults: { runSpread: { deviation: 2%, runs: 20 } } }',
}

/** Every value of a trial's seconds, with the answers in them. */
const slices = (reading: Reading, p99: (values: readonly number[]) => number[]): Reading =>
  reading.slices
    ? {
        ...reading,
        slices: { ...reading.slices, p99: p99(reading.slices.p99), serviceP99: p99(reading.slices.serviceP99) },
      }
    : reading

const idle = (reading: Reading, change: (idle: NonNullable<Reading['idle']>) => Reading['idle']): Reading => {
  const { idle: before, ...rest } = reading
  const after = before && change(before)
  return { ...rest, ...(after && { idle: after }) }
}

const cpu = (factor: number) => (one: Usage) => ({ ...one, cpuSeconds: one.cpuSeconds * factor })
const memory = (factor: number) => (one: Usage) => ({ ...one, memoryBytes: Math.round(one.memoryBytes * factor) })
/** Every request in an answer of this size, told in both places. */
const answers = (reading: Reading, bytes: number): Reading =>
  generated(
    { ...reading, bytesReceived: bytes * reading.requests },
    { answer: { min: bytes, max: bytes, mean: bytes } },
  )

const KINDS: Readonly<Record<string, readonly Trap[]>> = {
  'swapped arms and references': [
    {
      name: 'outcomes of candidate and reference are swapped, without their times',
      on: WORSE,
      honest: 10,
      rule: 'out-of-order',
      spoil: (night) => outcomesFrom(night, swapped),
    },
    {
      name: 'outcomes of two blocks of the candidate are swapped',
      rule: 'out-of-order',
      spoil: (night) =>
        outcomesFrom(night, (id) =>
          id.includes('-sidecar-web') ? id.replace(/b0[12]/, (block) => (block === 'b01' ? 'b02' : 'b01')) : id,
        ),
    },
    {
      name: 'outcomes of two real arms are swapped, and the times of their windows with them',
      on: 'local',
      args: ['--reference', 'envoy-sidecar=envoy-node'],
      limits: '{ blocks: { minValid: 3 }, metrics: [mesh-memory] }',
      rule: 'unproved-path',
      spoil: (night) => {
        const other = (id: string) =>
          id.includes('-envoy-node-http')
            ? id.replace('envoy-node', 'envoy-sidecar')
            : id.replace('envoy-sidecar', 'envoy-node')
        const at = new Map(night.ids().map((id) => [id, night.read(id)]))
        night.edit(nodeOrSidecar, (result) => {
          const theirs = at.get(other(result.trial.id)) as Result
          return { ...result, outcome: theirs.outcome, startedAt: theirs.startedAt, endedAt: theirs.endedAt }
        })
      },
    },
    {
      name: 'the measurement of the reference stands for the candidate, under another start',
      on: WORSE,
      honest: 10,
      rule: 'copied-trial',
      spoil: (night) =>
        outcomesFrom(
          night,
          (id) => id.replace('-sidecar-web', '-sidecar-ref-web'),
          (reading) => ({ ...reading, startedAt: reading.startedAt + 1 }),
        ),
    },
    {
      name: 'the plan says another mesh, which this version does not know',
      on: 'local',
      rule: 'unproved-path',
      spoil: (night) => {
        night.plan((run) =>
          withScenario(run, {
            arms: run.plan.scenario.arms.map((arm) => (arm.name === 'envoy-node' ? { ...arm, mesh: 'fast' } : arm)),
          }),
        )
        night.measure(node, (reading) => observed(reading, { evidence: [], carried: {} }))
      },
    },
    {
      name: 'a run of real proxies without evidence is called simulated',
      on: 'local',
      rule: 'other-platform',
      spoil: (night) => {
        provenance(night, { platform: 'simulated' })
        night.measure(nodeOrSidecar, (reading) =>
          observed(reading, { evidence: [], carried: { requests: reading.requests } }),
        )
      },
    },
    {
      name: 'the plan and the run name a platform that does not exist',
      on: 'local',
      rule: 'other-platform',
      spoil: (night) => {
        night.plan((run) => withScenario(run, { platform: 'cloud' as never }))
        provenance(night, { platform: 'cloud' })
        night.measure(nodeOrSidecar, (reading) =>
          observed(reading, { evidence: [], carried: { requests: reading.requests } }),
        )
      },
    },
    {
      name: 'a run is its own pinned reference',
      ...PINNED,
      on: WORSE,
      honest: 11,
      prepare: (night) => pinTo(night, (ratio) => ratio - 0.2),
      rule: 'same-run',
      spoil: async (night) => {
        await meshbench(['gate', 'accept', '--reason', 'test'], { cwd: night.cwd })
      },
    },
    {
      name: 'the pinned reference is two copies of one run',
      ...PINNED,
      prepare: (night) => pinTo(night),
      rule: 'no-reference',
      spoil: async (night) => {
        const path = join(night.cwd, 'reference.json')
        const pinned = readPinned(path)
        const cells = Object.fromEntries(
          Object.entries(pinned.cells).map(([place, runs]) => [place, [...runs, ...runs]]),
        )
        await writePinned(path, { ...pinned, runs: [...pinned.runs, '2026-01-02T0000-night-0001'], cells })
      },
    },
  ],
  'emptied or partial evidence': [
    {
      name: 'mutual TLS is not proved in one block',
      on: 'local',
      rule: 'unproved-path',
      spoil: (night) =>
        night.measure(
          ({ arm, block }) => arm === 'envoy-node' && block === 2,
          (reading) =>
            observed(reading, { evidence: reading.observation.evidence.filter(({ name }) => name !== 'mtls') }),
        ),
    },
    {
      name: 'the version is known in half of the blocks only',
      rule: 'versions-differ',
      prepare: (night) => night.measure(candidate, (reading) => shown(reading, { name: 'version', seen: '1.28.0' })),
      spoil: (night) =>
        night.measure(
          ({ arm, block }) => arm === 'sidecar' && block > 5,
          (reading) =>
            observed(reading, { evidence: reading.observation.evidence.filter(({ name }) => name !== 'version') }),
        ),
    },
    {
      name: 'the images of the candidate are known in all blocks but one',
      on: 'kind',
      rule: 'versions-differ',
      spoil: (night) =>
        night.measure(
          ({ arm, block }) => arm === 'istio-ambient' && block === 3,
          (reading) =>
            observed(reading, { evidence: reading.observation.evidence.filter(({ name }) => name !== 'image') }),
        ),
    },
    {
      name: 'the host of the candidate was not observed',
      rule: 'machines-differ',
      spoil: (night) =>
        night.measure(candidate, (reading) => {
          const { host: _, ...rest } = reading.observation
          return { ...reading, observation: rest }
        }),
    },
    ...(['late', 'answer', 'sockets', 'destinations'] as const).map((what) => ({
      name: `the load generator of the candidate does not report ${what}`,
      rule: 'settings-differ',
      spoil: (night: Night) =>
        night.measure(candidate, (reading) => {
          const { [what]: _, ...rest } = reading.generator
          return { ...reading, generator: rest }
        }),
    })),
    {
      name: 'the candidate has no response time, so its service time would stand for it',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(candidate, ({ latency, ...reading }) => {
          const { response: _, summary, ...rest } = latency
          return { ...reading, latency: { ...rest, ...(summary && { summary: { service: summary.service } }) } }
        }),
    },
    {
      name: 'the proxies of both arms have another role, so there is no CPU of a mesh to judge',
      rule: 'no-data',
      spoil: (night) =>
        night.measure(everyone, (reading) =>
          used(reading, (one) => (one.role.endsWith('proxy') ? { ...one, role: 'node' } : one)),
        ),
    },
    {
      name: 'one of the two proxies of the candidate is missing',
      rule: 'components-differ',
      limits: '{ metrics: [p50] }',
      spoil: (night) =>
        night.measure(candidate, (reading) => used(reading, (one) => (one.role === 'client-proxy' ? undefined : one))),
    },
    {
      name: 'one of the two proxies of the candidate is missing in one block',
      rule: 'components-differ',
      spoil: (night) =>
        night.measure(
          ({ arm, block }) => arm === 'sidecar' && block === 7,
          (reading) => used(reading, (one) => (one.role === 'server-proxy' ? undefined : one)),
        ),
    },
    {
      name: 'the idle windows of the candidate are missing',
      rule: 'no-data',
      spoil: (night) => night.measure(candidate, (reading) => idle(reading, () => undefined)),
    },
    {
      name: 'some trials are not in the journal, which has the digest of all others',
      rule: 'no-digests',
      spoil: (night) => {
        const path = join(night.dir, 'events.jsonl')
        const lines = readFileSync(path, 'utf8').split('\n')
        writeFileSync(path, lines.filter((line) => !/"type":"result".*-sidecar-web/.test(line)).join('\n'))
        for (const id of night.ids().filter((one) => one.endsWith('-sidecar-web'))) {
          writeFileSync(file(night, id), JSON.stringify(remeasured(night.read(id), (reading) => scaled(reading, 0.9))))
        }
      },
    },
  ],
  units: [
    {
      name: 'CPU of every component is in milliseconds',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(everyone, (reading) =>
          idle(used(reading, cpu(1000)), (before) => ({ ...before, usage: before.usage.map(cpu(1000)) })),
        ),
    },
    {
      name: 'CPU of every component is in cores and not in seconds',
      on: 'local',
      rule: 'noisy-neighbour',
      spoil: (night) =>
        night.measure(everyone, (reading) =>
          idle(used(reading, cpu(0.1)), (before) => ({ ...before, usage: before.usage.map(cpu(0.1)) })),
        ),
    },
    {
      name: 'memory of both arms is in KiB',
      limits: '{ metrics: [p50, mesh-memory] }',
      rule: 'impossible-figures',
      spoil: (night) => night.measure(everyone, (reading) => used(reading, memory(1 / 1024))),
    },
    {
      name: 'memory of both arms is 1024 times too large',
      limits: '{ metrics: [p50, mesh-memory] }',
      rule: 'impossible-figures',
      spoil: (night) => night.measure(everyone, (reading) => used(reading, memory(2 ** 20))),
    },
    {
      name: 'latencies of the candidate were cut to whole milliseconds',
      on: WORSE,
      honest: 10,
      rule: 'impossible-latency',
      spoil: (night) =>
        night.measure(candidate, (reading) => relatency(reading, (micros) => Math.floor(micros / 1000) * 1000)),
    },
    {
      name: 'latencies in the histogram are a tenth of those of the seconds',
      rule: 'impossible-latency',
      spoil: (night) =>
        night.measure(everyone, (reading) => ({
          ...reading,
          latency: scaled(reading, 0.1).latency,
          ...(reading.slices && { slices: scaled(reading, 0.1).slices }),
        })),
    },
    {
      name: 'the rate was asked for a minute and not for a second',
      rule: 'no-data',
      spoil: (night) =>
        night.plan((run) =>
          withScenario(run, { loads: run.plan.scenario.loads.map((load) => ({ ...load, rate: 200 / 60 })) }),
        ),
    },
    {
      name: 'a limit in cores stands for one in thousandths, and the generator is at its limit',
      rule: 'generator-saturated',
      spoil: (night) =>
        night.measure(everyone, (reading) =>
          used(reading, (one) =>
            one.role === 'generator' ? { ...one, cpuLimit: one.cpuSeconds / reading.observation.seconds } : one,
          ),
        ),
    },
    {
      name: 'CPU of one component is negative, and that of another makes up for it',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(candidate, (reading) =>
          used(reading, (one) =>
            one.role === 'client-proxy'
              ? { ...one, cpuSeconds: -one.cpuSeconds }
              : one.role === 'server-proxy'
                ? cpu(2.9)(one)
                : one,
          ),
        ),
    },
    {
      name: 'memory of a component is negative',
      rule: 'impossible-figures',
      spoil: (night) => night.measure(candidate, (reading) => usageOf(reading, { memoryBytes: -1 }, 'application')),
    },
  ],
  files: [
    ...(
      [
        ['has a number without end', (text) => text.replace(/"seconds":[\d.]+/, '"seconds":1e309')],
        ['begins with a byte order mark', (text) => `\ufeff${text}`],
        ['is UTF-16', (text) => Buffer.from(text, 'utf16le')],
        ['has half an error', (text) => text.replace('"errors":0', '"errors":0.5')],
        ['has an error below none', (text) => text.replace('"errors":0', '"errors":-1'), 'no-data'],
      ] as [string, (text: string) => string | Buffer, string?][]
    ).map(
      ([what, change, rule = 'unreadable']): Trap => ({
        name: `a file of the candidate ${what}`,
        rule: what.includes('error') ? 'no-data' : rule,
        limits: '{ blocks: { minValid: 10 } }',
        spoil: (night) => rewritten(night, 'c1-b03-sidecar-web', change),
      }),
    ),
    {
      name: 'lines of a file end as on another system, and its digest is still there',
      rule: 'unreadable',
      spoil: (night) => {
        const path = file(night, 'c1-b03-sidecar-web')
        writeFileSync(path, readFileSync(path, 'utf8').replaceAll(',', ',\r\n'))
      },
    },
    {
      name: 'a file is a link to itself',
      rule: 'unreadable',
      spoil: (night) => {
        const path = file(night, 'c1-b03-sidecar-web')
        rmSync(path)
        symlinkSync(path, path)
      },
    },
    {
      name: 'the plan has the trials of one block twice',
      rule: 'unreadable',
      spoil: (night) =>
        night.plan((run) => ({ ...run, plan: JSON.parse(JSON.stringify(run.plan).replaceAll('c1-b04-', 'c1-b03-')) })),
    },
  ],
  blocks: [
    {
      name: 'CPU of a worse candidate is in milliseconds in one block',
      rule: 'a value is 0 or below',
      limits: '{ metrics: [mesh-cpu] }',
      spoil: (night) => {
        night.measure(candidate, (reading) => used(reading, cpu(1.3)))
        night.measure(
          ({ arm, block }) => arm === 'sidecar' && block === 3,
          (reading) => used(reading, cpu(0.001)),
        )
      },
    },
    {
      name: 'memory of a worse candidate is in KiB in one block',
      exit: 10,
      rule: 'regression',
      limits: '{ metrics: [mesh-memory] }',
      spoil: (night) => {
        const scaledBy = (factor: number) => (reading: Reading) =>
          used(reading, (one) => ({ ...one, memoryBytes: one.memoryBytes * factor }))
        night.measure(candidate, scaledBy(1.3))
        night.measure(({ arm, block }) => arm === 'sidecar' && block === 3, scaledBy(1 / 1024))
      },
    },
    {
      name: 'memory of idle windows of the candidate is a thousandth',
      rule: 'no-data',
      limits: '{ metrics: [mesh-idle-memory] }',
      spoil: (night) =>
        night.measure(candidate, (reading) =>
          idle(reading, (before) => ({
            ...before,
            usage: before.usage.map((one) => ({ ...one, memoryBytes: one.memoryBytes / 1000 })),
          })),
        ),
    },
    {
      name: 'a proxy of the reference is counted twice',
      rule: 'components-differ',
      limits: '{ metrics: [mesh-cpu, mesh-memory] }',
      spoil: (night) =>
        night.measure(reference, (reading) => {
          const { usage } = reading.observation
          return observed(reading, { usage: [...usage, ...usage.filter(({ role }) => role === 'client-proxy')] })
        }),
    },
    {
      name: 'the slow tenth of the response times of the candidate is cut, and that of its service times is not',
      rule: 'no-data',
      spoil: (night) =>
        night.measure(candidate, (reading) => {
          const { summary } = reading.latency
          const most = (summary?.response?.p90 ?? 0) * 1e6
          const cut = relatency(reading, (micros) => Math.min(micros, most))
          if (!summary || !cut.latency.summary) return reading
          const { service, serviceP99 } = { service: reading.latency.service, serviceP99: reading.slices?.serviceP99 }
          return {
            ...cut,
            latency: { ...cut.latency, service, summary: { ...cut.latency.summary, service: summary.service } },
            ...(cut.slices && serviceP99 && { slices: { ...cut.slices, serviceP99 } }),
          }
        }),
    },
    {
      name: 'all trials are of the year 9999',
      rule: 'impossible-times',
      spoil: (night) => night.edit(everyone, (result) => moved(result, 2.5e14)),
    },
  ],
  copies: [
    {
      name: 'a block stands for two, under times of its own and in windows of its own',
      rule: 'copied-trial',
      spoil: (night) =>
        night.edit(
          ({ block }) => block === 6,
          (result) => {
            const { outcome } = night.read(result.trial.id.replace('b06', 'b05'))
            const { outcome: own } = night.read(result.trial.id)
            if (own.status === 'failed') return result
            return remeasured({ ...result, outcome }, (reading) => ({ ...reading, startedAt: own.reading.startedAt }))
          },
        ),
    },
    {
      name: 'a block stands for two, with another histogram',
      rule: 'copied-trial',
      spoil: (night) =>
        night.edit(
          ({ block }) => block === 6,
          (result) => {
            const { outcome } = night.read(result.trial.id.replace('b06', 'b05'))
            const { outcome: own } = night.read(result.trial.id)
            if (own.status === 'failed') return result
            return remeasured({ ...result, outcome }, (reading) => ({
              ...reading,
              startedAt: own.reading.startedAt,
              latency: relatency(reading, (micros) => (micros > 900 ? micros : micros + 1)).latency,
            }))
          },
        ),
    },
    {
      name: 'CPU and memory of every block are those of the first',
      on: 'local',
      rule: 'copied-trial',
      spoil: (night) => {
        const first = night.read('c1-b01-envoy-node-http-1000').outcome
        if (first.status === 'failed') return
        const { usage, seconds } = first.reading.observation
        night.measure(
          ({ arm, block }) => arm === 'envoy-node' && block > 1,
          (reading) => observed(reading, { usage: usage.map(cpu(1)), seconds: Math.max(seconds, reading.seconds) }),
        )
      },
    },
    {
      name: 'trials of another run have the id of this one',
      on: { seed: 1 },
      rule: 'unreadable',
      spoil: async (spoiled) => {
        const other = await night({ seed: 7 })
        for (const id of spoiled.ids().filter((one) => one.endsWith('-sidecar-web'))) {
          writeFileSync(file(spoiled, id), JSON.stringify({ ...other.read(id), run: spoiled.read(id).run }))
        }
      },
    },
    {
      name: 'one cohort stands for two',
      on: { cohorts: 2, blocks: 5 },
      rule: 'copied-trial',
      spoil: (night) => {
        const of = (id: string) =>
          id.replace('c2', 'c1').replace(/b(06|07|08|09|10)/, (block) => `b0${Number(block.slice(1)) - 5}`)
        const own = new Map(night.ids().map((id) => [id, night.read(id)]))
        outcomesFrom(night, of)
        night.edit(everyone, (result) => {
          const { outcome } = own.get(result.trial.id) as Result
          if (outcome.status === 'failed') return result
          return remeasured(result, (reading) => ({ ...reading, startedAt: outcome.reading.startedAt }))
        })
      },
    },
  ],
  selection: [
    {
      name: 'the load is missing from the plan',
      rule: 'nothing-compared',
      spoil: (night) =>
        night.plan((run) => ({
          ...withScenario(run, { loads: [] }),
          plan: { ...run.plan, cohorts: [], scenario: { ...run.plan.scenario, loads: [] } },
        })),
    },
    {
      name: 'the candidate is missing from the plan',
      rule: 'nothing-compared',
      spoil: (night) =>
        night.plan((run) =>
          withScenario(run, { arms: run.plan.scenario.arms.filter(({ name }) => name !== 'sidecar') }),
        ),
    },
    {
      name: 'two blocks were taken out of the plan, but not from the folder',
      rule: 'unreadable',
      spoil: (night) =>
        night.plan((run) => ({
          ...run,
          plan: {
            ...run.plan,
            cohorts: run.plan.cohorts.map((cohort) => ({
              ...cohort,
              blocks: cohort.blocks.filter(({ block }) => block > 2),
            })),
          },
        })),
    },
    {
      name: 'the slow half of the blocks was taken out of plan and folder',
      rule: 'removed-trials',
      spoil: (night) => {
        night.plan((run) => ({
          ...run,
          plan: {
            ...run.plan,
            cohorts: run.plan.cohorts.map((cohort) => ({
              ...cohort,
              blocks: cohort.blocks.filter(({ block }) => block > 5),
            })),
          },
        }))
        for (const id of night.ids().filter((one) => /b0[1-5]/.test(one))) rmSync(file(night, id))
      },
    },
    {
      name: 'two blocks were taken out of plan and folder, but not from the journal',
      rule: 'removed-trials',
      spoil: (night) => {
        night.plan((run) => ({
          ...run,
          plan: {
            ...run.plan,
            cohorts: run.plan.cohorts.map((cohort) => ({
              ...cohort,
              blocks: cohort.blocks.filter(({ block }) => block > 2),
            })),
          },
        }))
        for (const id of night.ids().filter((one) => /b0[12]-/.test(one))) rmSync(file(night, id))
      },
    },
    {
      name: 'the trials of the candidate were measured again after the others',
      rule: 'out-of-order',
      on: 'local',
      spoil: (night) =>
        night.edit(node, (result) =>
          remeasured(moved(result, 3_600_000), (reading) => ({ ...reading, startedAt: reading.startedAt + 3600 })),
        ),
    },
    {
      name: 'trials were measured until they were fast',
      rule: 'measured-again',
      spoil: (night) => {
        const path = join(night.dir, 'events.jsonl')
        const lines = readFileSync(path, 'utf8').split('\n')
        const again = lines.filter((line) => /"type":"result".*b0[1-4]-sidecar-web/.test(line))
        const before = again.map((line) => line.replace(/"digest":"...../, '"digest":"00000'))
        writeFileSync(path, [...before, ...lines].join('\n'))
      },
    },
    {
      name: 'candidate and reference lost blocks, each its own',
      rule: 'no-data',
      spoil: (night) =>
        night.edit(
          ({ arm, block }) =>
            (arm === 'sidecar' && block === 3) || (arm === 'sidecar-ref' && (block === 5 || block === 6)),
          broken,
        ),
    },
    {
      name: 'everything is waived by one pattern',
      on: WORSE,
      honest: 10,
      loosened: '{ waivers: [{ match: "*/*/*", until: "TOMORROW", reason: known }] }',
      rule: 'waives-everything',
    },
    {
      name: 'all cells but one are off',
      on: WORSE,
      honest: 10,
      loosened: '{ assert: { "*/*/*": "off" } }',
      rule: 'nothing-compared',
    },
    {
      name: 'all cells only warn',
      on: WORSE,
      honest: 10,
      loosened: '{ defaults: { level: warn } }',
      rule: 'nothing-compared',
    },
    {
      name: 'cells without data only warn, and none has data',
      loosened: '{ defaults: { nodata: warn } }',
      rule: 'nothing-compared',
      spoil: (night) => night.edit(candidate, broken),
    },
  ],
  clocks: [
    {
      name: 'the times of the trials are no times',
      rule: 'impossible-times',
      spoil: (night) => night.edit(everyone, (result) => ({ ...result, startedAt: 'then', endedAt: 'later' })),
    },
    {
      name: 'the end of a trial is no time',
      rule: 'impossible-times',
      spoil: (night) =>
        night.edit(
          ({ id }) => id === 'c1-b04-sidecar-web',
          (result) => ({ ...result, endedAt: '' }),
        ),
    },
    {
      name: 'the start of the run is no time',
      rule: 'impossible-times',
      spoil: (night) => night.plan((run) => ({ ...run, startedAt: 'once' })),
    },
    {
      name: 'trials of 8 s took no time',
      on: 'local',
      rule: 'impossible-times',
      spoil: (night) => night.edit(node, (result) => ({ ...result, endedAt: result.startedAt })),
    },
    {
      name: 'the window of CPU is half as long as the load, and nobody says when it was opened',
      on: 'local',
      rule: 'load-outside-window',
      spoil: (night) =>
        night.measure(node, (reading) => {
          const { startedAt: _, ...rest } = reading.observation
          const half = observed({ ...reading, observation: rest }, { seconds: reading.seconds / 2 })
          return used(half, cpu(0.5))
        }),
    },
    {
      name: 'the window of CPU was opened after half of the load',
      on: 'local',
      rule: 'load-outside-window',
      spoil: (night) =>
        night.measure(node, (reading) =>
          used(
            observed(reading, {
              startedAt: reading.startedAt + reading.seconds / 2,
              seconds: reading.seconds / 2 + 0.05,
            }),
            cpu(0.5),
          ),
        ),
    },
    {
      name: 'the idle window of the candidate lasted for a hundredth of a second',
      rule: 'idle-window-differs',
      spoil: (night) =>
        night.measure(candidate, (reading) =>
          idle(reading, (before) => ({ ...before, seconds: 0.01, usage: before.usage.map(cpu(0.02)) })),
        ),
    },
    {
      name: 'the idle window of the candidate was not idle',
      on: 'local',
      rule: 'idle-window-differs',
      spoil: (night) =>
        night.measure(node, (reading) =>
          idle(reading, (before) => ({
            ...before,
            usage: before.usage.map((one) => ({ ...one, cpuSeconds: one.cpuSeconds + 0.3 })),
            carried: { requests: 2000 },
            ...(before.host && { host: { ...before.host, busyCores: before.host.busyCores + 0.3 } }),
          })),
        ),
    },
    {
      name: 'the idle window was after the load',
      on: 'local',
      rule: 'idle-window-differs',
      spoil: (night) =>
        night.measure(node, (reading) => idle(reading, (before) => ({ ...before, startedAt: reading.startedAt + 9 }))),
    },
    {
      name: 'the clock of the load generator is a day off',
      on: 'local',
      rule: 'impossible-times',
      spoil: (night) =>
        night.measure(nodeOrSidecar, (reading) => ({ ...reading, startedAt: reading.startedAt - 86_400 })),
    },
    {
      name: 'the load generator saw its clock step',
      rule: 'clock-step',
      spoil: (night) => night.measure(everyone, (reading) => generated(reading, { clockStep: -0.5 })),
    },
  ],
  limits: [
    {
      name: 'the least difference is a second',
      on: WORSE,
      honest: 10,
      loosened: '{ defaults: { minAbsolute: 1s }, metrics: [p50, typical-p99] }',
      rule: 'limits-too-wide',
    },
    {
      name: 'the least difference of memory is a gibibyte',
      limits: '{ metrics: [mesh-memory] }',
      loosened: '{ metrics: [mesh-memory], assert: { "*/*/mesh-memory": [error, { minAbsolute: 1GiB }] } }',
      rule: 'limits-too-wide',
    },
    {
      name: 'clusters are said to differ by 90 %, so nothing can be worse',
      on: WORSE,
      honest: 10,
      loosened: '{ defaults: { spread: { deviation: 90%, cohorts: 3 } } }',
      rule: 'limits-too-wide',
    },
    {
      name: 'runs are said to differ by 90 %, so nothing can be worse',
      ...PINNED,
      on: WORSE,
      honest: 11,
      prepare: (night) => pinTo(night, (ratio) => ratio - 0.2),
      loosened: '{ defaults: { runSpread: { deviation: 90%, runs: 3 } } }',
      rule: 'limits-too-wide',
    },
    {
      name: 'two rules that are strict by themselves leave a gap between margin and least effect',
      on: { effect: 1.3 },
      honest: 10,
      loosened:
        '{ assert: { "*/*/*": [error, { margin: 45%, minEffect: 40% }], "sidecar/*/*": [error, { margin: 10% }] } }',
      rule: 'limits-too-wide',
    },
    {
      name: 'the limits are those of another scenario',
      loosened: '{ assert: { "istio/*/p99": [error, { margin: 3% }] } }',
      rule: 'pattern-covers-nothing',
    },
    {
      name: 'the arms of the limits are those of another scenario',
      loosened: '{ reference: { istio: istio-ref } }',
      rule: 'nothing-compared',
    },
    {
      name: 'a waiver was over yesterday',
      on: WORSE,
      honest: 10,
      exit: 10,
      rule: 'waiver-expired',
      loosened: '{ waivers: [{ match: "sidecar/*/*", until: "YESTERDAY", reason: known }] }',
    },
    {
      name: 'a budget of throughput is not reached',
      exit: 13,
      rule: 'budget-broken',
      loosened: '{ budgets: { "sidecar/web/throughput": 500/s } }',
    },
    {
      name: 'a budget of memory is broken',
      exit: 13,
      rule: 'budget-broken',
      loosened: '{ budgets: { "sidecar/*/mesh-memory": 12KiB } }',
    },
    {
      name: 'a budget has no trial to hold it against',
      rule: 'budget-unknown',
      loosened: '{ budgets: { "sidecar/web/p999": 12ms } }',
    },
  ],
  versions: [
    {
      name: 'the plan names two versions, and both arms ran the same',
      on: {
        arms: '[none, { name: sidecar, mesh: envoy-sidecar, version: "1.41.0" }, { name: sidecar-ref, mesh: envoy-sidecar, version: "1.40.0" }]',
      },
      rule: 'same-version',
      spoil: (night) => night.measure(both, (reading) => shown(reading, { name: 'version', seen: '1.40.0' })),
    },
    {
      name: 'the plan names two versions, and both arms ran the same images',
      on: {
        arms: '[none, { name: sidecar, mesh: envoy-sidecar, version: "1.41.0" }, { name: sidecar-ref, mesh: envoy-sidecar, version: "1.40.0" }]',
      },
      rule: 'same-version',
      spoil: (night) =>
        night.measure(both, (reading) =>
          shown(reading, { name: 'image', seen: `client-proxy: envoy:lab (sha256:${'ab'.repeat(32)})` }),
        ),
    },
    {
      name: 'a tag was moved between candidate and reference',
      on: 'kind',
      rule: 'versions-differ',
      spoil: (night) =>
        night.measure(ambient, (reading) =>
          observed(reading, {
            evidence: reading.observation.evidence.map((one) =>
              one.name === 'image'
                ? { ...one, seen: one.seen.replace('pilot:lab (sha256:e7', 'pilot:lab (sha256:00') }
                : one,
            ),
          }),
        ),
    },
    {
      name: 'the kernel changed between candidate and reference',
      on: 'kind',
      rule: 'machines-differ',
      spoil: (night) =>
        night.measure(ambient, (reading) =>
          observed(reading, {
            evidence: reading.observation.evidence.map((one) =>
              one.name === 'node' ? { ...one, seen: one.seen.replace('kernel 6.18', 'kernel 5.10') } : one,
            ),
          }),
        ),
    },
  ],
  loads: [
    {
      name: 'errors of the candidate are counted as answers',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(candidate, (reading) => scaled({ ...reading, codes: { 503: reading.requests } }, 0.9)),
    },
    {
      name: 'a tenth of the answers of both arms are 503, and no error is counted',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(both, (reading) => ({
          ...reading,
          codes: { 200: reading.requests * 0.9, 503: reading.requests * 0.1 },
        })),
    },
    {
      name: 'the seconds have errors, and the trial has none',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(candidate, (reading) => ({
          ...reading,
          timeline: { ...reading.timeline, errors: reading.timeline.errors.map(() => 20) },
        })),
    },
    {
      name: 'a negative number of errors makes up for others',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(candidate, (reading) => ({ ...reading, codes: { 200: reading.requests + 500, 503: -500 } })),
    },
    {
      name: 'dropped requests are in no plan',
      rule: 'impossible-figures',
      spoil: (night) => night.measure(candidate, (reading) => ({ ...reading, dropped: 400 })),
    },
    {
      name: 'the candidate was measured twice as long',
      rule: 'rate-not-held',
      spoil: (night) =>
        night.measure(candidate, (reading) => ({
          ...reading,
          planned: reading.planned * 2,
          seconds: reading.seconds * 2,
        })),
    },
    {
      name: 'a closed loop of the candidate ended after a second',
      on: { load: '{ name: web, rate: max, connections: 2, warmup: 1s, duration: 3s }', noise: 0.005 },
      limits: '{ metrics: [p50, throughput] }',
      rule: 'rate-not-held',
      spoil: (night) =>
        night.measure(candidate, (reading) => ({ ...reading, seconds: 1.2, requests: reading.requests })),
    },
    {
      name: 'the candidate was measured with another tool',
      rule: 'impossible-figures',
      spoil: (night) => night.measure(candidate, (reading) => ({ ...reading, tool: 'k6' })),
    },
    {
      name: 'both arms were measured with another tool than the plan says',
      rule: 'impossible-figures',
      spoil: (night) => night.measure(everyone, (reading) => ({ ...reading, tool: 'k6' })),
    },
    {
      name: 'the answers of the reference were ten times as large',
      rule: 'wrong-answer-size',
      spoil: (night) => night.measure(reference, (reading) => answers(reading, 20_000)),
    },
    {
      name: 'the bytes that the candidate received are not those of its answers',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(candidate, (reading) => ({ ...reading, bytesReceived: (reading.bytesReceived ?? 0) / 10 })),
    },
    {
      name: 'the reference alone opened a connection for each request',
      rule: 'settings-differ',
      spoil: (night) => night.measure(reference, (reading) => generated(reading, { sockets: reading.requests })),
    },
    {
      name: 'the candidate had four times the connections',
      rule: 'connections-changed',
      spoil: (night) => night.measure(candidate, (reading) => generated(reading, { connections: 32 })),
    },
    {
      name: 'the load generator of the candidate skipped late requests',
      rule: 'bursts',
      spoil: (night) => night.measure(candidate, (reading) => generated(reading, { catchUp: false })),
    },
    {
      name: 'requests of the candidate were sent in bursts',
      rule: 'settings-differ',
      spoil: (night) => night.measure(candidate, (reading) => generated(reading, { uniform: false })),
    },
  ],
  environment: [
    {
      name: 'the hypervisor took a quarter of the cores',
      rule: 'host-saturated',
      spoil: (night) =>
        night.measure(everyone, (reading) => observed(reading, { host: { cores: 4, busyCores: 1, stolenCores: 1 } })),
    },
    {
      name: 'the candidate ran beside other programs',
      rule: 'noisy-neighbour',
      spoil: (night) => night.measure(reference, (reading) => observed(reading, { host: { cores: 4, busyCores: 2 } })),
    },
    {
      name: 'the candidate was measured on more cores',
      rule: 'machines-differ',
      spoil: (night) =>
        night.measure(candidate, (reading) => observed(reading, { host: { cores: 64, busyCores: 0.2 } })),
    },
    {
      name: 'the components used more CPU than the host had busy',
      on: 'local',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(everyone, (reading) => observed(reading, { host: { cores: 2, busyCores: 0.01 } })),
    },
    {
      name: 'more cores were busy than there are',
      rule: 'host-saturated',
      spoil: (night) => night.measure(everyone, (reading) => observed(reading, { host: { cores: 4, busyCores: 9 } })),
    },
    {
      name: 'shards of two kinds of machines are one run',
      rule: 'machines-differ',
      spoil: (night) =>
        night.plan((run) => {
          const { machine } = run.provenance
          const shard = (cpu: string) => ({ run: `of ${cpu}`, startedAt: run.startedAt, machine: { ...machine, cpu } })
          return { ...run, provenance: { ...run.provenance, mergedFrom: [shard('slow'), shard('fast')] } }
        }),
    },
    {
      name: 'a proxy of the reference was throttled',
      rule: 'component-throttled',
      spoil: (night) =>
        night.measure(reference, (reading) => usageOf(reading, { throttledSeconds: 2 }, 'server-proxy')),
    },
    {
      name: 'a fifth of the requests came out of pauses of the load generator, and no bound says so',
      rule: 'impossible-figures',
      spoil: (night) =>
        night.measure(candidate, (reading) =>
          generated(reading, { late: { p50: 0, p99: 0, max: 0.01, disturbed: 0.04 } }),
        ),
    },
  ],
  'history and baseline': [
    {
      name: 'two equal arms differ by 40 %',
      on: {
        arms: '[none, { name: none-again, mesh: none }, { name: sidecar, mesh: envoy-sidecar }, { name: sidecar-ref, mesh: envoy-sidecar }]',
      },
      rule: 'equal-arms-differ',
      spoil: (night) =>
        night.measure(
          ({ arm }) => arm === 'none-again',
          (reading) => scaled(reading, 1.4),
        ),
    },
    {
      name: 'the history is another file',
      rule: 'history-unreadable',
      prepare: async (night) => {
        await meshbench(['history', 'add'], { cwd: night.cwd })
      },
      spoil: (night) =>
        writeFileSync(join(night.cwd, 'history', 'history.jsonl'), readFileSync(join(night.dir, 'run.json'))),
    },
    {
      name: 'a line of the history was left out',
      rule: 'history-unreadable',
      prepare: async (night) => {
        await meshbench(['history', 'add'], { cwd: night.cwd })
      },
      spoil: (night) => {
        const path = join(night.cwd, 'history', 'history.jsonl')
        writeFileSync(path, readFileSync(path, 'utf8').split('\n').slice(1).join('\n'))
      },
    },
    {
      name: 'the pinned reference is empty',
      ...PINNED,
      prepare: (night) => pinTo(night),
      rule: 'no-data',
      spoil: async (night) => {
        const path = join(night.cwd, 'reference.json')
        await writePinned(path, { ...readPinned(path), cells: {} })
      },
    },
    {
      name: 'the pinned reference is of another load',
      ...PINNED,
      prepare: (night) => pinTo(night),
      rule: 'not-comparable',
      spoil: async (night) => {
        const path = join(night.cwd, 'reference.json')
        await writePinned(path, { ...readPinned(path), loads: { web: 'rate 9000' } })
      },
    },
    {
      name: 'the pinned reference has an arm that was not measured',
      ...PINNED,
      prepare: (night) => pinTo(night),
      rule: 'candidate-missing',
      spoil: async (night) => {
        const path = join(night.cwd, 'reference.json')
        const pinned = readPinned(path)
        await writePinned(path, { ...pinned, arms: { ...pinned.arms, 'sidecar-next': 'mesh envoy-sidecar' } })
      },
    },
    {
      name: 'the pinned reference was accepted after a run of the future',
      ...PINNED,
      prepare: (night) => pinTo(night),
      rule: 'no-reference',
      spoil: async (night) => {
        const path = join(night.cwd, 'reference.json')
        await writePinned(path, { ...readPinned(path), acceptedAt: '2199-01-01T00:00:00.000Z' })
      },
    },
  ],
  'resumption and extension': [
    {
      name: 'the run was broken off',
      rule: 'missing-trials',
      spoil: (night) => {
        for (const id of night.ids().filter((one) => /b(09|10)-/.test(one))) rmSync(file(night, id))
      },
    },
    {
      name: 'the rate was raised between the two halves',
      rule: 'no-data',
      spoil: (night) =>
        night.plan((run) =>
          withScenario(run, { loads: run.plan.scenario.loads.map((load) => ({ ...load, rate: 400 })) }),
        ),
    },
    {
      name: 'an arm was renamed between the two halves',
      rule: 'unreadable',
      spoil: (night) =>
        night.edit(
          ({ arm, block }) => arm === 'sidecar' && block > 5,
          (result) => ({ ...result, trial: { ...result.trial, arm: 'sidecar-ref' } }),
        ),
    },
    {
      name: 'the extension is that of another run',
      rule: 'no-valid-data',
      spoil: (night) => {
        const { id } = JSON.parse(readFileSync(join(night.dir, 'run.json'), 'utf8'))
        const extension = {
          schema: 1,
          run: `${id}x`,
          madeAt: '2026-01-01T00:00:00.000Z',
          digest: '',
          suspects: [],
          cohorts: [],
        }
        writeFileSync(join(night.dir, 'extension.json'), JSON.stringify(extension))
      },
    },
    {
      name: 'an extension that found +8 % was taken away with its trials',
      on: { effect: 1.08, noise: 0.07, seed: 2 },
      honest: 11,
      exit: 12,
      rule: 'removed-trials',
      spoil: async (night) => {
        await meshbench(['run', '--extend'], { cwd: night.cwd })
        rmSync(join(night.dir, 'extension.json'))
        for (const id of night.ids().filter((one) => /b(1[1-9]|20)-/.test(one))) rmSync(file(night, id))
      },
    },
  ],
  histograms: [
    {
      name: 'all requests of the candidate took the same time',
      rule: 'impossible-latency',
      spoil: (night) => night.measure(candidate, (reading) => relatency(reading, () => 1500)),
    },
    {
      name: 'the tails of all seconds but one are a third',
      rule: 'impossible-latency',
      spoil: (night) =>
        night.measure(candidate, (reading) =>
          slices(reading, (values) =>
            values.map((value) => (value === Math.max(...values) ? value : Math.round(value / 3))),
          ),
        ),
    },
    {
      name: 'a maximum is below the p99',
      rule: 'unreadable',
      spoil: (night) =>
        night.measure(candidate, (reading) => {
          const { summary } = reading.latency
          if (!summary?.response) return reading
          const response = { ...summary.response, max: summary.response.p50 }
          return { ...reading, latency: { ...reading.latency, summary: { ...summary, response } } }
        }),
    },
    {
      name: 'the histogram of the candidate has half of its requests',
      rule: 'unreadable',
      spoil: (night) =>
        night.measure(candidate, (reading) => {
          const middle = reading.latency.summary?.response?.p50 ?? 0
          const { latency } = relatency(reading, (micros) => (micros > middle * 1e6 ? 0 : micros))
          return { ...reading, latency }
        }),
    },
    {
      name: 'the slow half of the requests is in no histogram and in no count',
      rule: 'unreadable',
      spoil: (night) =>
        night.measure(candidate, (reading) => {
          const middle = reading.latency.summary?.response?.p50 ?? 0
          const { latency } = relatency(reading, (micros) => (micros > middle * 1e6 ? 0 : micros))
          const count = latency.summary?.response?.count ?? 0
          return { ...reading, latency, requests: count, codes: { 200: count }, dropped: reading.planned - count }
        }),
    },
    {
      name: 'the time line of the candidate is that of another trial',
      rule: 'impossible-latency',
      spoil: (night) => {
        const other = night.read('c1-b01-none-web').outcome
        if (other.status === 'failed') return
        night.measure(candidate, (reading) => ({ ...reading, timeline: other.reading.timeline }))
      },
    },
  ],
}

const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)

/** The exit code of the gate, and the rules of its findings with what they say. */
async function judged(spoiled: Night, { on, args = [], limits }: Pick<Trap, 'on' | 'args' | 'limits'>) {
  const real = typeof on === 'string' ? REAL[on] : undefined
  const text = limits ?? real?.limits
  const dated = text?.replace('TOMORROW', day(1)).replace('YESTERDAY', day(-1))
  const chosen = dated === undefined ? [] : ['--limits', spoiled.write('limits.yaml', dated)]
  const pair = args.includes('--reference') ? [] : (real?.args ?? [])
  const { code, stdout } = await spoiled.gate('--json', ...chosen, ...pair, ...args)
  const { gate, failure } = JSON.parse(stdout)
  const found: { rule: string; message: string }[] = gate?.findings ?? [{ rule: failure.code, message: '' }]
  return { code, said: found.map((one) => `${one.rule}: ${one.message}`).join('\n') }
}

const known = new Map<string, ReturnType<typeof judged>>()

/** Of copies of one run to which nothing was done yet: they have one verdict, which needs to be made once. */
function judgedOnce(copy: Night, about: Parameters<typeof judged>[1]): ReturnType<typeof judged> {
  const key = JSON.stringify(about)
  const verdict = known.get(key) ?? judged(copy, about)
  known.set(key, verdict)
  return verdict
}

describe.each(Object.entries(KINDS))('%s', (_, traps) => {
  it.each(traps)('$name', async ({ on, limits, loosened, args, honest = 0, exit = 12, rule, prepare, spoil }) => {
    const spoiled = typeof on === 'string' ? exampleRun(REAL[on].run) : await night(on)
    const about = { ...(on !== undefined && { on }), ...(args && { args }) }
    await prepare?.(spoiled)
    const unspoiled = { ...about, ...(limits !== undefined && { limits }) }
    const before = await (prepare ? judged(spoiled, unspoiled) : judgedOnce(spoiled, unspoiled))
    await spoil?.(spoiled)
    const last = loosened ?? limits
    const after = await judged(spoiled, { ...about, ...(last !== undefined && { limits: last }) })
    expect({ before: before.code, after: after.code }).toEqual({ before: honest, after: exit })
    expect(before.said).not.toContain(rule)
    expect(after.said).toContain(rule)
  })
})

describe('limits that cannot be meant', () => {
  it.each([
    ...['.nan', '.inf', '-5%', '1e9', '"NaN%"', '[]', '""'].map((margin) => `{ defaults: { margin: ${margin} } }`),
    '{ alpha: .nan }',
    '{ alpha: 0 }',
    '{ blocks: { minValid: 0 } }',
    '{ defaults: { spread: { deviation: 0%, cohorts: 1000 } } }',
    '[]',
    '{ name: night, gate: { metrics: [p50] } }',
    'metrics: [p50]\nmetrics: [p90]\n',
  ])('%s is refused', async (limits) => {
    expect(await judged(await night(WORSE), { limits })).toMatchObject({ code: 2 })
  })
})

describe('further traps', () => {
  it('are at least 40, of runs that pass before', () => {
    const all = Object.values(KINDS).flat()
    expect(all.filter(({ honest = 0, exit = 12 }) => honest === 0 && exit !== 2).length).toBeGreaterThanOrEqual(40)
  })
})
