import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { namesOf, withheldOf } from '../../src/analyse/tail.ts'
import { decodeHistogram } from '../../src/loads/histogram.ts'
import type { RunningArm } from '../../src/model/platform.ts'
import { QUANTILES, type QuantileKey } from '../../src/model/quantiles.ts'
import type { Measured } from '../../src/model/result.ts'
import type { Load } from '../../src/model/scenario.ts'
import { DEFAULT_TOOL, TOOL_TRAITS, TOOLS } from '../../src/model/traits.ts'
import { formatLatency } from '../../src/model/units.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { parseScenario } from '../../src/scenario/parse.ts'
import { processOf, read, withSeat } from './rig.ts'
import { endsOf, expectedQuantile, measuredDrain } from './stall.ts'

/**
 * Does the harness find what is known to be there? Real load tools on the local platform, against a server that is
 * stopped for a second, and against one that is later by an exact, known time; with the generator itself stopped, and with
 * iterations that k6 drops. Writes docs/truth.md.
 *
 *   npm run truth                                        ten minutes; nothing else should run on the machine
 *   npm run truth -- stalls|delays|generator|drops       a part of it, to look at; writes nothing
 */

const STALL = 1
/** How long the generator is stopped, and the server of a k6 that has too few virtual users for it, in seconds. */
const PAUSE = 0.4
const DROPS = [0.047, 0.4]
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
  - { name: vegeta-stall, tool: vegeta, rate: 1000/s, connections: 8, warmup: 2s, duration: 40s, payload: 0B }
  - { name: vegeta-stall-250, tool: vegeta, rate: 250/s, connections: 8, warmup: 2s, duration: 40s, payload: 0B }
  - { name: fortio-pause, tool: fortio, rate: 1000/s, connections: 8, warmup: 2s, duration: 20s, payload: 0B }
  - { name: k6-drops, tool: k6, rate: 1000/s, connections: 8, warmup: 2s, duration: 20s, payload: 0B }
  - { name: fortio-delay, tool: fortio, rate: 50/s, connections: 2, warmup: 1s, duration: 5s, payload: 0B }
  - { name: k6-delay, tool: k6, rate: 50/s, connections: 2, warmup: 1s, duration: 5s, payload: 0B }
  - { name: vegeta-delay, tool: vegeta, rate: 50/s, connections: 2, warmup: 1s, duration: 5s, payload: 0B }
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
const goal = (isMet: boolean) => (isMet ? '' : ' **(goal missed)**')
/** A ratio as a percentage, marked where it is further from 1 than the goal allows. */
const within = (ratio: number, limit: number) => `${percent(ratio)}${goal(Math.abs(ratio - 1) <= limit)}`

/** A reading during which one side was stopped for some seconds; `lasted` is how long it really was, `woke` when it was over. */
async function stopped(
  runningArm: RunningArm,
  run: string,
  name: string,
  which: 'server' | 'generator',
  seconds: number,
) {
  let [lasted, woke] = [0, 0]
  const reading = await read(runningArm, load(name), runningArm.target(load(name)), async (opensAfter) => {
    await sleep((opensAfter + load(name).duration / 2) * 1000)
    const pid = processOf(run, which)
    const stops = performance.now()
    process.kill(pid, 'SIGSTOP')
    await sleep(seconds * 1000)
    process.kill(pid, 'SIGCONT')
    lasted = (performance.now() - stops) / 1000
    woke = Date.now() / 1000
  })
  return { ...reading, lasted, woke }
}

/** What a trial would publish of a quantile. */
function published({ latency }: Measured, q: QuantileKey): string {
  return withheldOf({ latency }).has(q) ? 'withheld' : formatLatency(latency.summary?.response?.[q] ?? Number.NaN)
}

/** Goals: see the page. The neighbour is the same load right before, with nothing stopped. */
async function pauseRows(runningArm: RunningArm, run: string): Promise<string[]> {
  const name = 'fortio-pause'
  const neighbour = await read(runningArm, load(name), runningArm.target(load(name)))
  const { measured, files, lasted, woke } = await stopped(runningArm, run, name, 'generator', PAUSE)
  const summary = measured.latency.summary
  const { asSent } = summary ?? {}
  const { rate, duration } = load(name)
  if (rate === 'max' || !asSent) throw new Error('a pause needs a rate')
  const drain = measuredDrain(await endsOf.fortio(files), woke, rate)
  const expected = expectedQuantile(0.99, { rate, duration, lasts: lasted, drain, usual: asSent.p50 })
  const rows = QUANTILES.map(({ key: q }) => {
    const was = neighbour.measured.latency.summary?.response?.[q] ?? Number.NaN
    const found = summary?.response?.[q] ?? Number.NaN
    const isWithheld = withheldOf(measured).has(q)
    const verdict = isWithheld ? 'withheld' : `${formatLatency(found)}, ${within(found / was, 0.1)}`
    const simulated = q === 'p99' ? `${formatLatency(expected)} (found: ${within(asSent.p99 / expected, 0.05)})` : ''
    return `| ${namesOf(new Set([q])).join()} | ${formatLatency(was)} | ${verdict} | ${formatLatency(asSent[q] ?? Number.NaN)} | ${simulated} |`
  })
  const { late } = measured.generator
  return [
    '| quantile | response time of the neighbour | published | as sent | as sent by the queue simulation |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    `Stopped for ${formatLatency(lasted)}; backlog worked off at ${Math.round(drain)}/s; lateness p50 ${formatLatency(late?.p50 ?? 0)}, p99 ${formatLatency(late?.p99 ?? 0)}, longest ${formatLatency(late?.max ?? 0)}; ${percent(1 + (late?.disturbed ?? 0))} of the requests came out of the pause, ${percent(1 + (late?.inherited ?? 0))} waited behind a late one. ${counts(measured)}. Neighbour: ${counts(neighbour.measured)}.`,
  ]
}

