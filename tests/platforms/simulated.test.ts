import { describe, expect, it } from 'vitest'
import { loads } from '../../src/loads/index.ts'
import { Failure } from '../../src/model/failure.ts'
import { type Plan, trialsOf } from '../../src/model/plan.ts'
import type { Command, Execution, RunningArm } from '../../src/model/platform.ts'
import type { Arm, Load, Scenario } from '../../src/model/scenario.ts'
import type { Observation } from '../../src/model/usage.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { remaining } from '../../src/plan/shards.ts'
import { simulated } from '../../src/platforms/simulated/simulated.ts'
import { run as carryOut } from '../../src/run/run.ts'
import { loadOf, named } from '../build/scenario.ts'
import { opened } from './opened.ts'

const signal = new AbortController().signal

/** A scenario of one baseline and one mesh, 2 × as slow and 3 × as dear. */
function given(change: Partial<Scenario> = {}, simulation: Partial<Scenario['simulation']> = {}): Scenario {
  const base = named([], ['http'], { blocks: 2 })
  return {
    ...base,
    arms: [
      { name: 'none', mesh: 'none' },
      { name: 'mesh', mesh: 'envoy-sidecar' },
    ],
    simulation: {
      ...base.simulation,
      latency: 0.0005,
      effects: { mesh: { latency: 2, cpu: 3, memory: 90e6 } },
      ...simulation,
    },
    ...change,
  }
}

async function raise(plan: Plan, arm: string): Promise<RunningArm> {
  const [cohort] = plan.cohorts
  const chosen = plan.scenario.arms.find(({ name }) => name === arm)
  if (!cohort || !chosen) throw new Error('not in the plan')
  const testbed = await opened(simulated().open(plan, cohort, { id: 'run' }, signal))
  return opened(testbed.raise(chosen, signal))
}

function fortio(trial: string, { rate = 1000, connections = 8, duration = 10 } = {}): Command {
  const qps = ['-qps', String(rate), '-c', String(connections), '-t', `${duration}s`, '-uniform', '-r', '0.0001']
  const out = ['-json', `${trial}.json`, '-access-log-file', `${trial}.jsonl`, '-payload-size=1024']
  return {
    program: 'fortio',
    argv: ['load', ...qps, ...out, 'http://server.simulated:8080/'],
    outputs: { result: `${trial}.json`, 'access-log': `${trial}.jsonl` },
    within: 60,
  }
}

async function text(execution: Execution, name: string): Promise<string> {
  let content = ''
  const decoder = new TextDecoder()
  for await (const chunk of execution.read(name)) content += decoder.decode(chunk, { stream: true })
  return content
}

interface Line {
  readonly latency: number
  readonly timestamp: number
  readonly thread: number
  readonly iter: number
  readonly ok: boolean
}

interface Ran {
  readonly execution: Execution
  readonly observation: Observation
  readonly log: string
  readonly lines: readonly Line[]
  // biome-ignore lint/suspicious/noExplicitAny: fortio's result is read as it comes
  readonly result: any
}

/** One trial of an arm, in the first block that has it. */
async function run(given: Scenario, arm: string, options = {}): Promise<Ran> {
  const plan = makePlan(given)
  const runningArm = await raise(plan, arm)
  const trial = trialsOf(plan).find((one) => one.arm === arm)
  const window = await runningArm.observe()
  const execution = await runningArm.exec(fortio(trial?.id ?? '', options), signal)
  const observation = await window.close()
  const log = await text(execution, 'access-log')
  const result = await text(execution, 'result')
  const lines = log
    .trimEnd()
    .split('\n')
    .filter(Boolean)
    .map((line): Line => JSON.parse(line))
  return { execution, observation, log, lines, result: result === '' ? undefined : JSON.parse(result) }
}

const quantile = (values: readonly number[], q: number) =>
  values.toSorted((a, b) => a - b)[Math.floor(q * values.length)] ?? Number.NaN

/** Response time as everybody reckons it: answer minus intended send, by fortio's schedule. */
function responses({ lines, result }: Ran, rate: number): number[] {
  const start = Date.parse(result.StartTime) / 1000
  const threads: number = result.NumThreads
  const calls = Math.floor(Math.floor((rate * Number.parseFloat(result.RequestedDuration)) / 1) / threads)
  return lines.map(({ latency, timestamp, thread, iter }) => {
    const due = thread / rate + ((iter === 0 ? 0 : iter + iter / (calls - 1)) * threads) / rate
    return timestamp / 1e9 + latency - start - due
  })
}

