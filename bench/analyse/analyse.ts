/**
 * Reads and analyses a run of many trials: `node bench/analyse.ts [blocks]`, 5 arms × 20 loads × 100 blocks by default.
 * The files are made first; reading and analysing run in a process of their own, whose peak memory is theirs alone.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { analyse } from '../src/analyse/analyse.ts'
import { trialsOf } from '../src/model/plan.ts'
import type { Arm, Load } from '../src/model/scenario.ts'
import { makePlan } from '../src/plan/make-plan.ts'
import { random } from '../src/stats/random.ts'
import { planDigest } from '../src/store/digest.ts'
import { readRun } from '../src/store/read-run.ts'
import { http, none, noneAgain, readingOf, recordOf, resultOf, scenarioOf, sidecar } from '../tests/analyse/reading.ts'

const ARMS: readonly Arm[] = [
  none,
  noneAgain,
  sidecar,
  { name: 'envoy-node', mesh: 'envoy-node' },
  { name: 'envoy-node-waypoint', mesh: 'envoy-node-waypoint' },
]
const LOADS: readonly Load[] = Array.from({ length: 20 }, (_, load) => ({ ...http, name: `load-${load}` }))
/** Trials share this many sets of histograms per arm: making them is not what is measured. */
const LEVELS = 8

function writeRun(dir: string, blocks: number): void {
  const scenario = scenarioOf({ arms: ARMS, loads: LOADS, cohorts: 2, blocks: Math.ceil(blocks / 2) })
  const plan = makePlan(scenario)
  const { run } = recordOf({ ...scenario, cohorts: 1, blocks: 0 }, () => 'missing')
  writeFileSync(join(dir, 'run.json'), JSON.stringify({ ...run, plan, digest: planDigest(plan) }))
  mkdirSync(join(dir, 'trials'))
  for (const trial of trialsOf(plan)) {
    const place = ARMS.findIndex(({ name }) => name === trial.arm)
    const level = random(1, trial.id).integer(LEVELS)
    const arm = ARMS[place] as Arm
    const load = LOADS.find(({ name }) => name === trial.load) as Load
    const reading = readingOf({ arm, load, latency: (1 + Math.max(0, place - 1) / 2) * (1 + level / 100) })
    writeFileSync(join(dir, 'trials', `${trial.id}.json`), JSON.stringify(resultOf(trial, reading)))
  }
}

async function measure(dir: string): Promise<void> {
  const started = now()
  const record = await readRun(dir)
  const read = now()
  const analysis = analyse(record)
  const analysed = now()
  const memory = process.resourceUsage().maxRSS / 1024
  const drawn = analysis.distributions.length
  const merged = now()
  const invalid = analysis.trials.filter(({ status }) => status !== 'valid').length
  console.log(`${record.results.length} trial files, ${record.unreadable.length} unreadable, ${invalid} invalid`)
  console.log(`read ${seconds(started, read)}, analysed ${analysis.cells.length} cells ${seconds(read, analysed)}`)
  console.log(`together ${seconds(started, analysed)}, limit 2 s for 10,000; peak memory ${memory.toFixed(0)} MiB`)
  console.log(`for pictures: ${drawn} merged distributions in ${seconds(analysed, merged)} more`)
}

interface Moment {
  readonly wall: number
  readonly cpu: number
}

function now(): Moment {
  const { user, system } = process.cpuUsage()
  return { wall: performance.now() / 1e3, cpu: (user + system) / 1e6 }
}

/** On a busy machine the CPU time says more than the wall clock. */
function seconds(from: Moment, to: Moment): string {
  return `${(to.wall - from.wall).toFixed(2)} s (CPU ${(to.cpu - from.cpu).toFixed(2)} s)`
}

const [first = '100', folder] = process.argv.slice(2)
if (first === 'measure' && folder !== undefined) {
  await measure(folder)
} else {
  const dir = mkdtempSync(join(tmpdir(), 'meshbench-analyse-'))
  try {
    writeRun(dir, Number(first))
    execFileSync(process.execPath, [import.meta.filename, 'measure', dir], { stdio: 'inherit' })
  } finally {
    rmSync(dir, { recursive: true })
  }
}
