import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Result, Run } from '../../src/model/result.ts'
import { readPinned, writePinned } from '../../src/store/reference-file.ts'
import { meshbench } from '../flow/surroundings.ts'
import { type Night, type NightAbout, night, withScenario } from './night.ts'
import { broken, candidate, everyone, moved, observed, scaled, usageOf } from './tampering.ts'

/** A way to be green without having compared anything, and how it has to end. */
interface Trap {
  readonly name: string
  readonly exit: 10 | 11 | 12 | 13
  /** Of the finding that names it. */
  readonly rule: string
  readonly night?: NightAbout
  /** In place of what the scenario says, as YAML. */
  readonly limits?: string
  readonly args?: readonly string[]
  /** A validity rule that has to have taken the trials. */
  readonly by?: string
  spoil?(night: Night): void | Promise<void>
}

/** Worse, but not so clearly that the first look finds it. */
const LIKELY: NightAbout = { effect: 1.08, noise: 0.07, seed: 2 }

const oddBlock = ({ arm, block }: Result['trial']) => arm === 'sidecar' && block === 6

/** Nights of +20 % in which the candidate's latency of one block is scaled as well. */
function oddNight(factor: number): Pick<Trap, 'night' | 'spoil'> {
  return {
    night: { effect: 1.2 },
    spoil: (night) => night.measure(oddBlock, (reading) => scaled(reading, factor)),
  }
}

const file = (night: Night, id: string) => join(night.dir, 'trials', `${id}.json`)
const times = ({ startedAt, endedAt, outcome }: Result) => ({ startedAt, endedAt, outcome })

const withoutTrials = (run: Run): Run => ({ ...run, plan: { ...run.plan, cohorts: [] } })

