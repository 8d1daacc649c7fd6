import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fortio } from '../../src/loads/fortio/fortio.ts'
import { fortioSchedule, parseInstant } from '../../src/loads/fortio/fortio-access-log.ts'
import { finished, inPieces } from './captured.ts'
import { lineOf, loadOf, resultOf, type Sent, simulate } from './synthetic.ts'

const parse = (load: ReturnType<typeof loadOf>, sent: readonly Sent[], more: object = {}) =>
  fortio.parse(finished({ 'fortio.json': resultOf(load, sent, more), 'access.jsonl': sent.map(lineOf).join('') }), load)

describe('the two clocks of fortio', () => {
  const load = { ...loadOf(), rate: 1000 }
  const sent = simulate(load, { service: 0.001, stops: 30, goes: 31 })

  it('find the stall that fortio itself does not see', async () => {
    const { latency, dropped, generator } = await parse(load, sent)
    const { service, response } = latency.summary ?? {}
    expect(service?.p99).toBe(0.001)
    expect(Math.abs((response?.p99 ?? 0) - 0.4749)).toBeLessThan(0.002)
    expect(response?.count).toBe(60_000)
    expect(dropped).toBe(0)
    expect(generator.late).toEqual({ p50: 0, p99: 0, max: 0, disturbed: 0, inherited: 0 })
    expect(generator.pauses?.count).toBe(1)
    expect(generator.pauses?.seconds).toBeCloseTo(1, 1)
  })

  it('agree with a queue that is simulated directly', async () => {
    const { latency } = await parse(load, sent)
    const calls = 60_000 / 8
    const interval = 8 / 1000
    const waits = sent.map(({ thread, call, start, latency }) => {
      const due = (thread / 8) * interval + (call + call / (calls - 1)) * interval
      return start + latency - due
    })
    waits.sort((a, b) => a - b)
    for (const [q, name] of [
      [0.5, 'p50'],
      [0.99, 'p99'],
      [0.999, 'p999'],
    ] as const) {
      const truth = waits[Math.ceil(q * waits.length) - 1] ?? 0
      expect(Math.abs((latency.summary?.response?.[name] ?? 0) - truth)).toBeLessThan(truth * 0.001 + 2e-6)
    }
  })

  it('leave what the generator overslept out of both, and report it', async () => {
    const punctual = simulate(load, { service: 0.001, stops: 99, goes: 99 })
    const drowsy = punctual.map((one) => ({ ...one, start: one.start + 0.0007 }))
    const { latency, generator } = await parse(load, drowsy)
    expect(latency.summary?.response?.p99).toBe(0.001)
    expect(generator.late?.p50).toBeCloseTo(0.0007, 6)
  })

  it('replay what a generator that was off its processor would have seen, and withhold what its pause may have made', async () => {
    const load = loadOf({ duration: 20 })
    const service = 0.0003
    // Off its processor from 10 s to 10.4 s: what was due then is sent after it, one request of a connection after the other.
    const free = new Array<number>(load.connections).fill(0)
    const sent = simulate({ ...load, rate: 1000 }, { service, stops: 99, goes: 99 }).map((one) => {
      const begins = Math.max(one.start, free[one.thread] ?? 0)
      const start = begins >= 10 && begins < 10.4 ? 10.4 : begins
      free[one.thread] = start + service
      return { ...one, start }
    })
    const { latency, generator, slices } = await parse(load, sent)
    const { service: served, response, asSent, bounds } = latency.summary ?? {}
    expect(served?.max).toBeCloseTo(service, 9)
    expect(response?.max).toBeCloseTo(service, 6)
    expect(asSent?.max).toBeGreaterThan(0.39)
    expect(asSent?.p99).toBeGreaterThan(0.18)
    expect(bounds?.p50).toEqual({ lo: response?.p50, hi: response?.p50 })
    expect(bounds?.p99.lo).toBeCloseTo(service, 6)
    expect(bounds?.p99.hi).toBeGreaterThan(0.18)
    expect(generator.late?.disturbed).toBeGreaterThan(0.018)
    expect(generator.late?.disturbed).toBeLessThan(0.022)
    expect(generator.late?.inherited).toBeGreaterThan(0.018)
    expect(slices?.disturbed.filter((count) => count > 0)).toHaveLength(1)
  })

  it('withhold what waited for an answer that a paused generator could not read', async () => {
    const load = loadOf({ duration: 20 })
    const [service, stops, goes] = [0.0009, 10, 10.4]
    const free = new Array<number>(load.connections).fill(0)
    const sent = simulate({ ...load, rate: 1000 }, { service, stops: 99, goes: 99 }).map((one) => {
      const begins = Math.max(one.start, free[one.thread] ?? 0)
      const start = begins >= stops && begins < goes ? goes : begins
      const end = start < stops && start + service > stops ? goes : start + service
      free[one.thread] = end
      return { ...one, start, latency: end - start }
    })
    const held = sent.filter(({ latency }) => latency > 0.3)
    expect(held).toHaveLength(1)
    const { latency, generator, slices } = await parse(load, sent)
    const { response, asSent, bounds } = latency.summary ?? {}
    // One connection in eight waited for it, 50 requests: the replay cannot know how long that answer really took.
    expect(response?.max).toBeGreaterThan(0.39)
    expect(bounds?.p999.lo).toBeCloseTo(service, 6)
    expect(bounds?.p999.hi).toBeGreaterThan(0.35)
    expect(bounds?.p50).toEqual({ lo: service, hi: service })
    expect(generator.late?.disturbed).toBeGreaterThan(0.018)
    expect(slices?.disturbed.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(380)
    expect(asSent?.max).toBeGreaterThan(0.39)
    expect(generator.pauses).toEqual({ count: 0, seconds: 0, moments: [] })
  })

  it('do not blame the generator for a stall of the server', async () => {
    const { latency, generator } = await parse(load, sent)
    expect(latency.summary?.bounds).toBeUndefined()
    expect(generator.late).toMatchObject({ disturbed: 0, inherited: 0 })
  })

  it('leave no quantile beyond what was sent, where requests were never sent', async () => {
    const load = loadOf({ duration: 20 })
    const all = simulate({ ...load, rate: 1000 }, { service: 0.001, stops: 99, goes: 99 })
    const { latency, dropped } = await parse(
      load,
      all.filter(({ call }) => call < 2450),
    )
    expect(dropped).toBe(400)
    expect(latency.summary?.bounds?.p90).toEqual({ lo: 0.001, hi: 0.001 })
    expect(latency.summary?.bounds?.p99).toEqual({ lo: 0.001 })
  })

  it('never let an answer as sent be earlier than in the replay, nor that be shorter than the service', async () => {
    const small = loadOf({ rate: 100, duration: 5, connections: 4 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(3e5), fc.nat(2e5)), { minLength: 20, maxLength: 20 }),
        async (drawn) => {
          const free = new Array<number>(4).fill(0)
          const sent = simulate({ ...small, rate: 100 }, { service: 0, stops: 99, goes: 99 }).map((one, index) => {
            const [late = 0, latency = 0] = index % 25 === 0 ? (drawn[index / 25] ?? []) : [0, 500]
            const start = Math.max(one.start, free[one.thread] ?? 0) + late / 1e6
            free[one.thread] = start + latency / 1e6
            return { ...one, start, latency: latency / 1e6 }
          })
          const { service, response, asSent } = (await parse(small, sent)).latency.summary ?? {}
          for (const key of ['p50', 'p90', 'p99', 'max'] as const) {
            expect(response?.[key] ?? -1).toBeGreaterThanOrEqual((service?.[key] ?? 0) - 2e-6)
            expect(asSent?.[key] ?? -1).toBeGreaterThanOrEqual((response?.[key] ?? 0) * 0.999 - 2e-6)
          }
        },
      ),
      { numRuns: 50 },
    )
  })

  it('place requests in the second in which they were due', async () => {
    const { timeline } = await parse(load, sent)
    expect(timeline.requests).toHaveLength(60)
    expect(Math.max(...timeline.requests)).toBeLessThan(1010)
    expect(timeline.p50[29]).toBe(1000)
    expect(timeline.p50[30]).toBeGreaterThan(400_000)
    expect(timeline.max[30]).toBeGreaterThan(990_000)
  })

  it('tell settling from the first tenth and the second half', async () => {
    const cold = sent.map((one) => (one.start < 6 ? { ...one, latency: 0.002 } : one))
    const { generator } = await parse(load, cold)
    expect(generator.settling?.p50First).toBe(0.002)
    expect(generator.settling?.p50Last).toBe(0.001)
  })

  it('keep the precision of times that no number holds', async () => {
    const small = { ...loadOf({ rate: 8, duration: 2, connections: 2 }) }
    const few = simulate({ ...small, rate: 8 }, { service: 0.000123, stops: 99, goes: 99 })
    const { generator } = await parse(
      small,
      few.map((one) => ({ ...one, start: one.start + 3e-6 })),
    )
    expect(generator.late?.p50).toBe(3e-6)
    expect(generator.late?.max).toBe(3e-6)
  })

  it('count time-outs', async () => {
    const small = loadOf({ rate: 8, duration: 2, connections: 2 })
    const few = simulate({ ...small, rate: 8 }, { service: 0.001, stops: 99, goes: 99 })
    const [first, ...rest] = few as [Sent, ...Sent[]]
    const { generator, codes, errors } = await parse(small, [
      ...rest,
      { ...first, latency: 10.001, ok: false, details: '-1' },
    ])
    expect(generator.timeouts).toBe(1)
    expect(codes).toEqual({ 200: 15, '-1': 1 })
    expect(errors).toBe(1)
  })
})

