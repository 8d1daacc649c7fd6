import { describe, expect, it } from 'vitest'
import { gather } from '../../src/loads/gather.ts'
import { adder, gathered } from '../../src/loads/gathered.ts'
import { decodeHistogram, latencyHistogram } from '../../src/loads/histogram.ts'
import { loads } from '../../src/loads/index.ts'
import { countOf, shareOf } from '../../src/loads/several/shares.ts'
import type { GeneratorRun } from '../../src/model/platform.ts'
import { measuredSchema } from '../../src/model/result.ts'
import type { Load } from '../../src/model/scenario.ts'
import { TOOLS } from '../../src/model/traits.ts'
import { MICROS } from '../../src/model/units.ts'
import { random } from '../../src/stats/random.ts'
import { captured, finished } from './captured.ts'
import { lineOf, loadOf, resultOf, type Sent, START, simulate } from './synthetic.ts'

const shares = (of: number) => Array.from({ length: of }, (_, index) => ({ index, of }))
const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0)
const STARTED = START.seconds + START.nanos / 1e9

function runOf(index: number, execution: GeneratorRun['execution'], offset = 0): GeneratorRun {
  const read = { offset, bound: 0.001 }
  return { name: `client-${index}`, node: `node-${index}`, execution, clock: { before: read, after: read } }
}

/** A mean of one value may miss it by its last digits. */
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one) => (typeof one === 'number' ? Number(one.toPrecision(12)) : one)))

/** What fortio would write for its share of a load, against a server that stops once. */
function fortioRun(load: Load, index: number, of: number, late = 0): { run: GeneratorRun; sent: Sent[] } {
  const own = shareOf(load, { index, of }) as Load & { rate: number }
  const sent = simulate(own, { service: 0.001 + index / 10_000, stops: 5, goes: 5.2 }).map((one) => ({
    ...one,
    start: one.start + late,
  }))
  const from = (seconds: number) => new Date((START.seconds + seconds) * 1000).toISOString()
  const more = late > 0 ? { StartTime: from(late).replace('.000Z', '.363000399Z') } : {}
  const files = { 'fortio.json': resultOf(own, sent, more), 'access.jsonl': sent.map(lineOf).join('') }
  return { run: runOf(index, finished(files)), sent }
}

describe('the shares of a load', () => {
  it('add up to it, whatever it is, and every connection has as many requests as in the whole', () => {
    const stream = random(1, 'shares')
    for (let trial = 0; trial < 2000; trial++) {
      const connections = 1 + Math.floor(stream.uniform() * 60)
      const of = 1 + Math.floor(stream.uniform() * connections)
      const rate = Math.round(1 + stream.uniform() * 5000)
      const load = loadOf({ rate, connections, duration: 1 + Math.floor(stream.uniform() * 30) })
      const each = shares(of).map((share) => shareOf(load, share))
      expect(sum(each.map((own) => own.connections))).toBe(connections)
      expect(sum(each.map((own) => own.rate as number))).toBeCloseTo(rate, 8)
      const calls = (own: Load) => Math.floor(Math.floor((own.rate as number) * own.duration) / own.connections)
      for (const own of each) expect(calls(own), `${rate}/s over ${connections}, ${of}`).toBe(calls(load))
    }
  })

  it('of one generator is the load itself', () => {
    const load = loadOf()
    expect(shareOf(load, { index: 0, of: 1 })).toBe(load)
    expect(shareOf({ ...load, rate: 'max', connections: 7 }, { index: 0, of: 3 })).toMatchObject({
      rate: 'max',
      connections: 3,
    })
    expect(shares(4).map((share) => countOf(10, share))).toEqual([3, 3, 2, 2])
  })

  it('are told to k6 as its own execution segments', () => {
    const { measure } = loads.k6.commands(loadOf({ tool: 'k6' }), 'http://x', '/files', 't', undefined, {
      index: 1,
      of: 4,
    })
    const given = (flag: string) => measure.argv[measure.argv.indexOf(flag) + 1]
    expect(given('--execution-segment')).toBe('1/4:2/4')
    expect(given('--execution-segment-sequence')).toBe('0,1/4,2/4,3/4,1')
    expect(measure.gate).toEqual({ path: '/files/t.gate', content: '' })
    expect(Object.values(measure.files ?? {})[0]).toContain('open("/files/t.gate")')
  })

  it('are told to fortio as rate and connections, and its body stands in the file that it waits for', () => {
    const load = loadOf({ rate: 1000, connections: 10, payload: 5, warmup: 1 })
    const { measure, warmup } = loads.fortio.commands(load, 'http://x', '/files', 't', undefined, { index: 3, of: 4 })
    expect(measure.argv.join(' ')).toContain('-qps 200 -c 2 ')
    expect(warmup?.argv.join(' ')).toContain('-qps 200 -c 2 ')
    expect(measure.argv.join(' ')).toContain('-payload-file /files/t.gate')
    expect(measure.gate).toEqual({ path: '/files/t.gate', content: 'xxxxx' })
    expect(warmup?.gate).toBeUndefined()
  })

  it.each(TOOLS)('of a whole load are no different for %s: no gate, no segment', (tool) => {
    const load = loadOf({ tool })
    const alone = loads[tool].commands(load, 'http://x', '/files', 't')
    expect(loads[tool].commands(load, 'http://x', '/files', 't', undefined, { index: 0, of: 1 })).toEqual(alone)
    expect(JSON.stringify(alone)).not.toMatch(/gate|segment|payload-file/)
  })
})

