import { describe, expect, it } from 'vitest'
import { pausesFinding } from '../../src/commands/doctor.ts'
import { measureThroughput, neededFor, throughputFindings, unmeasuredFindings } from '../../src/commands/throughput.ts'
import { gapsWithin, type PauseProbe, type ProbeClock, probePauses } from '../../src/host/pause-probe.ts'
import type { Load } from '../../src/model/scenario.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { simulated } from '../../src/platforms/simulated/simulated.ts'
import { loadOf, named } from '../build/scenario.ts'

/** Time passes as it is told to: sleeping takes what was asked for, and at some moments longer. */
function clockWith(stalls: Readonly<Record<number, number>>): ProbeClock {
  let time = 0
  const left = new Map(Object.entries(stalls).map(([at, length]) => [Number(at), length]))
  return {
    now: () => time,
    sleep(milliseconds) {
      time += milliseconds
      for (const [at, length] of left) {
        if (time < at) continue
        time += length
        left.delete(at)
      }
    },
  }
}

const seconds = 10
const threads = 2
const plan = makePlan(named(['a', 'b'], [], { loads: [loadOf({ name: 'x', duration: 15 })] }))
/** Both threads stood still at these milliseconds for so long. */
function probe(stalls: Readonly<Record<number, number>>, changes: Partial<PauseProbe> = {}): PauseProbe {
  const both = [0, 1].map(() => gapsWithin(0, seconds, clockWith(stalls)))
  const gaps = { starts: both.flatMap(({ starts }) => starts), latencies: both.flatMap(({ latencies }) => latencies) }
  return { seconds, threads, gaps, strain: {}, ...changes }
}

describe('a thread that sleeps a millisecond at a time', () => {
  it('keeps when it was not let go on, from the start of the probe', () => {
    const { starts, latencies } = gapsWithin(0, 10, clockWith({ 2000: 120, 7200: 60, 9000: 5 }))
    expect(starts.map((micros) => Math.round(micros / 1000))).toEqual([1999, 7199])
    expect(latencies.map((micros) => Math.round(micros / 1000))).toEqual([121, 61])
  })

  it('waits for the others to be ready, and ends in time', () => {
    const clock = clockWith({ 100: 50 })
    expect(gapsWithin(500, 1, clock).starts).toEqual([])
    expect(clock.now()).toBeGreaterThanOrEqual(1500)
    expect(clock.now()).toBeLessThan(1503)
  })
})

describe('what doctor says of a host', () => {
  it('that does not pause is that its tail is not the host’s', () => {
    expect(pausesFinding(probe({}), plan)).toEqual({
      severity: 'ok',
      message: 'no pauses of this host above 10 ms in 10 s: they do not affect p99 and p99.9',
    })
  })

  it('that stalls is how long, how far apart, what it is worth and what may do it', () => {
    const found = pausesFinding(
      probe(
        { 1000: 150, 6200: 90 },
        {
          strain: { pressure: { memory: { some: 0.17 } }, majorFaults: 120 },
          reclaim: { what: "the kernel's DAMON with action pageout", every: 5 },
        },
      ),
      plan,
    )
    expect(found.severity).toBe('warning')
    expect(found.message).toBe('this host stalls: 2 stalls of 91 ms to 151 ms in 10 s, 5.2 s apart, 2.42 % of the time')
    expect(found.cause).toMatch(
      /longest is 1\.01 % of a window of 15 s, and quantiles of all requests above p97\.6 measure the host/,
    )
    expect(found.cause).toMatch(/17 ms\/s of memory pressure and 12 major faults\/s/)
    expect(found.cause).toMatch(/DAMON with action pageout runs every 5 s and may be the cause/)
    expect(found.remedy).toContain('typical-p99')
  })

  it('is not laid on what has another pace', () => {
    const reclaim = { what: "the kernel's DAMON with action pageout", every: 3.7 }
    expect(pausesFinding(probe({ 1000: 150, 6200: 90 }, { reclaim }), plan).cause).not.toContain('DAMON')
  })

  it('with a period that is proved names it', () => {
    const every = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [500 + 1000 * index, 30]))
    expect(pausesFinding(probe(every), plan).message).toMatch(/9 stalls of 31 ms in 10 s every 1 s/)
  })

  it('counts a pause of one core of four for none', () => {
    const one = gapsWithin(0, seconds, clockWith({ 3000: 400 }))
    expect(pausesFinding({ ...probe({}), threads: 4, gaps: one }, plan).severity).toBe('ok')
  })
})

describe('the probe', () => {
  it('runs a thread for each core on this machine', async () => {
    const found = await probePauses(0.3, new AbortController().signal)
    expect(found.threads).toBeGreaterThan(0)
    expect(found.gaps.starts.length).toBe(found.gaps.latencies.length)
  })

  it('ends at once where it is broken off', async () => {
    await expect(probePauses(60, AbortSignal.timeout(50))).rejects.toThrow()
  })
})

describe('what one load generator can send', () => {
  const platform = simulated()
  const planFor = (...loads: Partial<Load>[]) =>
    makePlan(named(['none', 'other'], [], { loads: loads.map((load) => loadOf({ connections: 16, ...load })) }))

  it('says how many the plan needs, each at half of that', () => {
    expect(neededFor(1000, 10_000)).toBe(1)
    expect(neededFor(5000, 10_000)).toBe(1)
    expect(neededFor(5001, 10_000)).toBe(2)
    const plan = planFor(
      { name: 'few', rate: 3000 },
      { name: 'many', rate: 40_000 },
      { name: 'enough', rate: 40_000, generators: 8 },
    )
    const sent = ['few', 'many', 'enough'].map((load) => ({ load, perSecond: 10_000, cores: 0.9 }))
    const found = throughputFindings(sent, plan, platform)
    expect(found.map(({ severity }) => severity)).toEqual(['ok', 'warning', 'ok'])
    expect(found[1]).toMatchObject({
      message: 'load many needs 8 load generators for 40,000/s, and has 1',
      remedy: expect.stringContaining('`generators: 8`'),
    })
  })

  it('is measured with one generator in a closed loop, whatever the plan has', async () => {
    const plan = planFor({ name: 'one', rate: 100, generators: 4 }, { name: 'two', rate: 100, connections: 4 })
    const context = { signal: new AbortController().signal, stderr: { write: () => {} } as never }
    const found = await measureThroughput(plan, platform, context)
    // Sixteen connections to a server that answers in about a millisecond, and four.
    expect(found.map(({ load }) => load).toSorted()).toEqual(['one', 'two'])
    const [one, two] = ['one', 'two'].map((name) => found.find(({ load }) => load === name)?.perSecond ?? 0)
    expect((one ?? 0) / (two ?? 1)).toBeGreaterThan(3)
    expect((one ?? 0) / (two ?? 1)).toBeLessThan(5)
  })

  it('that was not measured is said where it may matter', () => {
    expect(unmeasuredFindings(planFor({ rate: 1000 }))).toEqual([])
    expect(unmeasuredFindings(planFor({ rate: 20_000 }))[0]?.message).toContain('meshbench doctor --throughput')
    expect(unmeasuredFindings(planFor({ rate: 100, generators: 2 }))).toHaveLength(1)
  })
})