describe('fortioSchedule', () => {
  const resultWith = (over: object) =>
    JSON.parse(resultOf(loadOf(), [{ thread: 0, call: 0, start: 0, latency: 1 }], over))

  it('stretches each connection over the whole length', () => {
    const { stride, offsets, planned } = fortioSchedule(
      resultWith({ RequestedQPS: '500', RequestedDuration: '1m0s', NumThreads: 8 }),
    )
    expect(planned).toBe(30_000)
    expect((stride * (30_000 / 8 - 1)) / 1e6).toBeCloseTo(60, 6)
    expect(offsets).toEqual([0, 2000, 4000, 6000, 8000, 10_000, 12_000, 14_000])
  })

  it('leaves out what does not divide among the connections', () => {
    expect(fortioSchedule(resultWith({ RequestedQPS: '100', RequestedDuration: '1s', NumThreads: 7 })).planned).toBe(98)
  })

  it('sends from all connections at once without -uniform', () => {
    expect(fortioSchedule(resultWith({ Uniform: false, NumThreads: 2 })).offsets).toEqual([0, 0])
  })
})

describe('parseInstant', () => {
  it.each([
    ['2026-11-22T07:46:38.363000399Z', 1_795_333_598, 363_000_399],
    ['2026-11-22T09:46:38.5+02:00', 1_795_333_598, 500_000_000],
    ['2026-11-22T07:46:38Z', 1_795_333_598, 0],
  ])('reads %s', (text, seconds, nanos) => {
    expect(parseInstant(text)).toEqual({ seconds, nanos })
  })

  it('does not read what is no time', () => {
    expect(parseInstant('yesterday')).toBeUndefined()
  })
})