describe('the outputs of several generators', () => {
  const load = loadOf({ rate: 999, connections: 10, duration: 10 })

  it('are added up: counts exactly, and quantiles of the sum of the histograms', async () => {
    const runs = shares(3).map(({ index, of }) => fortioRun(load, index, of))
    const all = runs.flatMap(({ sent }) => sent)
    const measured = measuredSchema.parse(
      await loads.fortio.parseShares(
        runs.map(({ run }) => run),
        load,
        STARTED,
      ),
    )
    const truth = latencyHistogram()
    for (const { latency } of all) truth.record(Math.round(latency * MICROS))
    expect(measured).toMatchObject({ planned: all.length, requests: all.length, errors: 0, codes: { 200: all.length } })
    expect(decodeHistogram(measured.latency.service).count).toBe(all.length)
    for (const q of [0.5, 0.9, 0.99, 0.999]) {
      expect(decodeHistogram(measured.latency.service).quantile(q)).toBeCloseTo(truth.quantile(q), 5)
    }
    expect(sum(measured.timeline.requests)).toBe(all.length)
    expect(sum(measured.slices?.answers ?? [])).toBe(all.length)
    expect(Math.max(...measured.timeline.max) / MICROS).toBeCloseTo(measured.latency.summary?.response?.max ?? 0, 5)
    expect(measured.generator.connections).toBe(10)
    // The server stopped once, for all of them.
    expect(measured.generator.pauses).toMatchObject({ count: 1 })
    expect(measured.generators?.each.map(({ name, requests }) => [name, requests])).toEqual(
      runs.map(({ run, sent }) => [run.name, sent.length]),
    )
    const rates = measured.generators?.each.map((one) => one.requests / one.seconds) ?? []
    expect(measured.requests / measured.seconds).toBeCloseTo(sum(rates), 6)
  })

  it('do not average: what a quarter of the load saw is in the tail of the whole', async () => {
    const slow = (index: number) => (index === 3 ? 0.05 : 0.001)
    const runs = shares(4).map(({ index, of }) => {
      const own = shareOf(loadOf({ rate: 400, connections: 4, duration: 10 }), { index, of }) as Load & { rate: number }
      const sent = simulate(own, { service: slow(index), stops: 90, goes: 91 })
      return runOf(index, finished({ 'fortio.json': resultOf(own, sent), 'access.jsonl': sent.map(lineOf).join('') }))
    })
    const { latency } = await loads.fortio.parseShares(
      runs,
      loadOf({ rate: 400, connections: 4, duration: 10 }),
      STARTED,
    )
    expect(latency.summary?.service.p50).toBeCloseTo(0.001, 4)
    expect(latency.summary?.service.p90).toBeCloseTo(0.05, 3)
  })

  it.each(['fortio/http', 'fortio/grpc', 'fortio/stall', 'k6/http', 'k6/dropped', 'k6/stall', 'k6/errors'])(
    'of one generator are what it measured alone: %s',
    async (name) => {
      const { execution, load: of } = captured(name)
      const { parse, parseShares } = loads[of.tool]
      const alone = await parse(execution, of)
      const { generators, timeline, slices, ...summed } = await parseShares([runOf(0, execution)], of, alone.startedAt)
      const { timeline: lines, slices: parts, ...rest } = alone
      expect(generators?.each).toHaveLength(1)
      expect(timeline.requests).toEqual(lines.requests)
      expect(timeline.errors).toEqual(lines.errors)
      expect(slices?.answers).toEqual(parts?.answers)
      expect(slices?.disturbed).toEqual(parts?.disturbed)
      for (const key of ['p50', 'p90', 'p99', 'max'] as const) {
        for (const [second, value] of timeline[key].entries()) {
          // A histogram has three digits.
          expect(value / Math.max(1, lines[key][second] ?? 0)).toBeGreaterThanOrEqual(
            lines[key][second] === 0 ? 0 : 0.999,
          )
          expect(value).toBeLessThanOrEqual((lines[key][second] ?? 0) * 1.0011 + 1)
        }
      }
      expect(summed.seconds).toBeCloseTo(rest.seconds, 6)
      expect(rounded({ ...summed, seconds: 0 })).toEqual(rounded({ ...rest, seconds: 0 }))
    },
  )

  it('count a request in the second of the agreed time, not of the own begin', async () => {
    const plain = loadOf({ rate: 200, connections: 2, duration: 10 })
    const runs = [fortioRun(plain, 0, 2).run, fortioRun(plain, 1, 2, 2).run]
    const { timeline } = await loads.fortio.parseShares(runs, plain, STARTED)
    const [first] = timeline.requests
    expect(first).toBeGreaterThan(95)
    expect(first).toBeLessThan(105)
    expect(timeline.requests[5]).toBeGreaterThan(195)
  })

  it('that cannot be read say whose they are', async () => {
    const runs = [
      fortioRun(load, 0, 2).run,
      runOf(1, finished({}, 'Aborting because of dial tcp: connection refused\n', 1)),
    ]
    await expect(loads.fortio.parseShares(runs, load, STARTED)).rejects.toMatchObject({
      message: expect.stringMatching(/^load generator client-1: fortio ended with exit code 1/),
      why: expect.stringContaining('connection refused'),
    })
  })

  it('keep what a script did by group: 2 × the same run has twice its counts', async () => {
    const { execution, load: of } = captured('k6/script')
    const script = { main: 'a.js', files: { 'a.js': '' }, sha256: 'x' }
    const one = await loads.k6.parse(execution, of, script)
    // Each run is taken for half of the load.
    const whole = { ...of, rate: 2 * (of.rate as number), connections: 2 * of.connections }
    const two = await loads.k6.parseShares([runOf(0, execution), runOf(1, execution)], whole, one.startedAt, script)
    expect(two.requests).toBe(2 * one.requests)
    expect(two.script?.iterations).toBe(2 * (one.script?.iterations ?? 0))
    expect(two.script?.groups.map(({ path, requests, latency }) => [path, requests, latency.p50])).toEqual(
      one.script?.groups.map(({ path, requests, latency }) => [path, 2 * requests, latency.p50]),
    )
    expect(two.script?.checks).toEqual(
      one.script?.checks.map((check) => ({ ...check, passed: 2 * check.passed, failed: 2 * check.failed })),
    )
  })
})

