/**
 * Does the harness find what is known to be there? Real fortio and k6 on the local platform, against a server that is
 * stopped for a second, and against one that is later by an exact, known time. Writes docs/truth.md.
 *
 *   npm run truth        about five minutes; nothing else should run on the machine
 */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { decodeHistogram } from '../../src/loads/histogram.ts'
import type { Seat } from '../../src/model/platform.ts'
import type { Measured } from '../../src/model/result.ts'
import type { Load } from '../../src/model/scenario.ts'
import { formatLatency } from '../../src/model/units.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { read, serverOf, withSeat } from './rig.ts'
import { endsOf, expectedQuantile, measuredDrain } from './stall.ts'

const STALL = 1
const DELAYS = [0.001, 0.002, 0.005]
/** Delays are tried in turn this often, and the medians compared: the machine is noisy. */
const ROUNDS = 5

const scenario = parseScenario(
  `
name: truth
platform: local
arms: [none]
loads:
  - { name: fortio-stall, tool: fortio, rate: 1000/s, connections: 8, warmup: 2s, duration: 40s, payload: 0B }
  - { name: k6-stall, tool: k6, rate: 1000/s, connections: 1300, warmup: 2s, duration: 40s, payload: 0B }
  - { name: fortio-stall-250, tool: fortio, rate: 250/s, connections: 8, warmup: 2s, duration: 40s, payload: 0B }
  - { name: k6-stall-250, tool: k6, rate: 250/s, connections: 400, warmup: 2s, duration: 40s, payload: 0B }
  - { name: fortio-delay, tool: fortio, rate: 50/s, connections: 2, warmup: 1s, duration: 5s, payload: 0B }
  - { name: k6-delay, tool: k6, rate: 50/s, connections: 2, warmup: 1s, duration: 5s, payload: 0B }
`,
  'truth.yaml',
)
if (!scenario.scenario) throw new Error(JSON.stringify(scenario.problems))
const plan = makePlan(scenario.scenario)

function load(name: string): Load {
  const found = plan.scenario.loads.find((one) => one.name === name)
  if (!found) throw new Error(`no load ${name}`)
  return found
}

const quantile = (encoded: string | undefined, q: number) => decodeHistogram(encoded ?? '').quantile(q)
const percent = (ratio: number) => `${((ratio - 1) * 100).toFixed(1)} %`

async function stalled(seat: Seat, run: string, name: string) {
  let woke = 0
  const reading = await read(seat, load(name), seat.target(load(name)), async (opensAfter) => {
    await sleep((opensAfter + 15) * 1000)
    const server = serverOf(run)
    process.kill(server, 'SIGSTOP')
    await sleep(STALL * 1000)
    process.kill(server, 'SIGCONT')
    woke = Date.now() / 1000
  })
  return { ...reading, woke }
}

async function stallRows(seat: Seat, run: string, suffix: string): Promise<string[]> {
  const rows: string[] = []
  const summary: string[] = []
  let reference = 0
  for (const tool of ['fortio', 'k6'] as const) {
    const name = `${tool}-stall${suffix}`
    const { rate } = load(name)
    if (rate === 'max') throw new Error('a stall needs a rate')
    const { measured, files, woke } = await stalled(seat, run, name)
    const { service, response } = measured.latency
    const drain = measuredDrain(endsOf[tool](files), woke, rate)
    const usual = quantile(response, 0.5)
    const expected = expectedQuantile(0.99, { rate, duration: 40, lasts: STALL, drain, usual })
    const found = quantile(response, 0.99)
    reference ||= found
    const against = tool === 'fortio' ? '' : `; against fortio ${percent(found / reference)}`
    rows.push(
      `| ${rate}/s | ${tool} | ${Math.round(drain)}/s | ${formatLatency(expected)} | ${formatLatency(found)} | ${percent(found / expected)}${against} | ${formatLatency(quantile(service, 0.99))} |`,
    )
    summary.push(`${tool}: ${counts(measured)}`)
  }
  return [...rows, `| | ${summary.join('; ')} | | | | | |`]
}

