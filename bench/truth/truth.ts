/**
 * Does the harness find what is known to be there? Real fortio and k6 on the local platform, against a server that is
 * stopped for a second, and against one that is later by an exact, known time. Writes docs/truth.md.
 *
 *   npm run truth        about five minutes; nothing else should run on the machine
 */
import { writeFileSync } from 'node:fs'
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
import { expectedQuantile, measuredDrain } from './stall.ts'

const STALL = 1
const DELAYS = [0.001, 0.002, 0.005]
/** Delays are tried in turn this often, and the medians compared: the machine is noisy. */
const ROUNDS = 3

const scenario = parseScenario(
  `
name: truth
platform: local
arms: [none]
loads:
  - { name: fortio-stall, tool: fortio, rate: 1000/s, connections: 8, warmup: 2s, duration: 40s, payload: 0B }
  - { name: k6-stall, tool: k6, rate: 1000/s, connections: 1300, warmup: 2s, duration: 40s, payload: 0B }
  - { name: fortio-delay, tool: fortio, rate: 50/s, connections: 2, warmup: 1s, duration: 10s, payload: 0B }
  - { name: k6-delay, tool: k6, rate: 50/s, connections: 2, warmup: 1s, duration: 10s, payload: 0B }
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

async function stallRows(seat: Seat, run: string): Promise<string[]> {
  const fortio = await stalled(seat, run, 'fortio-stall')
  const k6 = await stalled(seat, run, 'k6-stall')
  const log = Object.values(fortio.files).find((text) => text.startsWith('{"latency"')) ?? ''
  const { service, response } = fortio.measured.latency
  const drain = measuredDrain(log, fortio.woke, 1000)
  const expected = expectedQuantile(0.99, {
    rate: 1000,
    duration: 40,
    lasts: STALL,
    drain,
    usual: quantile(response, 0.5),
  })
  const found = quantile(response, 0.99)
  const row = (what: string, value: number, against: number | undefined, goal: string) =>
    `| ${what} | ${formatLatency(value)} | ${against === undefined ? '' : percent(value / against)} | ${goal} |`
  return [
    `| | p99 | against | goal |`,
    `|---|---|---|---|`,
    row(`queue simulation (backlog worked off at ${Math.round(drain)}/s, as measured)`, expected, undefined, ''),
    row('fortio, response time', found, expected, '≥ 600 ms, within 3 % of the simulation'),
    row('fortio, service time', quantile(service, 0.99), undefined, '< 2 ms'),
    row(
      'k6, response time',
      quantile(k6.measured.latency.response, 0.99),
      found,
      "within 3 % of fortio's response time",
    ),
    row(
      'k6, service time',
      quantile(k6.measured.latency.service, 0.99),
      found,
      'k6 sends on time, so it shows on both clocks',
    ),
    '',
    `fortio: ${counts(fortio.measured)}. k6: ${counts(k6.measured)}.`,
  ]
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
  return [
    '| injected | fortio p50 | against injected + its own p50 without | k6 p50 | against injected + its own p50 without | k6 against fortio |',
    '|---|---|---|---|---|---|',
    ...[0, ...DELAYS].map((delay) => {
      const [fortio, k6] = [p50('fortio', delay), p50('k6', delay)]
      const against = (tool: string, value: number) => (delay === 0 ? '' : percent(value / (delay + p50(tool, 0))))
      return `| ${formatLatency(delay)} | ${formatLatency(fortio)} | ${against('fortio', fortio)} | ${formatLatency(k6)} | ${against('k6', k6)} | ${percent(k6 / fortio)} |`
    }),
  ]
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number
}

const stalls = await withSeat(plan, stallRows)
const delays = await withSeat(plan, delayRows)
const page = [
  '# How true the figures are',
  '',
  'Made by `npm run truth`: real fortio and real k6 through the same code as every run, on the machine that made this page.',
  '',
  `## A server that does nothing for ${STALL} s, once in 40 s at 1,000 requests/s`,
  '',
  ...stalls,
  '',
  '## A server that is later by an exact time',
  '',
  `50 requests/s; the server spins until the time has come, so the delay is exact. Medians of ${ROUNDS} rounds in turn. Goals: within 2 % of truth plus the figure without delay; the tools within 3 % of each other.`,
  '',
  ...delays,
  '',
].join('\n')
writeFileSync(new URL('../../docs/truth.md', import.meta.url), page)
console.log(page)