describe('what was gathered', () => {
  it('adds up as if one had gathered it, disturbed and unsent requests with their bounds included', () => {
    const stream = random(7, 'gathered')
    const windows = [gather(50, 4, 200), gather(50, 4, 200)]
    const together = gather(100, 4, 400)
    for (let request = 0; request < 400; request++) {
      const at = request * 10_000
      const service = 1000 * Math.exp(stream.normal())
      const late = request % 37 === 0 ? 8000 : 0
      const answer = {
        count: 1,
        at: Float64Array.of(at),
        service: Float64Array.of(service),
        response: Float64Array.of(service),
        asSent: Float64Array.of(service + late),
      }
      for (const window of [windows[request % 2], together]) {
        if (request % 50 === 49) window?.unsent(at)
        else window?.answered(answer)
      }
    }
    const all = adder()
    for (const window of windows) all.add(window.raw())
    const merged = gathered(all.sum)
    expect(merged.latency()).toEqual(together.latency())
    expect(merged.late()).toEqual(together.late())
    expect(merged.settling()).toEqual(together.settling())
    const [slices, truth] = [merged.slices(), together.slices()]
    expect(slices.answers).toEqual(truth.answers)
    expect(slices.disturbed).toEqual(truth.disturbed)
    for (const key of ['lo', 'hi'] as const) {
      for (const [slice, value] of (slices.bounds?.[key] ?? []).entries()) {
        const exact = truth.bounds?.[key][slice] ?? 0
        // Of what never came one has an hour, the other the largest number.
        if (exact > 3600 * MICROS) expect(value).toBe(3600 * MICROS)
        else expect(Math.abs(value - exact)).toBeLessThanOrEqual(exact / 1000 + 1)
      }
    }
  })
})
