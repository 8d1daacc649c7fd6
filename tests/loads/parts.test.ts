import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dueTimes } from '../../src/loads/arrivals.ts'
import { knownCause, loggedWarnings, shortened } from '../../src/loads/messages.ts'
import { type Moment, pausesOf, periodOf, shareAt, stallsOf } from '../../src/loads/pauses.ts'
import { timelineBuilder } from '../../src/loads/timeline.ts'
import { wholeLines } from '../../src/loads/whole-lines.ts'
import { random } from '../../src/stats/random.ts'
import { inPieces } from './captured.ts'

describe('wholeLines', () => {
  it('gives all bytes, in blocks that end where a line ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(10, 97, 98)), fc.integer({ min: 1, max: 9 }), async (bytes, size) => {
        const blocks: Uint8Array[] = []
        for await (const block of wholeLines(inPieces(Uint8Array.from(bytes), size))) blocks.push(block)
        expect(blocks.flatMap((block) => [...block])).toEqual(bytes)
        for (const block of blocks.slice(0, -1)) expect(block.at(-1)).toBe(10)
      }),
    )
  })
})

describe('timelineBuilder', () => {
  it('has exact quantiles by the second, 0 where there was no success, and the rest in the nearest row', () => {
    const timeline = timelineBuilder(2.5, 2)
    const at = Float64Array.from([-1, 0, 999_999, 1_000_000, 9e9])
    timeline.answered(at, Float64Array.from([10, 30, 20.6, 400, 7]), new Float64Array(5), 5)
    timeline.failed(2e6)
    expect(timeline.build()).toEqual({
      requests: [3, 1, 2],
      errors: [0, 0, 1],
      p50: [21, 400, 7],
      p90: [30, 400, 7],
      p99: [30, 400, 7],
      max: [30, 400, 7],
    })
    expect(timelineBuilder(1, 0).build().p50).toEqual([0])
  })

  it('grows, and loses nothing when seconds alternate', () => {
    const timeline = timelineBuilder(2, 1)
    const at = Float64Array.from({ length: 5000 }, (_, index) => (index % 2) * 1e6)
    timeline.answered(
      at,
      Float64Array.from({ length: 5000 }, (_, index) => index + 1),
      Float64Array.from({ length: 5000 }, (_, index) => 5000 - index),
      5000,
    )
    expect(timeline.build()).toMatchObject({ requests: [2500, 2500], max: [4999, 5000] })
    expect(timeline.slices(1)).toMatchObject({ answers: [2500, 2500], p99: [4949, 4950], serviceP99: [4950, 4949] })
  })

  it('bounds the p99 of a slice: without the requests that the generator disturbed, and with them as they came', () => {
    const timeline = timelineBuilder(2, 100)
    // 100 requests a second, of 1 to 100 µs. Of the first second the slowest was disturbed, and one was never sent.
    const times = Float64Array.from({ length: 200 }, (_, index) => (index % 100) + 1)
    timeline.answered(
      times.map((_, index) => index * 1e4),
      times,
      times,
      200,
    )
    timeline.disturbed({ at: 990_000, response: 100, asSent: 700 })
    expect(timeline.slices(1)).toMatchObject({ p99: [99, 99], bounds: { lo: [99, 99], hi: [99, 99] } })
    timeline.disturbed({ at: 5000, asSent: Number.POSITIVE_INFINITY })
    const { p99, disturbed, bounds } = timeline.slices(1)
    expect({ p99, disturbed }).toEqual({ p99: [99, 99], disturbed: [2, 0] })
    expect(bounds).toEqual({ lo: [99, 99], hi: [700, 99] })
  })

  it('cuts the window into slices whose p99 is that of all their requests, by both clocks', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 6_999_999 }), fc.nat(1e6), fc.nat(1e6)), { maxLength: 400 }),
        fc.integer({ min: 1, max: 3 }),
        (requests, length) => {
          const timeline = timelineBuilder(7, 3)
          const column = (place: 0 | 1 | 2) => Float64Array.from(requests, (request) => request[place])
          timeline.answered(column(0), column(1), column(2), requests.length)
          const slices = timeline.slices(length)
          const p99 = (slice: number, place: 1 | 2) => {
            const inside = requests.filter(([at]) => Math.floor(at / (length * 1e6)) === slice)
            const sorted = inside.map((request) => request[place]).sort((a, b) => a - b)
            return sorted[Math.ceil(0.99 * sorted.length) - 1] ?? 0
          }
          const all = Array.from({ length: Math.floor(7 / length) }, (_, slice) => slice)
          expect(slices.p99).toEqual(all.map((slice) => p99(slice, 1)))
          expect(slices.serviceP99).toEqual(all.map((slice) => p99(slice, 2)))
        },
      ),
    )
  })
})