function counts({ planned, requests, dropped, errors }: Measured): string {
  return `${requests} of ${planned} requests, ${dropped} dropped, ${errors} errors`
}

async function delayRows(seat: Seat): Promise<string[]> {
  const worker = new Worker(new URL('./busy-server.ts', import.meta.url))
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  const seen = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const tool of ['fortio', 'k6']) {
      for (const delay of [0, ...DELAYS]) {
        const { measured } = await read(seat, load(`${tool}-delay`), `http://127.0.0.1:${port}/?delay=${delay}`)
        const key = `${tool}/${delay}`
        seen.set(key, [...(seen.get(key) ?? []), quantile(measured.latency.service, 0.5)])
      }
    }
  }
  await worker.terminate()
  const p50 = (tool: string, delay: number) => middle(seen.get(`${tool}/${delay}`) ?? [])
  const cells = (tool: string, delay: number) => {
    const found = p50(tool, delay)
    return delay === 0 ? [formatLatency(found), ''] : [formatLatency(found), percent(found / (delay + p50(tool, 0)))]
  }
  const effect = (tool: string, delay: number) => p50(tool, delay) - p50(tool, 0)
  return [
    '| injected | fortio p50 | against injected + its p50 without | k6 p50 | against injected + its p50 without | effect found by k6 against fortio |',
    '|---|---|---|---|---|---|',
    ...[0, ...DELAYS].map((delay) => {
      const agreement = delay === 0 ? '' : percent(effect('k6', delay) / effect('fortio', delay))
      return `| ${[formatLatency(delay), ...cells('fortio', delay), ...cells('k6', delay), agreement].join(' | ')} |`
    }),
  ]
}

/** Loops that run only where nothing else would: a core that sleeps wakes up late, and more so the less it has to do. */
function keepAwake() {
  const loops = cpus().map(() =>
    spawn('chrt', ['--idle', '0', process.execPath, '-e', 'for (;;);'], { stdio: 'ignore' }),
  )
  const state = { running: true, stop: () => loops.map((loop) => loop.kill('SIGKILL')) }
  for (const loop of loops) loop.on('error', () => Object.assign(state, { running: false }))
  process.on('exit', state.stop)
  return state
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

const awake = keepAwake()
const stalls = await withSeat(plan, async (seat, run) => [
  '| rate | tool | backlog worked off at | p99 of the queue simulation | p99 response time | against the simulation | p99 service time |',
  '|---|---|---|---|---|---|---|',
  ...(await stallRows(seat, run, '')),
  ...(await stallRows(seat, run, '-250')),
])
const delays = await withSeat(plan, delayRows)
awake.stop()
const page = [
  '# How true the figures are',
  '',
  'Made by `npm run truth`: real fortio and real k6 through the same code as every run, on the machine that made this page.',
  '',
  `## A server that does nothing for ${STALL} s, once in 40 s at 1,000 requests/s`,
  '',
  "The queue simulation plays every request through one queue with the drain that was measured of this tool. Goals: fortio's response time at 1,000/s at least 600 ms and within 3 % of the simulation, its service time below 2 ms; k6, which sends on time and so shows the stall on both clocks, within 3 % of fortio. Where k6's own CPU makes its backlog drain slower, as at 1,000/s on two cores, its p99 is larger by what the simulation says.",
  '',
  ...stalls,
  '',
  '## A server that is later by an exact time',
  '',
  `50 requests/s; the server spins until the time has come, so the delay is exact. Cores are kept awake by idle-priority loops${awake.running ? '' : ' (chrt was not found, so they were not)'}: waking an idle core of a virtual machine takes longer than these delays. Medians of ${ROUNDS} rounds in turn. Goals: within 2 % of truth plus the figure without delay; the effects that the tools find within 3 % of each other; what a request costs the tool itself differs, so their levels do.`,
  '',
  ...delays,
  '',
].join('\n')
writeFileSync(new URL('../../docs/truth.md', import.meta.url), page)
console.log(page)