async function dropRows(runningArm: RunningArm, run: string): Promise<string[]> {
  const name = 'k6-drops'
  const { rate, duration, connections } = load(name)
  if (rate === 'max') throw new Error('drops need a rate')
  const rows: string[] = []
  for (const seconds of DROPS) {
    const { measured, lasted } = await stopped(runningArm, run, name, 'server', seconds)
    const { service, response } = measured.latency.summary ?? {}
    if (!service || !response) throw new Error('k6 has both clocks')
    const expected = expectedQuantile(0.999, {
      rate,
      duration,
      lasts: lasted,
      drain: connections / service.p50,
      usual: service.p50,
    })
    const isRight = Math.abs(response.p999 / expected - 1) <= 0.05
    const isKept = withheldOf(measured).has('p999') || isRight
    rows.push(
      `| ${formatLatency(lasted)} | ${measured.dropped} of ${measured.planned} | ${formatLatency(service.p999)} | ${formatLatency(response.p999)}, ${percent(response.p999 / expected)} | ${formatLatency(expected)} | ${published(measured, 'p999')}${goal(isKept)} | ${published(measured, 'p99')} |`,
    )
  }
  return [
    '| stopped for | dropped | p99.9 service time | p99.9 response time of the replay | p99.9 of the queue simulation | p99.9 published | p99 published |',
    '|---|---|---|---|---|---|---|',
    ...rows,
  ]
}

async function stallRows(runningArm: RunningArm, run: string, suffix: string): Promise<string[]> {
  const rows: string[] = []
  const summary: string[] = []
  let reference = 0
  for (const tool of TOOLS) {
    const name = `${tool}-stall${suffix}`
    const { rate } = load(name)
    if (rate === 'max') throw new Error('a stall needs a rate')
    const { measured, files, woke } = await stopped(runningArm, run, name, 'server', STALL)
    const { service, response } = measured.latency
    const drain = measuredDrain(await endsOf[tool](files), woke, rate)
    const usual = quantile(response, 0.5)
    const expected = expectedQuantile(0.99, { rate, duration: 40, lasts: STALL, drain, usual })
    const found = quantile(response, 0.99)
    reference ||= found
    const against = tool === 'fortio' ? '' : `; against fortio ${within(found / reference, 0.03)}`
    const served = quantile(service, 0.99)
    const sendsOnTime = TOOL_TRAITS[tool].addsConnections
    const least = goal(sendsOnTime || rate < 1000 || found >= 0.6)
    const isServed = goal(sendsOnTime || served < 0.002)
    const agreement = sendsOnTime ? percent(found / expected) : within(found / expected, 0.03)
    rows.push(
      `| ${rate}/s | ${tool} | ${Math.round(drain)}/s | ${formatLatency(expected)} | ${formatLatency(found)}${least} | ${agreement}${against} | ${formatLatency(served)}${isServed} |`,
    )
    summary.push(`${tool}: ${counts(measured)}`)
  }
  return [...rows, `| | ${summary.join('; ')} | | | | | |`]
}

function counts({ planned, requests, dropped, errors }: Measured): string {
  return `${requests} of ${planned} requests, ${dropped} dropped, ${errors} errors`
}