describe('pausesOf', () => {
  const of = (requests: readonly [start: number, latency: number][], connections = 4) =>
    pausesOf(
      { starts: requests.map(([start]) => start), latencies: requests.map(([, latency]) => latency) },
      10,
      connections,
    )

  it('counts moments in which half of the connections wait', () => {
    expect(
      of([
        [0, 1000],
        [500, 1000],
      ]),
    ).toMatchObject({ count: 1, seconds: 500e-6 })
    expect(
      of([
        [0, 1000],
        [500, 1000],
        [5000, 200],
        [5100, 200],
      ]),
    ).toMatchObject({ count: 2, seconds: 600e-6 })
    expect(
      of([
        [0, 1000],
        [100, 1000],
        [200, 1000],
        [900, 300],
      ]),
    ).toMatchObject({ count: 1, seconds: 1100e-6 })
  })

  it('does not count fewer connections, nor requests that were only slow', () => {
    expect(
      of([
        [0, 1000],
        [1000, 1000],
      ]),
    ).toMatchObject({ count: 0, seconds: 0 })
    expect(
      of([
        [0, 90],
        [10, 90],
      ]),
    ).toMatchObject({ count: 0, seconds: 0 })
    expect(of([])).toMatchObject({ count: 0, seconds: 0 })
  })
})

describe('moments of pauses', () => {
  it('have their start and length, the longest 100 of them', () => {
    const starts = Array.from({ length: 150 }, (_, index) => [index * 10_000, index * 10_000]).flat()
    const latencies = starts.map((start) => 1000 + start / 1000)
    const { count, moments } = pausesOf({ starts, latencies }, 10, 4)
    expect(count).toBe(150)
    expect(moments).toHaveLength(100)
    expect(moments[0]).toEqual({ at: 0.5, seconds: 0.0015 })
    expect(moments.at(-1)?.at).toBe(1.49)
  })

  it('are one stall where they are close together, and none where they are far shorter than the longest', () => {
    const moments = [
      { at: 1, seconds: 0.1 },
      { at: 1.15, seconds: 0.05 },
      { at: 3, seconds: 0.01 },
      { at: 6.2, seconds: 0.08 },
    ]
    expect(stallsOf(moments).map(({ at }) => at)).toEqual([1, 6.2])
    expect(stallsOf(moments)[0]?.seconds).toBeCloseTo(0.2)
    expect(stallsOf([])).toEqual([])
  })
})

describe('periodOf', () => {
  const at = (...starts: number[]): Moment[] => starts.map((start) => ({ at: start, seconds: 0.1 }))
  /** Windows of 15 s that begin anywhere in a period of 5.2 s, off by up to 2 %. */
  const periodic = (seed: number) => {
    const draw = random(seed)
    return Array.from({ length: 8 }, () => {
      const first = 5.2 * draw.uniform()
      return at(
        ...[0, 1, 2].map((index) => first + 5.2 * index * (1 + 0.02 * draw.uniform())).filter((one) => one < 15),
      )
    })
  }

  it('finds the period that windows share, each of which has two or three stalls', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const period = periodOf(periodic(seed))
      expect(period).toBeGreaterThan(5.1)
      expect(period).toBeLessThan(5.4)
    }
  })

  it('is not misled by a stall between two of them, nor by one that was missed', () => {
    expect(periodOf([at(0, 5, 10, 15, 20, 30, 35, 40, 42.5, 45, 50)])).toBeCloseTo(5, 5)
  })

  it('finds none in stalls that come by chance, in 99 of 100 runs', () => {
    const found = Array.from({ length: 300 }, (_, seed) => {
      const draw = random(seed + 1000)
      const four = () => [0, 0, 0, 0].map(() => 20 * draw.uniform()).sort((a, b) => a - b)
      return periodOf(Array.from({ length: 8 }, () => at(...four())))
    }).filter((period) => period !== undefined)
    expect(found.length).toBeLessThanOrEqual(3)
  })

  it('finds none in a few', () => {
    expect(periodOf([])).toBeUndefined()
    expect(periodOf([at(1, 6.2, 11.4)])).toBeUndefined()
  })

  it('tells how much of other windows has it', () => {
    expect(shareAt(5, [at(0, 5, 10), at(1, 8)])).toBeCloseTo(2 / 3)
    expect(shareAt(5, [at(1)])).toBeUndefined()
  })
})

