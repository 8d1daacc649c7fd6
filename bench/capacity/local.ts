import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { findingOf } from '../../src/analyse/capacity/goal.ts'
import { openSearches } from '../../src/analyse/capacity/searches.ts'
import { judgeTrial } from '../../src/analyse/judge-trial.ts'
import { noisyNeighbour } from '../../src/analyse/rules/noisy-neighbour.ts'
import { capacityOf, standing } from '../../src/capacity/search.ts'
import { howBusy } from '../../src/host/strain.ts'
import { loads } from '../../src/loads/index.ts'
import type { JudgedTrial } from '../../src/model/analysis.ts'
import type { Result } from '../../src/model/result.ts'
import type { Capacity, Load, Scenario } from '../../src/model/scenario.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { openPlatform } from '../../src/platforms/index.ts'
import { run } from '../../src/run/run.ts'
import { readSite } from '../../src/site/read-site.ts'

/*
 * The wall clock of a search and of a grid of the same width on real proxies: one arm on the platform `local`, each once. Other
 * programs do not make a trial invalid here, since it is the time that is measured; how much they used is printed.
 */

const { values } = parseArgs({
  options: {
    arm: { type: 'string', default: 'envoy-sidecar' },
    p99: { type: 'string', default: '0.02' },
    searches: { type: 'string', default: '2' },
  },
})

const GOAL: Capacity = { p99: Number(values.p99), errors: 0.001, min: 500, max: 16_000, width: 0.1, budget: 180 }
const LOAD: Load = {
  name: 'capacity',
  tool: 'fortio',
  protocol: 'http',
  rate: GOAL.max,
  connections: 16,
  payload: 1024,
  warmup: 1,
  duration: 4,
}

/** So long the machine is watched for what other programs use. */
const WATCHED = 5

const { signal } = new AbortController()
await busy('before')
const searched = await measured([{ ...LOAD, capacity: GOAL }], Number(values.searches))
for (const [block, trials] of Map.groupBy(searched.trials, ({ result }) => result.trial.block)) {
  const probes = trials.map((judged) => {
    const { rate = 0, duration = 0 } = judged.result.trial.step ?? {}
    return { rate, duration, finding: findingOf(judged, GOAL) }
  })
  const state = standing({ ...LOAD, capacity: GOAL }, probes, GOAL.min)
  console.log(
    `search ${block}: ${probes.map(({ rate, finding }) => `${rate}/s ${finding}`).join(', ')}; ended: ${state.ended}, capacity ${capacityOf(state)?.toFixed(0)}/s`,
  )
}
await busy('between')
const grid = await measured(ratesOf(GOAL), 1)
const under = grid.trials.map((judged) => ({
  load: judged.result.trial.load,
  isUnder: judged.status === 'valid' && findingOf(judged, GOAL) === 'under',
}))
const first = under.find(({ isUnder }) => !isUnder)
console.log(
  `grid: ${under.filter(({ isUnder }) => isUnder).length} of ${under.length} rates met the goal; the first that missed it: ${first?.load}`,
)
await busy('after')
const [one, whole] = [searched.seconds / Number(values.searches), grid.seconds]
console.log(
  `a search took ${one.toFixed(1)} s and ${(searched.trials.length / Number(values.searches)).toFixed(1)} trials; the grid ${whole.toFixed(1)} s and ${grid.trials.length} trials: ${(one / whole).toFixed(3)} of it`,
)

/** From `min` to `max` in steps of the width. */
function ratesOf({ min, max, width }: Capacity): Load[] {
  const steps = Math.ceil(Math.log(max / min) / Math.log1p(width))
  return Array.from({ length: steps + 1 }, (_, step) => {
    const rate = Math.round(min * (1 + width) ** step)
    return { ...LOAD, name: `rate-${String(rate).padStart(6, '0')}`, rate }
  })
}

/** All trials, and the time that visits took. */
async function measured(of: readonly Load[], blocks: number): Promise<{ trials: JudgedTrial[]; seconds: number }> {
  const scenario: Scenario = {
    name: 'capacity',
    platform: 'local',
    profile: 'equalised',
    seed: 1,
    cohorts: 1,
    blocks,
    idle: 0,
    arms: [{ name: values.arm, mesh: values.arm }],
    loads: of,
    simulation: {
      latency: 1,
      spread: 0,
      effects: {},
      noise: { trial: 0, block: 0, cohort: 0 },
      drift: 1,
      faults: [],
      pace: 0,
    },
  }
  const plan = makePlan(scenario)
  const platform = await openPlatform('local', { site: await readSite(undefined, process.env), keep: false })
  for await (const { title } of platform.prepare(plan, signal)) console.error(title)
  const searches = openSearches(plan, [], lenient)
  const results: Result[] = []
  const identity = { id: `bench-capacity-${process.pid}` }
  let seconds = 0
  let since = 0
  const events = run(plan, 0, {
    platform,
    loads,
    identity,
    signal,
    ...(searches && { searches }),
    now: () => Date.now() / 1000,
  })
  for await (const event of events) {
    if (event.type === 'visit') since = event.at
    if (event.type === 'lowered') seconds += event.at - since
    if (event.type === 'result') results.push(event.result)
  }
  return { trials: results.map((result) => lenient(result, plan)), seconds }
}

/** As a run judges, but for other programs. */
function lenient(...given: Parameters<typeof judgeTrial>): ReturnType<typeof judgeTrial> {
  const judged = judgeTrial(...given)
  if (judged.status !== 'invalid') return judged
  const others = judged.problems.filter(({ rule }) => rule !== noisyNeighbour.name)
  const isValid = others.every(({ severity }) => severity !== 'invalid')
  return { ...judged, problems: others, status: isValid ? 'valid' : 'invalid' }
}

async function busy(when: string): Promise<void> {
  await sleep(1000)
  const { others, cores } = await howBusy(WATCHED, signal)
  console.log(`${when}: other programs use ${others.toFixed(2)} of ${cores} cores`)
}