describe('the access log', () => {
  const load = loadOf({ rate: 40, duration: 1, connections: 4 })
  const usual = simulate({ ...load, rate: 40 }, { service: 0.0015, stops: 0.3, goes: 0.4 })
  const unlike = (line: string, index: number) =>
    [
      line,
      line.replace('"latency":', '"latency": ').replace(',"thread"', ', "thread"'),
      `${JSON.stringify({ details: '503', ok: false, ...JSON.parse(line.replace(/"timestamp":\d+,/, '')) }).replace(/}$/, '')},${/"timestamp":\d+/.exec(line)?.[0]}}\n`,
      line.replace(
        'true,"details":"200"',
        'false,"details":"rpc error: code = Unavailable desc = \\"connection \\x00 \\\\ refused\\""',
      ),
      line.replace(
        'true,"details":"200"',
        'false,"details":"read tcp 127.0.0.1:4242-\\u003e127.0.0.1:80: i/o timeout"',
      ),
    ][index % 5] as string
  const log = Buffer.from(usual.map((one, index) => unlike(lineOf(one), index)).join(''))
  const read = (pieces: () => AsyncIterable<Uint8Array>) => {
    const result = Buffer.from(resultOf(load, usual))
    const execution = finished({})
    return fortio.parse({ ...execution, read: (name) => (name === 'fortio.json' ? inPieces(result) : pieces()) }, load)
  }

  it('is understood also where lines look unlike those of fortio', async () => {
    const { codes, errors } = await read(() => inPieces(log))
    expect(codes).toEqual({ 200: 24, Unavailable: 8, 'i/o timeout': 8 })
    expect(errors).toBe(16)
  })

  it('reads the same however it is cut into pieces', async () => {
    const whole = await read(() => inPieces(log, log.length))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: log.length }), { maxLength: 40 }), async (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), log.length]
        const pieces = async function* () {
          for (const [index, edge] of edges.entries()) if (index > 0) yield log.subarray(edges[index - 1], edge)
        }
        expect(await read(pieces)).toEqual(whole)
      }),
      { numRuns: 60 },
    )
    expect(await read(() => inPieces(log, 1))).toEqual(whole)
  })

  it('needs no newline at its end', async () => {
    expect(await read(() => inPieces(log.subarray(0, -1)))).toEqual(await read(() => inPieces(log)))
  })
})