describe('dueTimes', () => {
  it('finds the clock again, up to what the promptest was late', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 30, max: 900 })), { minLength: 1, maxLength: 100 }),
        (ticks) => {
          const late = ticks.map(([, by]) => by)
          const time = (tick: number) => 5000 + tick * 1000 + (late[tick] ?? 0)
          const sent = ticks.flatMap(([isSent], tick) => (isSent ? [tick] : []))
          const dropped = ticks.flatMap(([isSent], tick) => (isSent ? [] : [time(tick)]))
          const due = dueTimes(sent.map(time), dropped, 1000)
          const truth = (tick: number) => 5000 + tick * 1000 + Math.min(...late)
          expect(Array.from(due.sent)).toEqual(sent.map(truth))
          expect(Array.from(due.dropped)).toEqual(ticks.flatMap(([isSent], tick) => (isSent ? [] : [truth(tick)])))
        },
      ),
    )
  })

  it('does not ask for order', () => {
    expect(Array.from(dueTimes([2010, 10, 1500], [], 1000).sent)).toEqual([2010, 10, 1010])
  })
})

describe('messages', () => {
  it('are said once, whatever their numbers, the most frequent first', () => {
    expect(shortened(['port 1', 'full', 'port 2'])).toEqual(['port 1 (2 times)', 'full'])
    expect(shortened(['x'.repeat(500)])[0]).toHaveLength(200)
    expect(shortened(Array.from({ length: 99 }, (_, index) => 'y'.repeat(index + 1)))).toHaveLength(20)
  })

  it('are taken from logs of both tools', () => {
    const log = [
      '{"ts":1,"level":"info","msg":"fine"}',
      '{"ts":1,"level":"warn","msg":"of fortio"}',
      '{"level":"warning","msg":"of k6"}',
      '{"level":"err","msg":"cannot assign requested address"}',
      '{broken',
      'All done 3000 calls',
    ]
    expect(loggedWarnings(log.join('\n'))).toEqual(['of fortio', 'of k6', 'cannot assign requested address'])
  })

  it('keep the reason that stands beside them', () => {
    const log = [
      '{"level":"err","msg":"Unable to connect","dest":{"IP":"127.0.0.1"},"err":"dial tcp 127.0.0.1:1: socket: too many open files"}',
      '{"error":"Get \\"http://a/\\": dial tcp: connect: connection refused","level":"warning","msg":"Request Failed"}',
      '{"level":"error","msg":"it failed: EOF","error":"EOF"}',
    ]
    expect(loggedWarnings(log.join('\n'))).toEqual([
      'Unable to connect: dial tcp 127.0.0.1:1: socket: too many open files',
      'Request Failed: Get "http://a/": dial tcp: connect: connection refused',
      'it failed: EOF',
    ])
  })

  it('lose their middle where they are too long, and what no terminal should get', () => {
    const [said = ''] = shortened([
      `Request Failed: Get "http://a/${'x'.repeat(300)}": \x1b[31mconnection refused\x1b[0m`,
    ])
    expect(said).toHaveLength(200)
    expect(said).toMatch(/^Request Failed.* … .*connection refused$/)
    expect(shortened(['a \x1b]0;title\x07 b'])).toEqual(['a ·]0;title· b'])
  })

  it.each([
    ['socket: too many open files', /ulimit -n/],
    ['connect: cannot assign requested address', /ip_local_port_range/],
    ['write /x: no space left on device', /disk/],
    ['dial tcp: lookup server on 10.96.0.10:53: no such host', /DNS/],
    ['connect: connection refused', /Nothing listened/],
    ['read: connection reset by peer', /closed connections/],
    ['remote error: tls: handshake failure', /TLS/],
    ['context deadline exceeded', /in time/],
  ])('have a remedy of their own: %s', (message, remedy) => {
    expect(knownCause(['something else', message])).toEqual({ message, remedy: expect.stringMatching(remedy) })
  })
})
