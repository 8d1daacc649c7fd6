import { analyse } from '../../src/analyse/analyse.ts'
import { latencyHistogram } from '../../src/loads/histogram.ts'
import { meshes } from '../../src/meshes/index.ts'
import type { Analysis } from '../../src/model/analysis.ts'
import { type Trial, trialsOf } from '../../src/model/plan.ts'
import type { Provenance, Reading, Result } from '../../src/model/result.ts'
import type { Arm, Load, Scenario } from '../../src/model/scenario.ts'
import type { Observation, Usage } from '../../src/model/usage.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { renderReport } from '../../src/report/render.ts'
import { summarise } from '../../src/stats/quantile-intervals.ts'
import { random } from '../../src/stats/random.ts'
import { runOf } from '../build/run.ts'
import { loadOf, none, noneAgain, scenarioOf, sidecar } from '../build/scenario.ts'

export const CAVEAT =
  'These are architectures built from one proxy on this machine, not Istio or Linkerd: read the differences between architectures, not between products.'

const arms: readonly Arm[] = [
  none,
  noneAgain,
  sidecar,
  { name: 'envoy-node', mesh: 'envoy-node' },
  { name: 'envoy-node-waypoint', mesh: 'envoy-node-waypoint' },
]

const load = loadOf({ name: 'http-500', rate: 500, connections: 16, warmup: 3, duration: 30 })

export const scenario = scenarioOf({
  name: 'standard',
  description: 'What four architectures cost at two rates.',
  seed: 42,
  blocks: 3,
  arms,
  loads: [load, { ...load, name: 'http-2000', rate: 2000, connections: 32 }],
})

/** Latency and CPU as ratios to the baseline, memory of the mesh in bytes. */
const EFFECTS: Readonly<Record<string, { readonly latency: number; readonly cpu: number; readonly memory: number }>> = {
  none: { latency: 1, cpu: 0, memory: 0 },
  'envoy-sidecar': { latency: 1.62, cpu: 193, memory: 96e6 },
  'envoy-node': { latency: 1.04, cpu: 148, memory: 71e6 },
  'envoy-node-waypoint': { latency: 2.31, cpu: 266, memory: 128e6 },
}

const provenance: Provenance = {
  meshbench: '0.1.0',
  node: '24.21.0',
  commandLine: ['meshbench', 'run', 'standard', '--seed', '42'],
  git: { commit: '0123456789abcdef0123456789abcdef01234567', dirty: true },
  machine: {
    os: 'Debian GNU/Linux 12',
    kernel: '6.1.0-44-cloud-amd64',
    arch: 'x64',
    cpu: 'AMD EPYC 7B13',
    cores: 8,
    memoryBytes: 32 * 2 ** 30,
    governor: 'performance',
    virtual: 'kvm',
    load: 0.31,
  },
  platform: 'local',
  caveat: CAVEAT,
  tools: [
    { name: 'fortio', version: '1.68.0', origin: 'go', sha256: '9f2c'.repeat(16) },
    { name: 'envoy', version: '1.40.0', origin: 'pip', sha256: '41ab'.repeat(16) },
  ],
}

/** What a test changes of the run: the scenario, what is told of the machine, and each result. */
export interface Changes {
  readonly scenario?: Partial<Scenario>
  readonly provenance?: Partial<Provenance>
  readonly results?: (result: Result) => Result | undefined
}

/** Five arms, two loads and six blocks with an A/A pair: one trial stalls, one does not hold its rate, one fails. */
export function analysisOf({
  scenario: changed,
  provenance: told,
  results: each = (one) => one,
}: Changes = {}): Analysis {
  const plan = makePlan({ ...scenario, ...changed })
  const run = runOf(plan, {
    id: '2026-03-01T20-15-00-standard',
    startedAt: '2026-03-01T20:15:00.000Z',
    digest: 'c0ffee'.repeat(10),
    provenance: { ...provenance, ...told },
  })
  const results = trialsOf(plan).flatMap((trial) => each(resultOf(plan.scenario, trial)) ?? [])
  return analyse({ run, results, unreadable: [] })
}

function resultOf({ arms: all, loads: asked }: Scenario, trial: Trial): Result {
  const seconds = Date.parse('2026-03-01T20:15:00Z') / 1000 + trial.order * 36
  const at = (offset: number) => new Date((seconds + offset) * 1000).toISOString()
  const common = { schema: 1, run: 'standard', trial, startedAt: at(0), endedAt: at(35) } as const
  const arm = all.find(({ name }) => name === trial.arm)
  const driven = asked.find(({ name }) => name === trial.load)
  if (!arm || !driven) throw new Error(`the plan names ${trial.arm} and ${trial.load}`)
  if (trial.arm === 'envoy-node' && trial.block === 5 && trial.load === 'http-2000') {
    const failure = {
      code: 'proxy-exited',
      message: 'the client’s node proxy ended during the window',
      cause: 'signal SIGSEGV',
      remedy: 'See the proxy’s log in the folder of the run; then meshbench run --resume.',
    }
    return { ...common, outcome: { status: 'failed', failure } }
  }
  return { ...common, outcome: { status: 'measured', reading: readingOf(arm, driven, trial, seconds) } }
}