async function delayRows(runningArm: RunningArm): Promise<string[]> {
  const worker = new Worker(new URL('./busy-server.ts', import.meta.url))
  const port = await new Promise<number>((resolve) => worker.once('message', resolve))
  const seen = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const tool of TOOLS) {
      for (const delay of [0, ...DELAYS]) {
        const { measured } = await read(runningArm, load(`${tool}-delay`), `http://127.0.0.1:${port}/?delay=${delay}`)
        const key = `${tool}/${delay}`
        seen.set(key, [...(seen.get(key) ?? []), quantile(measured.latency.service, 0.5)])
      }
    }
  }
  await worker.terminate()
  const p50 = (tool: string, delay: number) => middle(seen.get(`${tool}/${delay}`) ?? [])
  const cells = (tool: string, delay: number) => {
    const found = p50(tool, delay)
    return delay === 0
      ? [formatLatency(found), '']
      : [formatLatency(found), within(found / (delay + p50(tool, 0)), 0.02)]
  }
  const effect = (tool: string, delay: number) => p50(tool, delay) - p50(tool, 0)
  const others = TOOLS.filter((tool) => tool !== DEFAULT_TOOL)
  const row = (each: readonly string[]) => `| ${each.join(' | ')} |`
  const head = [
    'injected',
    ...TOOLS.flatMap((tool) => [`${tool} p50`, 'against injected + its p50 without']),
    ...others.map((tool) => `effect found by ${tool} against ${DEFAULT_TOOL}`),
  ]
  return [
    row(head),
    row(head.map(() => '---')),
    ...[0, ...DELAYS].map((delay) => {
      const agreement = (tool: string) =>
        delay === 0 ? '' : within(effect(tool, delay) / effect(DEFAULT_TOOL, delay), 0.03)
      return row([formatLatency(delay), ...TOOLS.flatMap((tool) => cells(tool, delay)), ...others.map(agreement)])
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

const PARTS = {
  stalls: (runningArm: RunningArm, run: string) => stalls(runningArm, run),
  generator: pauseRows,
  drops: dropRows,
  delays: (runningArm: RunningArm) => delayRows(runningArm),
} as const

async function stalls(runningArm: RunningArm, run: string): Promise<string[]> {
  return [
    '| rate | tool | backlog worked off at | p99 of the queue simulation | p99 response time | against the simulation | p99 service time |',
    '|---|---|---|---|---|---|---|',
    ...(await stallRows(runningArm, run, '')),
    ...(await stallRows(runningArm, run, '-250')),
  ]
}

const part = process.argv[2]
const began = performance.now()
const awake = keepAwake()
if (part === undefined) {
  const made = new Map<string, string[]>()
  for (const [name, make] of Object.entries(PARTS)) made.set(name, await withSeat(plan, make))
  awake.stop()
  const page = pageOf((name) => made.get(name) ?? [])
  writeFileSync(new URL('../../docs/truth.md', import.meta.url), page)
  console.log(page)
} else {
  const make = Object.entries(PARTS).find(([name]) => name === part)?.[1]
  if (!make) throw new Error(`no part ${part}: ${Object.keys(PARTS).join(', ')}`)
  console.log((await withSeat(plan, make)).join('\n'))
  awake.stop()
}
console.error(`${Math.round((performance.now() - began) / 1000)} s`)

function pageOf(rows: (part: keyof typeof PARTS) => readonly string[]): string {
  return [
    '# How true the figures are',
    '',
    'Made by `npm run truth`: real load tools through the same code as every run, on the machine that made this page. A goal that is missed is marked.',
    '',
    `## A server that does nothing for ${STALL} s, once in 40 s`,
    '',
    "The queue simulation plays every request through one queue with the drain that was measured of this tool. Goals: the response time of fortio and of vegeta at 1,000/s at least 600 ms, at both rates within 3 % of the simulation, their service time below 2 ms; k6, which sends on time and so shows the stall on both clocks, within 3 % of fortio. Where k6's own CPU makes its backlog drain slower, as at 1,000/s on two cores, its p99 is larger by what the simulation says.",
    '',
    ...rows('stalls'),
    '',
    `## A load generator that is stopped for ${PAUSE} s, once in 20 s at 1,000 requests/s`,
    '',
    'fortio is stopped, the server is not: what comes out of the pause is no time of the server. Goals: every quantile that is published is within 10 % of that of the same load right before, or it is withheld; the time as sent, which has the pause in it, within 5 % of the queue simulation.',
    '',
    ...rows('generator'),
    '',
    '## Iterations that k6 drops',
    '',
    'k6 at 1,000/s with 8 virtual users, and a server that is stopped: after 8 requests no user is free, and k6 drops what is due. The queue simulation has every one of them wait for the next user. Goal: p99.9 within 5 % of it, or withheld.',
    '',
    ...rows('drops'),
    '',
    '## A server that is later by an exact time',
    '',
    `50 requests/s; the server spins until the time has come, so the delay is exact. Cores are kept awake by idle-priority loops${awake.running ? '' : ' (chrt was not found, so they were not)'}: waking an idle core of a virtual machine takes longer than these delays. Medians of ${ROUNDS} rounds in turn. Goals: within 2 % of truth plus the figure without delay; the effects that the tools find within 3 % of each other; what a request costs the tool itself differs, so their levels do.`,
    '',
    ...rows('delays'),
    '',
  ].join('\n')
}