const TRAPS: readonly Trap[] = [
  {
    name: 'a cell is missing altogether',
    exit: 12,
    rule: 'missing-trials',
    spoil: (night) => {
      for (const id of night.ids().filter((id) => id.endsWith('-sidecar-web'))) rmSync(file(night, id))
    },
  },
  {
    name: 'one trial is missing',
    exit: 12,
    rule: 'missing-trials',
    spoil: (night) => rmSync(file(night, 'c1-b04-sidecar-ref-web')),
  },
  {
    name: 'the folder of trials is empty',
    exit: 12,
    rule: 'missing-trials',
    spoil: (night) => rmSync(join(night.dir, 'trials'), { recursive: true }),
  },
  {
    name: 'a trial is truncated JSON',
    exit: 12,
    rule: 'unreadable',
    spoil: (night) => {
      const path = file(night, 'c1-b04-sidecar-web')
      writeFileSync(path, readFileSync(path, 'utf8').slice(0, 900))
    },
  },
  {
    name: 'a trial comes from another run',
    exit: 12,
    rule: 'unreadable',
    spoil: (night) =>
      night.edit(
        ({ id }) => id === 'c1-b04-sidecar-web',
        (result) => ({ ...result, run: 'another' }),
      ),
  },
  {
    name: 'there is a trial that nobody planned',
    exit: 12,
    rule: 'unreadable',
    spoil: (night) => writeFileSync(file(night, 'c1-b11-sidecar-web'), readFileSync(file(night, 'c1-b10-sidecar-web'))),
  },
  {
    name: 'a figure of the candidate is changed, and nothing else',
    exit: 12,
    rule: 'unreadable',
    night: { effect: 1.2 },
    spoil: (night) => {
      for (const id of night.ids().filter((id) => id.endsWith('-sidecar-web'))) {
        writeFileSync(
          file(night, id),
          readFileSync(file(night, id), 'utf8').replace('"cpuSeconds":', '"cpuSeconds":0.'),
        )
      }
    },
  },
  {
    name: 'the figures of the candidate are a fifth lower than its histograms',
    exit: 12,
    rule: 'unreadable',
    night: { effect: 1.2 },
    spoil: (night) =>
      night.measure(candidate, (reading) => {
        const { summary } = scaled(reading, 0.8).latency
        return { ...reading, latency: { ...reading.latency, ...(summary && { summary }) } }
      }),
  },
  {
    name: 'the tails of the seconds of the candidate are a quarter of what they were',
    exit: 12,
    rule: 'unreadable',
    spoil: (night) =>
      night.measure(candidate, ({ slices, ...reading }) => ({
        ...reading,
        ...(slices && { slices: { ...slices, p99: slices.p99.map((value) => value / 4) } }),
      })),
  },
  {
    name: 'the histograms of the candidate are none',
    exit: 12,
    rule: 'unreadable',
    spoil: (night) =>
      night.measure(candidate, (reading) => ({ ...reading, latency: { ...reading.latency, response: '!!' } })),
  },
  {
    name: 'a block stands for two, with another start',
    exit: 12,
    rule: 'unreadable',
    spoil: (night) => {
      const of = (block: string) => night.ids().filter((id) => id.includes(block))
      for (const id of of('b06')) {
        const { outcome } = night.read(id.replace('b06', 'b05'))
        writeFileSync(file(night, id), JSON.stringify({ ...night.read(id), outcome }))
      }
    },
  },
  {
    name: 'memory and CPU of the candidate are a thousand times too small',
    exit: 12,
    rule: 'no-data',
    limits: '{ metrics: [mesh-cpu, mesh-memory] }',
    spoil: (night) =>
      night.measure(candidate, (reading) =>
        observed(reading, {
          usage: reading.observation.usage.map((one) => ({
            ...one,
            cpuSeconds: one.cpuSeconds / 1000,
            memoryBytes: one.memoryBytes / 1000,
          })),
        }),
      ),
  },
  {
    name: 'no request was sent',
    exit: 12,
    rule: 'no-data',
    by: 'rate-not-held',
    spoil: (night) =>
      night.measure(candidate, (reading) => ({ ...scaled(reading, 0), requests: 0, errors: 0, codes: {}, planned: 0 })),
  },
  {
    name: 'latencies of both arms are a thousand times too small',
    exit: 12,
    rule: 'impossible-latency',
    spoil: (night) => night.measure(everyone, (reading) => scaled(reading, 1e-3)),
  },
  {
    name: 'latencies of both arms are a thousand times too large',
    exit: 12,
    rule: 'no-data',
    by: 'impossible-figures',
    spoil: (night) => night.measure(everyone, (reading) => scaled(reading, 1e3)),
  },
  {
    name: 'the results of the two arms are swapped',
    exit: 12,
    rule: 'out-of-order',
    night: { effect: 1.2 },
    spoil: (night) => {
      const other = (id: string) =>
        night.read(
          id.includes('-sidecar-ref-')
            ? id.replace('-sidecar-ref-', '-sidecar-')
            : id.replace('-sidecar-', '-sidecar-ref-'),
        )
      const moved = new Map(night.ids().map((id) => [id, id.includes('-none-') ? night.read(id) : other(id)]))
      night.edit(everyone, (result) => ({ ...result, ...times(moved.get(result.trial.id) ?? result) }))
    },
  },
  {
    name: 'candidate and reference are swapped in the limits',
    exit: 12,
    rule: 'arms-swapped',
    night: { effect: 1.2 },
    args: ['--reference', 'sidecar-ref=sidecar'],
  },
  {
    name: 'an arm is its own reference',
    exit: 12,
    rule: 'same-arm',
    args: ['--reference', 'sidecar=sidecar'],
  },
  {
    name: 'a block stands for two',
    exit: 12,
    rule: 'overlapping-trials',
    spoil: (night) =>
      night.edit(
        ({ block }) => block === 6,
        (result) => ({ ...result, ...times(night.read(result.trial.id.replace('b06', 'b05'))) }),
      ),
  },
  {
    name: 'a block stands for two, under times of its own',
    exit: 12,
    rule: 'copied-trial',
    spoil: (night) =>
      night.edit(
        ({ block }) => block === 6,
        (result) => ({ ...result, outcome: night.read(result.trial.id.replace('b06', 'b05')).outcome }),
      ),
  },
  {
    name: 'the version of the candidate changed halfway',
    exit: 12,
    rule: 'versions-differ',
    spoil: (night) =>
      night.edit(candidate, (result) => {
        if (result.outcome.status === 'failed') return result
        const seen = result.trial.block > 5 ? '1.28.1' : '1.28.0'
        const { reading } = result.outcome
        const evidence = [...reading.observation.evidence, { name: 'version', seen, source: 'test' }]
        return { ...result, outcome: { status: 'measured', reading: observed(reading, { evidence }) } }
      }),
  },
  {
    name: 'the load generators of the arms differ',
    exit: 12,
    rule: 'settings-differ',
    spoil: (night) =>
      night.measure(candidate, (reading) => ({ ...reading, generator: { ...reading.generator, version: '1.0.0' } })),
  },
  {
    name: 'half of the blocks are from another machine',
    exit: 12,
    rule: 'machines-differ',
    spoil: (night) =>
      night.edit(
        ({ block }) => block > 5,
        (result) => {
          if (result.outcome.status === 'failed') return result
          const { reading } = result.outcome
          return {
            ...result,
            outcome: { status: 'measured', reading: observed(reading, { host: { cores: 96, busyCores: 1 } }) },
          }
        },
      ),
  },
  {
    name: 'the load generator was throttled',
    exit: 12,
    rule: 'no-data',
    by: 'generator-saturated',
    spoil: (night) =>
      night.measure(everyone, (reading) =>
        usageOf(reading, { cpuLimit: 0.5, cpuSeconds: 5.2, throttledPeriods: 80, throttledSeconds: 6 }, 'generator'),
      ),
  },
  {
    name: 'a proxy was restarted in every window',
    exit: 12,
    rule: 'no-data',
    by: 'component-restarted',
    spoil: (night) => night.measure(candidate, (reading) => usageOf(reading, { restarts: 1 })),
  },
  {
    name: 'iterations were dropped',
    exit: 12,
    rule: 'no-data',
    by: 'rate-not-held',
    spoil: (night) =>
      night.measure(everyone, (reading) => ({ ...reading, planned: reading.planned * 2, dropped: reading.planned })),
  },
  {
    name: 'half of the answers of the candidate are errors',
    exit: 12,
    rule: 'error-rates-differ',
    spoil: (night) => night.measure(candidate, (reading) => ({ ...reading, errors: reading.requests / 2 })),
  },
  {
    name: 'the clock was stepped',
    exit: 12,
    rule: 'no-data',
    by: 'clock-step',
    spoil: (night) =>
      night.measure(everyone, (reading) => observed(reading, { host: { cores: 8, busyCores: 1, clockStep: 2 } })),
  },
  {
    name: 'traffic went around the mesh',
    exit: 12,
    rule: 'no-data',
    by: 'mesh-bypassed',
    spoil: (night) =>
      night.measure(candidate, (reading) => observed(reading, { carried: { requests: 0, connections: 0 } })),
  },
  {
    name: 'every trial failed',
    exit: 12,
    rule: 'no-data',
    by: 'trial-failed',
    spoil: (night) => night.edit(everyone, broken),
  },
  {
    name: 'the candidate alone lost blocks',
    exit: 12,
    rule: 'no-data',
    spoil: (night) => night.edit(({ arm, block }) => arm === 'sidecar' && block < 3, broken),
  },
  {
    name: 'the metric is one that the trials are too short to tell',
    exit: 12,
    rule: 'no-data',
    limits: '{ metrics: [p999] }',
  },
  {
    name: 'the reference alone lost blocks',
    exit: 12,
    rule: 'no-data',
    spoil: (night) => night.edit(({ arm, block }) => arm === 'sidecar-ref' && block < 3, broken),
  },
  {
    name: 'both lost more than a fifth of the blocks',
    exit: 12,
    rule: 'no-data',
    limits: '{ blocks: { minValid: 3 } }',
    spoil: (night) => night.edit(({ block }) => block < 4, broken),
  },
  {
    name: 'a trial ended before it started',
    exit: 12,
    rule: 'impossible-times',
    spoil: (night) =>
      night.edit(
        ({ id }) => id === 'c1-b10-sidecar-web',
        (result) => ({ ...result, endedAt: new Date(Date.parse(result.startedAt) - 1000).toISOString() }),
      ),
  },
  {
    name: 'the trials are older than their run',
    exit: 12,
    rule: 'impossible-times',
    spoil: (night) => night.edit(everyone, (result) => moved(result, -1e9)),
  },
  {
    name: 'the trials are of the future',
    exit: 12,
    rule: 'impossible-times',
    spoil: (night) => night.edit(everyone, (result) => moved(result, 1e9)),
  },
  {
    name: 'the margin is 80 %',
    exit: 12,
    rule: 'limits-too-wide',
    night: LIKELY,
    limits: '{ defaults: { margin: 80% } }',
  },
  {
    name: 'the least effect is above the margin',
    exit: 12,
    rule: 'limits-too-wide',
    night: { effect: 1.2 },
    limits: '{ assert: { "*/*/*": [error, { minEffect: 40% }] } }',
  },
  {
    name: 'everything is waived for ever',
    exit: 12,
    rule: 'waiver-too-long',
    night: { effect: 1.2 },
    limits: '{ waivers: [{ match: "*/*/*", until: "2099-12-31", reason: known }] }',
  },
  {
    name: 'the baseline is the candidate',
    exit: 12,
    rule: 'arms-swapped',
    args: ['--reference', 'none=sidecar'],
  },
  { name: 'nothing is gated', exit: 12, rule: 'nothing-compared', limits: '{ defaults: { level: "off" } }' },
  { name: 'the metric does not exist', exit: 12, rule: 'unknown-metric', limits: '{ metrics: [p50, p9] }' },
  {
    name: 'a rule is misspelt',
    exit: 12,
    rule: 'pattern-covers-nothing',
    limits: '{ assert: { "sidecra/*/p99": [error, { margin: 3% }] } }',
  },
  {
    name: 'a budget is misspelt',
    exit: 12,
    rule: 'pattern-covers-nothing',
    limits: '{ budgets: { "sidecar/wbe/p99": 12ms } }',
  },
  {
    name: 'a budget has the unit of another metric',
    exit: 12,
    rule: 'budget-unit',
    limits: '{ budgets: { "sidecar/web/p99": 12MiB } }',
  },
  {
    name: 'the reference arm is missing',
    exit: 12,
    rule: 'reference-missing',
    args: ['--reference', 'sidecar=sidecar-old'],
  },
  { name: 'no arm has a reference', exit: 12, rule: 'nothing-compared', args: ['--reference', '*-old'] },
  { name: 'the pinned reference is missing', exit: 12, rule: 'no-reference', args: ['--reference', 'reference.json'] },
  {
    name: 'the pinned reference is truncated',
    exit: 12,
    rule: 'no-reference',
    args: ['--reference', 'reference.json'],
    spoil: async (night) => {
      await meshbench(['gate', 'accept', '--reason', 'test'], { cwd: night.cwd })
      night.write('reference.json', readFileSync(join(night.cwd, 'reference.json'), 'utf8').slice(0, -40))
    },
  },
  {
    name: 'the pinned reference is of another machine',
    exit: 12,
    rule: 'not-comparable',
    args: ['--reference', 'reference.json'],
    spoil: async (night) => {
      await meshbench(['gate', 'accept', '--reason', 'test'], { cwd: night.cwd })
      const file = join(night.cwd, 'reference.json')
      const { provenance, ...pinned } = readPinned(file)
      const machine = { ...provenance.machine, cpu: 'another processor' }
      await writePinned(file, { ...pinned, provenance: { ...provenance, machine } })
    },
  },
  {
    name: 'a figure of the pinned reference was changed',
    exit: 12,
    rule: 'no-reference',
    args: ['--reference', 'reference.json'],
    spoil: async (night) => {
      await meshbench(['gate', 'accept', '--reason', 'test'], { cwd: night.cwd })
      const pinned = JSON.parse(readFileSync(join(night.cwd, 'reference.json'), 'utf8'))
      pinned.cells['sidecar/web/p50'][0][0][0] += 0.2
      night.write('reference.json', JSON.stringify(pinned))
    },
  },
  {
    name: 'what nights differ by is not known',
    exit: 12,
    rule: 'run-spread-unknown',
    args: ['--reference', 'reference.json'],
    spoil: async (night) => {
      await meshbench(['gate', 'accept', '--reason', 'test'], { cwd: night.cwd })
    },
  },
  { name: 'there is one block', exit: 12, rule: 'too-few-blocks', night: { blocks: 1 } },
  {
    name: 'seven blocks agree on +178 %',
    exit: 12,
    rule: 'too-few-blocks',
    night: { blocks: 7, effect: 2.78 },
  },
  {
    name: 'the plan has no load',
    exit: 12,
    rule: 'nothing-compared',
    spoil: (night) => night.plan((run) => withoutTrials(withScenario(run, { loads: [] }))),
  },
  {
    name: 'the plan has no block',
    exit: 12,
    rule: 'no-data',
    spoil: (night) => night.plan(withoutTrials),
  },
  {
    name: 'the history cannot be read',
    exit: 12,
    rule: 'history-unreadable',
    spoil: async (night) => {
      await meshbench(['history', 'add'], { cwd: night.cwd })
      writeFileSync(join(night.cwd, 'history', 'history.jsonl'), '{"schema":1,\n')
    },
  },
  {
    name: 'run.json was changed',
    exit: 12,
    rule: 'no-valid-data',
    spoil: (night) => {
      const path = join(night.dir, 'run.json')
      writeFileSync(path, readFileSync(path, 'utf8').replace('"duration": 10', '"duration": 20'))
    },
  },
  {
    name: 'arms were measured one after the other',
    exit: 12,
    rule: 'sequential',
    spoil: (night) => night.plan((run) => withScenario(run, { isolation: 'sequential' })),
  },
  {
    name: 'clusters were made once only',
    exit: 12,
    rule: 'no-data',
    spoil: (night) => night.plan((run) => ({ ...run, provenance: { ...run.provenance, platform: 'kind' } })),
  },
  {
    name: 'the extension was broken off',
    exit: 12,
    rule: 'missing-trials',
    night: LIKELY,
    spoil: async (night) => {
      await meshbench(['run', '--extend'], { cwd: night.cwd })
      rmSync(file(night, 'c1-b20-sidecar-web'))
    },
  },
  {
    name: 'the extension was never measured',
    exit: 11,
    rule: 'inconclusive',
    night: LIKELY,
  },
  {
    name: 'one odd block hides +20 % from the mean at the first look',
    exit: 11,
    rule: 'mean-not-robust',
    ...oddNight(0.35),
    limits: '{ metrics: [p50] }',
  },
  {
    name: 'one odd block hides +20 % from the mean at the last look',
    exit: 11,
    rule: 'inconclusive',
    ...oddNight(0.35),
    limits: '{ metrics: [p50], blocks: { extendTo: 10 } }',
  },
  {
    name: 'one odd block leaves +20 % likely, yet not certain, at the last look',
    exit: 11,
    rule: 'inconclusive',
    ...oddNight(0.57),
    limits: '{ metrics: [p50], blocks: { extendTo: 10 } }',
  },
  {
    name: 'a waiver has expired',
    exit: 10,
    rule: 'waiver-expired',
    night: { effect: 1.2 },
    limits: '{ blocks: { extendTo: 10 }, waivers: [{ match: "*/*/*", until: "2020-01-01", reason: issue 1 }] }',
  },
  {
    name: 'a budget is broken by the bound',
    exit: 13,
    rule: 'budget-broken',
    limits: '{ budgets: { "sidecar/web/p50": 1ms } }',
  },
]

describe('traps for a silent green', () => {
  it('are at least 25, and without them the night passes', async () => {
    expect(TRAPS.length).toBeGreaterThanOrEqual(25)
    const { code, stdout } = await (await night()).gate('--json')
    expect(JSON.parse(stdout).gate).toMatchObject({ verdict: 'pass', exit: 0 })
    expect(code).toBe(0)
  })

  it.each(TRAPS)('$name: exit $exit', async ({ exit, rule, args = [], limits, by, spoil, ...about }) => {
    const spoiled = await night(about.night)
    await spoil?.(spoiled)
    const chosen = limits === undefined ? [] : ['--limits', spoiled.write('limits.yaml', limits)]
    const { code, stdout } = await spoiled.gate('--json', ...chosen, ...args)
    const answer = JSON.parse(stdout)
    const rules = answer.failure ? [answer.failure.code] : answer.gate.findings.map((one: { rule: string }) => one.rule)
    expect({ code, rules }).toEqual({ code: exit, rules: expect.arrayContaining([rule]) })
    if (by !== undefined) expect(stdout).toContain(by)
  })
})
