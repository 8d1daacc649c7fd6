import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Trial, trialsOf } from '../../src/model/plan.ts'
import type { Reading, Result } from '../../src/model/result.ts'
import type { Arm, Load, Scenario } from '../../src/model/scenario.ts'
import { MICROS } from '../../src/model/units.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { random } from '../../src/stats/random.ts'
import { planDigest } from '../../src/store/read-run.ts'
import { readingOf } from '../../tests/build/reading.ts'
import { recordOf, resultOf } from '../../tests/build/run.ts'
import { http, none, noneAgain, scenarioOf, sidecar } from '../../tests/build/scenario.ts'

/** Trials of large runs share this many sets of histograms per arm: making them is not what is measured. */
const LEVELS = 8
/** Fewer trials than this have histograms of their own, since the gate judges no copies. */
const LARGE = 1000

/** 5 arms, 20 loads: 100 trial files a block. */
export function manyFiles(files: number): Scenario {
  const arms: readonly Arm[] = [
    none,
    noneAgain,
    sidecar,
    { name: 'envoy-node', mesh: 'envoy-node' },
    { name: 'envoy-node-waypoint', mesh: 'envoy-node-waypoint' },
  ]
  return scenarioOf({ arms, loads: loads(20), cohorts: 2, blocks: Math.ceil(files / (arms.length * 20) / 2) })
}

/** A run after its second stage: a candidate under 12 loads, of which the gate judges 3 metrics, in 20 blocks. */
export function gatedRun(): Scenario {
  const arms = [none, sidecar, { ...sidecar, name: `${sidecar.name}-ref` }]
  return scenarioOf({ arms, loads: loads(12), cohorts: 2, blocks: 10 })
}

function loads(count: number): Load[] {
  return Array.from({ length: count }, (_, load) => ({ ...http, name: `load-${load}` }))
}

/** A finished run of a scenario, in which arms differ and every trial is valid. */
export function writeRun(dir: string, asked: Scenario): void {
  const scenario: Scenario = { ...asked, platform: 'simulated' }
  const plan = makePlan(scenario)
  const { run } = recordOf({ ...scenario, cohorts: 1, blocks: 0 }, () => 'missing')
  writeFileSync(join(dir, 'run.json'), JSON.stringify({ ...run, plan, digest: planDigest(plan) }))
  mkdirSync(join(dir, 'trials'))
  const isLarge = trialsOf(plan).length >= LARGE
  for (const trial of trialsOf(plan)) {
    writeFileSync(
      join(dir, 'trials', `${trial.id}.json`),
      JSON.stringify(inTurn(trial, reading(scenario, trial, isLarge))),
    )
  }
}

/** One after the other: the gate judges no run in which trials overlap. */
function inTurn(trial: Trial, reading: Reading): Result {
  const start = Date.parse('2026-01-01T00:00:00Z') / 1000 + trial.order * 80
  const text = (seconds: number) => new Date(seconds * 1000).toISOString()
  return {
    ...resultOf(trial, { ...reading, startedAt: start + 6 }),
    startedAt: text(start),
    endedAt: text(start + 70),
  }
}

function reading({ arms, loads }: Scenario, trial: Trial, isLarge: boolean): Reading {
  const arm = arms.find(({ name }) => name === trial.arm) as Arm
  const load = loads.find(({ name }) => name === trial.load) as Load
  // By the golden ratio, no two of a few are so close that their histograms are equal.
  const level = isLarge ? Math.floor(random(1, trial.id).uniform() * LEVELS) : LEVELS * ((trial.order * 0.618034) % 1)
  const cost = new Set(arms.map(({ mesh }) => mesh))
  return withItsSeconds(readingOf({ arm, load, latency: (1 + [...cost].indexOf(arm.mesh) / 2) * (1 + level / 100) }))
}

/** Seconds whose figures are those of the window, as in every run that can be judged. */
function withItsSeconds({ slices, timeline, ...reading }: Reading): Reading {
  const { service, response = service } = reading.latency.summary ?? {}
  if (!slices || !service || !response) throw new Error('a reading has slices and figures')
  const alike = (value: number) => slices.p99.map(() => Math.round(value * MICROS))
  const seconds = { ...timeline, p50: alike(response.p50), p99: alike(response.p99), max: alike(response.max) }
  return {
    ...reading,
    timeline: seconds,
    slices: { ...slices, p99: alike(response.p99), serviceP99: alike(service.p99) },
  }
}