function readingOf(arm: Arm, driven: Load, trial: Trial, startedAt: number): Reading {
  const slow = trial.arm === 'envoy-sidecar' && trial.block === 2 && trial.load === 'http-2000'
  const stalls = trial.arm === 'envoy-node-waypoint' && trial.block === 4 && trial.load === 'http-500'
  const rate = driven.rate === 'max' ? 4000 : driven.rate
  const planned = rate * driven.duration
  const requests = slow ? Math.round(planned * 0.81) : planned
  const draw = random(trial.order * 7919)
  const effect = EFFECTS[arm.mesh] ?? EFFECTS['none']
  const level = 640 * (effect?.latency ?? 1) * (1 + rate / 8000) * Math.exp(0.015 * draw.normal())
  const stallAt = 11
  return {
    tool: driven.tool,
    startedAt,
    seconds: driven.duration,
    planned,
    requests,
    errors: 0,
    dropped: planned - requests,
    codes: { 200: requests },
    bytesReceived: requests * 1200,
    latency: latencies(level, requests, driven, stalls, draw.normal),
    timeline: timeline(driven.duration, requests, level, stalls ? stallAt : undefined),
    generator: {
      version: '1.68.0',
      connections: driven.connections,
      late: { p50: 4e-5, p99: 3e-4, max: 2e-3 },
      fallingBehind: 0.001,
      uniform: true,
      catchUp: true,
      sockets: driven.connections,
      socketsOfWorst: 1,
      connect: 2e-4,
      timeouts: 0,
      timeout: 3,
      messages: [],
    },
    observation: observation(arm, requests, driven, Math.exp(0.02 * draw.normal())),
    idle: { ...observation(arm, 0, { ...driven, duration: 4.9 }, Math.exp(0.05 * draw.normal())), evidence: [] },
  }
}

/** Microseconds that the server stands still for, once in one trial. */
const STALL = 150_000

/** Log-normal with a heavier tail; a stall holds up everything that was meant to be sent within it. */
function latencies(level: number, requests: number, { rate }: Load, stalls: boolean, normal: () => number) {
  const [service, response] = [latencyHistogram(), latencyHistogram()]
  const different = 3000
  for (let one = 0; one < different; one++) {
    const times = Math.floor((requests + one) / different)
    const micros = level * Math.exp(0.3 * normal()) * (one % 160 === 0 ? 2.4 : 1)
    service.record(micros, times)
    const waits = stalls && one < different / 200
    response.record(micros * 1.06 + (waits ? STALL * (1 - (one * 200) / different) : 0), times)
  }
  return {
    service: service.encode(),
    summary: { service: summarise(service), ...(rate !== 'max' && { response: summarise(response) }) },
    ...(rate !== 'max' && { response: response.encode() }),
  }
}

function timeline(length: number, requests: number, level: number, stallAt: number | undefined): Reading['timeline'] {
  const each = (micros: number, stalled: number) =>
    Array.from({ length }, (_, second) => (second === stallAt ? stalled : micros * (1 + 0.04 * Math.sin(second * 2.1))))
  return {
    requests: Array.from({ length }, () => Math.round(requests / length)),
    errors: Array.from({ length }, () => 0),
    p50: each(level, STALL * 0.02),
    p90: each(level * 1.4, STALL * 0.4),
    p99: each(level * 2.1, STALL * 0.93),
    max: each(level * 3.4, STALL),
  }
}

function observation(arm: Arm, requests: number, { duration, connections }: Load, luck: number): Observation {
  const effect = EFFECTS[arm.mesh] ?? EFFECTS['none']
  const million = requests / 1e6
  const seconds = duration + 0.1
  const proxies = meshes[arm.mesh]?.processes?.proxies ?? []
  const shares = proxies.map((_, index) => (proxies.length === 3 ? [0.3, 0.42, 0.28] : [0.53, 0.47])[index] ?? 0)
  const usage: Usage[] = [
    {
      component: 'server',
      role: 'application',
      cpuSeconds: (62 * million + 0.001 * seconds) * luck,
      memoryBytes: 23e6,
      threads: 9,
    },
    { component: 'fortio', role: 'generator', cpuSeconds: 88 * million * luck, memoryBytes: 48e6, threads: 11 },
    ...proxies.map(({ name, role }, index) => ({
      component: name,
      role,
      cpuSeconds: ((effect?.cpu ?? 0) * (shares[index] ?? 0) * million + 0.003 * seconds) * luck,
      memoryBytes: (effect?.memory ?? 0) * (shares[index] ?? 0) + (3000 * requests) / duration,
      threads: 6,
      restarts: 0,
    })),
  ]
  const meshed = proxies.length > 0
  const claims: Observation['evidence'] = [
    {
      name: 'mtls',
      holds: true,
      seen: `${connections} handshakes, 0 without a peer certificate`,
      source: 'Envoy ssl.handshake',
    },
    { name: 'identity', holds: true, seen: 'spiffe://meshbench.local/server', source: 'Envoy certificates' },
    { name: 'path', holds: true, seen: `${requests} requests through every proxy`, source: 'Envoy cluster counters' },
    { name: 'threads', seen: '2 workers in each proxy', source: 'Envoy /server_info' },
    { name: 'retries', holds: true, seen: '0 retries', source: 'Envoy upstream_rq_retry' },
    { name: 'version', seen: 'Envoy 1.40.0', source: 'Envoy /server_info' },
  ]
  return {
    seconds,
    usage,
    evidence: meshed
      ? claims
      : [{ name: 'path', holds: true, seen: 'no proxy between client and server', source: 'processes' }],
    ...(meshed && { carried: { requests, connections, bytes: requests * 1200 } }),
    host: { cores: 8, busyCores: 0.1, stolenCores: 0, clockStep: 0 },
  }
}

/** The page as text. */
export async function pageOf(...of: Parameters<typeof renderReport>): Promise<string> {
  return Buffer.concat(await renderReport(...of)).toString()
}