describe('meshes of clusters', () => {
  it.each([
    ['istio-sidecar', ['client-proxy', 'server-proxy']],
    ['linkerd', ['client-proxy', 'server-proxy']],
    ['istio-ambient', ['node-proxy', 'node-proxy']],
    ['istio-ambient-waypoint', ['node-proxy', 'node-proxy', 'waypoint']],
  ])('have the proxies of their architecture, and these the true CPU: %s', async (mesh, roles) => {
    const arms = [
      { name: 'none', mesh: 'none' },
      { name: 'mesh', mesh },
    ]
    const { observation } = await run(given({ arms }), 'mesh')
    const proxies = observation.usage.filter(({ role }) => role.endsWith('proxy') || role === 'waypoint')
    expect(proxies.map(({ role }) => role).toSorted()).toEqual(roles)
    for (const { cpuSeconds } of proxies) expect(cpuSeconds).toBeGreaterThan(0.1)
  })
})

describe('simulated platform', () => {
  it('says that nothing was measured', async () => {
    const prepared = await opened(simulated().prepare(makePlan(given()), signal))
    expect(prepared.caveat).toBe('Simulated: no mesh was measured; the true effects are stated in the scenario.')
    expect(prepared.tools.map(({ name }) => name)).toEqual(['simulated'])
    expect(await simulated().leftovers()).toEqual([])
  })

  it('finds in a check what it cannot simulate', async () => {
    const errors = async (change: Scenario) =>
      (await simulated().check(makePlan(change)))
        .filter(({ severity }) => severity === 'error')
        .map(({ message }) => message)
    expect(await errors(given())).toEqual([])
    expect(await errors(given({}, { stalls: { every: 1, last: 1 } }))).toHaveLength(1)
    expect(await errors(given({}, { stalls: { every: 1, last: 0.6, jitter: 0.6 } }))).toEqual([])
    expect(await errors(given({}, { stalls: { every: 1, last: 0.6, jitter: 0.7 } }))).toHaveLength(1)
    expect(await errors(given({ arms: [{ name: 'a', mesh: 'linkerdd' }] }))).toEqual([
      'arm a asks for the mesh linkerdd, which is not known',
    ])
  })

  it('writes the same bytes for the same trial, and others for another seed', async () => {
    const noisy = { noise: { trial: 0.1, block: 0.1, cohort: 0.1 }, drift: 1.1 }
    const [first, second, other] = await Promise.all([
      run(given({}, noisy), 'mesh'),
      run(given({}, noisy), 'mesh'),
      run(given({ seed: 2 }, noisy), 'mesh'),
    ])
    expect(second.log).toBe(first.log)
    expect(second.result).toEqual(first.result)
    expect(second.observation).toEqual(first.observation)
    expect(other.log).not.toBe(first.log)
  })

  it('holds the true latency, its spread and its ratio within sampling error', async () => {
    const service = (ran: Ran) => ran.lines.map(({ latency }) => Math.log(latency))
    const none = service(await run(given(), 'none'))
    const mesh = service(await run(given(), 'mesh'))
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
    const error = 4 * 0.3 * Math.sqrt(1 / none.length)
    expect(none).toHaveLength(10_000)
    expect(Math.abs(mean(none) - Math.log(0.0005))).toBeLessThan(error)
    expect(Math.abs(mean(mesh) - mean(none) - Math.log(2))).toBeLessThan(error * Math.SQRT2)
    const center = mean(none)
    const deviation = Math.sqrt(mean(none.map((value) => (value - center) ** 2)))
    expect(Math.abs(deviation / 0.3 - 1)).toBeLessThan(0.03)
  })

  it('adds an injected delay to every answer', async () => {
    const arms = [{ name: 'none', mesh: 'none', inject: { delay: 0.005 } }]
    const late = await run(given({ arms }), 'none')
    const usual = await run(given({ arms: [{ name: 'none', mesh: 'none' }] }), 'none')
    const before = usual.lines.toSorted(bySlot)
    const added = late.lines.toSorted(bySlot).map(({ latency }, index) => latency - (before[index]?.latency ?? 0))
    for (const difference of [Math.min(...added), Math.max(...added)]) expect(difference).toBeCloseTo(0.005, 5)
  })

  it('sends on schedule, so that both clocks agree without a stall', async () => {
    const ran = await run(given(), 'none')
    const response = responses(ran, 1000)
    const apart = ran.lines.map(({ latency }, index) => Math.abs((response[index] ?? 0) - latency))
    expect(Math.max(...apart)).toBeLessThan(2e-6)
  })

  it('raises the response time by a stall and leaves the service time alone', async () => {
    const ran = await run(given({}, { stalls: { every: 40, last: 1 } }), 'none', { duration: 40 })
    const service = ran.lines.map(({ latency }) => latency)
    const response = responses(ran, 1000)
    expect(service).toHaveLength(40_000)
    expect(quantile(service, 0.99)).toBeLessThan(0.002)
    expect(Math.max(...service)).toBeGreaterThan(0.98)
    // 1,000 requests were due during the stall; the 400 that wait longest make up the last hundredth.
    expect(quantile(response, 0.99)).toBeGreaterThan(0.6)
    expect(quantile(response, 0.99)).toBeLessThan(0.6 * 1.1)
    expect(quantile(response, 0.9)).toBeLessThan(0.002)
  })

  describe('stalls with jitter', () => {
    const every = 2
    const last = 0.1
    const duration = 40
    /** Of one trial, as its answers show them: who waits longest came first, and was answered when the stall was over. */
    async function stallsSeen(jitter: number, seed = 1) {
      const ran = await run(given({ seed }, { spread: 0, stalls: { every, last, jitter } }), 'none', { duration })
      const start = Date.parse(ran.result.StartTime) / 1000
      const waited = ran.lines.filter(({ latency }) => latency > 0.01)
      const ends = Map.groupBy(waited, ({ latency, timestamp }) =>
        Math.round((timestamp / 1e9 + latency - start) * 100),
      )
      return [...ends.values()]
        .map((all) => all.toSorted((a, b) => b.latency - a.latency)[0] as Line)
        .map(({ timestamp, latency }) => ({ at: timestamp / 1e9 - start, length: latency }))
        .toSorted((a, b) => a.at - b.at)
    }
    const places = (stalls: readonly { at: number }[]) => stalls.map(({ at }) => (at % every) / every)
    const lengths = (stalls: readonly { length: number }[]) => stalls.map(({ length }) => length / last)

    it('come every so often and last as long without it', async () => {
      const stalls = await stallsSeen(0)
      expect(stalls).toHaveLength(duration / every)
      for (const place of places(stalls)) expect(place).toBeCloseTo(0.5, 2)
      for (const length of lengths(stalls)) expect(length).toBeCloseTo(1, 1)
    })

    it('are one in each period, about its middle and about their length, as far as jitter lets them', async () => {
      const stalls = [...(await stallsSeen(0.5)), ...(await stallsSeen(0.5, 2))]
      expect(stalls).toHaveLength((2 * duration) / every)
      for (const place of places(stalls)) expect(Math.abs(place - 0.5)).toBeLessThan(0.25)
      for (const length of lengths(stalls)) expect(Math.abs(length - 1)).toBeLessThan(0.52)
      // The least and the most of 40 that are uniform are closer together than this once in a million times.
      expect(Math.max(...places(stalls)) - Math.min(...places(stalls))).toBeGreaterThan(0.3)
      expect(Math.max(...lengths(stalls)) - Math.min(...lengths(stalls))).toBeGreaterThan(0.6)
    })

    it('are the same for the same trial, and others for another', async () => {
      const [first, again, other] = [await stallsSeen(1), await stallsSeen(1), await stallsSeen(1, 2)]
      expect(again).toEqual(first)
      expect(
        places(other).filter((place, index) => Math.abs(place - (places(first)[index] ?? 0)) < 0.01),
      ).not.toHaveLength(other.length)
    })

    it('stand still for the same share of time on average, however long they are and whenever they come', async () => {
      const tight = { every: 1, last: 0.45, jitter: 1 }
      const still = await Promise.all(
        Array.from({ length: 8 }, async (_, seed) => {
          const { lines } = await run(given({ seed }, { spread: 0, stalls: tight }), 'none', { duration: 20 })
          // Eight connections stand still as long as one does; each request takes 0.5 ms but for stalls.
          return lines.reduce((sum, { latency }) => sum + latency - 0.0005, 0) / 8 / 20
        }),
      )
      const mean = still.reduce((sum, share) => sum + share, 0) / still.length
      // Of 160 stalls, uniform from nothing to twice the length: standard error 4.6 %.
      expect(Math.abs(mean / 0.45 - 1)).toBeLessThan(0.1)
    })
  })

  it('counts requests, sockets, codes and buckets as fortio does', async () => {
    const { result, lines } = await run(given(), 'mesh')
    expect(result).toMatchObject({ RequestedQPS: '1000', RequestedDuration: '10s', NumThreads: 8, Version: '1.68.0' })
    expect(result).toMatchObject({ RetCodes: { 200: 10_000 }, SocketCount: 8, Uniform: true, NoCatchUp: false })
    const { Data, Count, Percentiles } = result.DurationHistogram
    expect(Data.reduce((sum: number, bucket: { Count: number }) => sum + bucket.Count, 0)).toBe(Count)
    expect(Data.at(-1).Percent).toBe(100)
    const p50 = Percentiles.find(({ Percentile }: { Percentile: number }) => Percentile === 50).Value
    expect(
      p50 /
        quantile(
          lines.map(({ latency }) => latency),
          0.5,
        ),
    ).toBeCloseTo(1, 1)
    expect(new Set(lines.map(({ thread, iter }) => `${thread} ${iter}`)).size).toBe(lines.length)
  })

  it('sends as fast as answers come in a closed loop', async () => {
    const { result, lines } = await run(given({ loads: [loadOf({ name: 'http', rate: 'max' })] }), 'none', {
      rate: 0,
      duration: 1,
    })
    expect(result.RequestedQPS).toBe('max')
    const busy = lines.reduce((sum, { latency }) => sum + latency, 0)
    expect(busy / (8 * result.ActualDuration * 1e-9)).toBeGreaterThan(0.99)
  })

  it('bills server, proxies and generator, in the true proportion', async () => {
    // What server and proxies use without load is no part of the proportion.
    const idle = (role: string) => (role === 'application' ? 0.001 : 0.004)
    const total = ({ usage, seconds }: Observation) =>
      usage
        .filter(({ role }) => role !== 'generator')
        .reduce((sum, { role, cpuSeconds }) => sum + cpuSeconds - idle(role) * seconds, 0)
    const none = (await run(given(), 'none')).observation
    const mesh = (await run(given(), 'mesh')).observation
    expect(total(mesh) / total(none)).toBeCloseTo(3, 9)
    expect(none.usage.map(({ component }) => component)).toEqual(['application', 'generator'])
    const proxies = mesh.usage.filter(({ role }) => role.endsWith('proxy'))
    expect(proxies.map(({ component }) => component)).toEqual(['client-proxy', 'server-proxy'])
    expect(proxies.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0)).toBeCloseTo(
      90e6 + (2 * 10_000 * 1024) / mesh.seconds,
      -1,
    )
    expect(mesh.carried?.requests).toBe(10_000)
    expect(mesh.evidence).toMatchObject([{ name: 'mtls', holds: true }])
    expect(none.carried).toBeUndefined()
    expect(none.evidence[0]).not.toHaveProperty('holds')
  })

  it('grows the memory and the metrics of proxies with idle services', async () => {
    const of = async (idleServices: number) => {
      const [none, mesh] = given().arms as [Arm, Arm]
      const arms = [none, { ...mesh, ...(idleServices > 0 && { idleServices }) }]
      const { usage, exposed } = (await run(given({ arms }), 'mesh')).observation
      const proxies = usage.filter(({ role }) => role.endsWith('proxy'))
      return { exposed, bytes: proxies.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0) }
    }
    const [few, many] = [await of(0), await of(1000)]
    expect(many.bytes - few.bytes).toBe(2 * 1000 * 16 * 1024)
    expect((many.exposed?.series ?? 0) - (few.exposed?.series ?? 0)).toBe(2 * 1000 * 3)
  })

  it('scatters levels by cohort, block and trial as asked', async () => {
    const level = async (change: Partial<Scenario['simulation']>, seed: number) => {
      const quiet = given({ seed, loads: [loadOf({ name: 'http', rate: 16 })] }, { spread: 0, effects: {}, ...change })
      const [none, mesh] = await Promise.all(['none', 'mesh'].map((arm) => run(quiet, arm, { rate: 16, duration: 1 })))
      return [none, mesh].map((ran) => Math.log((ran?.lines[0]?.latency ?? 0) / 0.0005))
    }
    const seeds = Array.from({ length: 40 }, (_, seed) => seed)
    const quiet = { trial: 0, block: 0, cohort: 0 }
    const spread = (values: readonly number[]) =>
      Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length)
    const pairs = async (noise: Partial<typeof quiet>) =>
      await Promise.all(seeds.map((seed) => level({ noise: { ...quiet, ...noise } }, seed)))

    const blocks = await pairs({ block: 0.2 })
    expect(spread(blocks.map(([none = 0, mesh = 0]) => none - mesh))).toBeLessThan(0.005)
    for (const kind of ['block', 'trial', 'cohort'] as const) {
      const levels = kind === 'block' ? blocks : await pairs({ [kind]: 0.2 })
      expect(spread(levels.map(([none = 0]) => none)), kind).toBeGreaterThan(0.12)
      expect(spread(levels.map(([none = 0]) => none)), kind).toBeLessThan(0.3)
      if (kind !== 'block') expect(spread(levels.map(([a = 0, b = 0]) => a - b)), kind).toBeGreaterThan(0.18)
    }
  })
})

const bySlot = (a: Line, b: Line) => a.thread - b.thread || a.iter - b.iter

describe('faults on demand', () => {
  const faulty = (kind: Scenario['simulation']['faults'][number]['kind'], blocks?: number[]) =>
    given({}, { faults: [{ kind, arm: 'mesh', ...(blocks ? { blocks } : {}) }] })

  it('does not raise an arm, in the blocks that are named', async () => {
    const plan = makePlan(faulty('raise', [1]))
    const [cohort] = plan.cohorts
    const arm = plan.scenario.arms[1]
    if (!cohort || !arm) throw new Error('not in the plan')
    const testbed = await opened(simulated().open(plan, cohort, { id: 'run' }, signal))
    const raised = async () => {
      for await (const _ of testbed.raise(arm, signal));
    }
    await expect(raised()).rejects.toMatchObject({ code: 'simulated-fault', message: 'arm mesh did not come up' })
    await expect(raised()).resolves.toBeUndefined()
  })

  it('spares other arms', async () => {
    await expect(raise(makePlan(faulty('raise')), 'none')).resolves.toBeDefined()
  })

  it('breaks a trial as a tool does whose target is gone', async () => {
    const plan = makePlan(faulty('trial'))
    const runningArm = await raise(plan, 'mesh')
    const id = trialsOf(plan).find(({ arm }) => arm === 'mesh')?.id ?? ''
    const execution = await runningArm.exec(fortio(id), signal)
    expect(execution.exitCode).toBe(1)
    expect(execution.stderr).toContain('connection refused')
    expect(await text(execution, 'result')).toBe('')
  })

  it('answers half of the requests with errors', async () => {
    const { result, lines } = await run(faulty('errors'), 'mesh')
    expect(result.RetCodes).toEqual({ 200: 5000, 503: 5000 })
    expect(result.ErrorsDurationHistogram.Count).toBe(5000)
    expect(result.SocketCount).toBe(5008)
    expect(lines.filter(({ ok }) => ok)).toHaveLength(5000)
  })

  it('does not hold the rate on a slow arm', async () => {
    const { result, execution } = await run(faulty('slow'), 'mesh')
    expect(result.ActualQPS / 1000).toBeCloseTo(0.7, 2)
    expect(execution.stderr).toMatch(/WARNING \d+\.\d\d% of sleep were falling behind/)
    expect(execution.stderr).toContain('calls before reaching')
  })

  it('shows traffic that goes around the mesh', async () => {
    const { observation } = await run(faulty('bypass'), 'mesh')
    expect(observation.carried).toEqual({ requests: 0, connections: 0 })
    expect(observation.evidence).toMatchObject([{ name: 'mtls', holds: false }])
  })

  it('breaks a teardown', async () => {
    const plan = makePlan(faulty('lower'))
    const [cohort] = plan.cohorts
    const [none, mesh] = plan.scenario.arms
    if (!cohort || !none || !mesh) throw new Error('not in the plan')
    const testbed = await opened(simulated().open(plan, cohort, { id: 'run' }, signal))
    await expect(testbed.lower(none)).resolves.toBeUndefined()
    await expect(testbed.lower(mesh)).rejects.toMatchObject({ code: 'simulated-fault' })
  })
})

describe('a running arm that is interrupted', () => {
  it('ends at once, with the reason', async () => {
    const plan = makePlan(given({}, { pace: 60 }))
    const runningArm = await raise(plan, 'mesh')
    const id = trialsOf(plan).find(({ arm }) => arm === 'mesh')?.id ?? ''
    const control = new AbortController()
    const running = runningArm.exec(fortio(id), control.signal)
    control.abort(new Error('Ctrl-C'))
    await expect(running).rejects.toThrow('Ctrl-C')
    await expect(runningArm.exec(fortio(id), control.signal)).rejects.toThrow('Ctrl-C')
  })
})

describe('the whole flow, through the real load tools', () => {
  async function results(given: Scenario) {
    const world = { platform: simulated(), loads, identity: { id: 'run' }, signal, now: () => 0 }
    const found = []
    for await (const event of carryOut(makePlan(given), 0, world)) if (event.type === 'result') found.push(event.result)
    return found
  }
  const readings = async (given: Scenario) =>
    (await results(given)).map(({ trial, outcome }) => {
      if (outcome.status === 'failed') throw new Error(outcome.failure.cause)
      return { arm: trial.arm, ...outcome.reading }
    })
  const shapes: Partial<Load>[] = [
    { tool: 'fortio', protocol: 'http' },
    { tool: 'fortio', protocol: 'http2', payload: 0 },
    { tool: 'fortio', protocol: 'grpc' },
    { tool: 'fortio', protocol: 'tcp' },
    { tool: 'k6', protocol: 'http' },
    { tool: 'k6', protocol: 'http', payload: 0, warmup: 0 },
  ]

  it('starts later with proxies, once for all trials of a visit', async () => {
    const two = [loadOf({ name: 'one', rate: 50 }), loadOf({ name: 'two', rate: 60 })]
    const scenario = given({ loads: two, blocks: 2 }, { noise: { trial: 0.1, block: 0, cohort: 0 } })
    const starts = (await results(scenario)).map(({ trial, outcome }) => {
      if (outcome.status === 'failed') throw new Error(outcome.failure.message)
      return { visit: `${trial.arm} ${trial.block}`, arm: trial.arm, start: outcome.reading.start }
    })
    const byVisit = Object.values(Object.groupBy(starts, ({ visit }) => visit))
    expect(byVisit).toHaveLength(4)
    for (const [one, other, ...more] of byVisit as [typeof starts]) {
      expect(one?.start).toStrictEqual(other?.start)
      expect(more).toEqual([])
    }
    const mean = (arm: string) => {
      const of = starts.filter((one) => one.arm === arm).map(({ start }) => start?.ready ?? Number.NaN)
      return of.reduce((sum, one) => sum + one, 0) / of.length
    }
    expect(mean('mesh') / mean('none')).toBeCloseTo(1.5, 0)
    for (const { start } of starts) expect(start?.answered).toBeCloseTo((start?.ready ?? 0) + 0.01, 9)
  })

  it('measures every visit without load first, and gives it to all of its trials', async () => {
    const two = [loadOf({ name: 'one', rate: 50 }), loadOf({ name: 'two', rate: 400 })]
    const noisy = { noise: { trial: 0.1, block: 0, cohort: 0 } }
    const found = (await readings(given({ idle: 5, loads: two }, noisy))).filter(({ arm }) => arm === 'mesh')
    const idle = found.map((one) => one.idle)
    expect(found).toHaveLength(4)
    expect(idle[0]).toEqual(idle[1])
    expect(idle[2]).not.toEqual(idle[0])
    expect(idle[0]?.seconds).toBe(5)
    expect(idle[0]?.evidence).toEqual([])
    expect(idle[0]?.usage.map(({ component }) => component)).toEqual(['application', 'client-proxy', 'server-proxy'])
    const without = await readings(given({ idle: 0, loads: two }))
    expect(without.some((one) => 'idle' in one)).toBe(false)
  })

  it('fails the trials of a visit whose idle window breaks, with the reason, and goes on', async () => {
    const platform = simulated()
    const plan = makePlan(given({ idle: 5, loads: [loadOf({ name: 'http', rate: 50 })] }))
    const breaking: typeof platform = {
      ...platform,
      open: async function* (...about) {
        const testbed = yield* platform.open(...about)
        return {
          ...testbed,
          lower: testbed.lower,
          [Symbol.asyncDispose]: () => testbed[Symbol.asyncDispose](),
          raise: async function* (arm, ...rest) {
            const runningArm = yield* testbed.raise(arm, ...rest)
            const observe = async () => Promise.reject(new Failure('no-counters', 'the counters cannot be read'))
            return arm.name === 'mesh' ? { ...runningArm, observe } : runningArm
          },
        }
      },
    }
    const outcomes = []
    for await (const event of carryOut(plan, 0, {
      platform: breaking,
      loads,
      identity: { id: 'run' },
      signal,
      now: () => 0,
    })) {
      if (event.type === 'result') outcomes.push([event.result.trial.arm, event.result.outcome] as const)
    }
    expect(outcomes).toHaveLength(4)
    for (const [arm, outcome] of outcomes) {
      if (arm === 'none') expect(outcome.status).toBe('measured')
      else expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'no-counters' } })
    }
  })

  it.each(shapes)('finds the true ratio with %j', async (shape) => {
    const found = await readings(given({ blocks: 1, loads: [loadOf({ name: 'http', rate: 200, ...shape })] }))
    const p50 = (arm: string) => found.find((one) => one.arm === arm)?.latency.summary?.response?.p50 ?? Number.NaN
    expect(found).toHaveLength(2)
    for (const { requests, planned, errors, dropped } of found) {
      expect({ requests, planned, errors, dropped }).toEqual({ requests: 2000, planned: 2000, errors: 0, dropped: 0 })
    }
    // The standard error of a median of 2,000 is 1.25 · 0.3 / √2000; four of these for the ratio of two.
    expect(Math.abs(Math.log(p50('mesh') / p50('none') / 2))).toBeLessThan(
      4 * Math.SQRT2 * 1.25 * (0.3 / Math.sqrt(2000)),
    )
  })

  it('drops iterations of k6 where its virtual users all wait', async () => {
    const stalls = { every: 10, last: 1 }
    const [one] = await readings(
      given({ blocks: 1, loads: [loadOf({ name: 'http', tool: 'k6', rate: 200 })] }, { stalls }),
    )
    // 201 arrivals from the stall's begin to its end, of which eight virtual users take one each.
    expect(Math.abs((one?.dropped ?? 0) - 193)).toBeLessThanOrEqual(1)
    expect(one?.generator.messages.join()).toContain('Insufficient VUs')
  })

  it('raises an arm anew after a trial that failed, and goes on in the next block', async () => {
    const loads = [loadOf({ name: 'one', rate: 50 }), loadOf({ name: 'two', rate: 50 })]
    const faults = [{ kind: 'trial' as const, arm: 'mesh', blocks: [1] }]
    const failed = (await results(given({ loads }, { faults }))).filter(({ outcome }) => outcome.status === 'failed')
    expect(failed.map(({ trial }) => [trial.arm, trial.block])).toEqual([
      ['mesh', 1],
      ['mesh', 1],
    ])
  })

  it('goes on where a run was broken off as if it had not been', async () => {
    const whole = makePlan(
      given({ loads: [loadOf({ name: 'http', rate: 50 })] }, { noise: { trial: 0.1, block: 0.1, cohort: 0.1 } }),
    )
    const world = { platform: simulated(), loads, identity: { id: 'run' }, signal, now: () => 0 }
    const collect = async (plan: Plan) => {
      const found = new Map<string, unknown>()
      for await (const event of carryOut(plan, 0, world)) {
        if (event.type === 'result') found.set(event.result.trial.id, event.result)
      }
      return found
    }
    const all = await collect(whole)
    const rest = await collect(remaining(whole, new Set([...all.keys()].slice(0, 3))))
    expect([...rest]).toEqual([...all].slice(3))
  })
})
