import { latencyHistogram } from '../../src/loads/histogram.ts'
import { meshes } from '../../src/meshes/index.ts'
import type { Generator, Reading } from '../../src/model/result.ts'
import type { Arm, Load } from '../../src/model/scenario.ts'
import type { Observation } from '../../src/model/usage.ts'
import { summarise } from '../../src/stats/quantile-intervals.ts'
import { random } from '../../src/stats/random.ts'
import { http, none } from './scenario.ts'

/** What a test wants to be otherwise in a healthy reading of `load` against `arm`. */
export interface Otherwise {
  readonly arm?: Arm
  readonly load?: Load
  /** Multiplies every latency. */
  readonly latency?: number
  readonly reading?: Partial<Reading>
  readonly generator?: Partial<Generator>
  readonly observation?: Partial<Observation>
}

/** A reading with which nothing is wrong: 60 even seconds, no error, a fresh machine. */
export function readingOf({ arm = none, load = http, latency = 1, ...otherwise }: Otherwise = {}): Reading {
  const rate = load.rate === 'max' ? 5000 : load.rate
  const requests = rate * load.duration
  const meshed = arm.mesh !== 'none'
  const seconds = Array.from({ length: load.duration })
  const level = (micros: number) => seconds.map(() => micros * latency)
  return {
    tool: load.tool,
    startedAt: START + 6,
    seconds: load.duration + 0.001,
    planned: requests,
    requests,
    errors: 0,
    dropped: 0,
    codes: { 200: requests },
    bytesReceived: requests * 1200,
    latency: latencies(requests, latency, load.rate !== 'max'),
    timeline: {
      requests: seconds.map(() => rate),
      errors: seconds.map(() => 0),
      p50: level(1000),
      p90: level(1500),
      p99: level(2000),
      max: level(5000),
    },
    slices: {
      seconds: 1,
      answers: seconds.map(() => rate),
      p99: level(2000),
      serviceP99: level(1900),
      disturbed: seconds.map(() => 0),
    },
    generator: {
      version: '1.68.0',
      connections: load.connections,
      late: { p50: 5e-4, p99: 1.1e-3, max: 4e-3 },
      fallingBehind: 0.001,
      uniform: true,
      catchUp: true,
      sockets: load.connections,
      socketsOfWorst: 1,
      connect: 2e-4,
      answer: { min: 1124, max: 1125, mean: 1124.2 },
      destinations: { '127.0.0.1:8080': load.connections },
      settling: { p50First: 1.01e-3, p50Last: 1e-3, p99First: 2.1e-3, p99Last: 2e-3 },
      pauses: { count: 0, seconds: 0 },
      timeouts: 0,
      timeout: 3,
      messages: [],
      ...otherwise.generator,
    },
    observation: {
      seconds: load.duration + 0.2,
      usage: [
        {
          component: 'server',
          role: 'application',
          cpuSeconds: requests * 50e-6 + IDLE.server * (load.duration + 0.2),
          memoryBytes: 2e7,
        },
        { component: 'fortio', role: 'generator', cpuSeconds: requests * 75e-6, memoryBytes: 4e7, cpuLimit: 2 },
        ...(meshed
          ? [
              {
                component: 'client-proxy',
                role: 'client-proxy' as const,
                cpuSeconds: requests * 100e-6 + IDLE.proxy * (load.duration + 0.2),
                memoryBytes: 6e7,
                restarts: 0,
              },
            ]
          : []),
      ],
      evidence: meshed
        ? [
            { name: 'mtls', holds: true, seen: '16 handshakes', source: 'counters' },
            { name: 'layer', seen: `${meshes[arm.mesh]?.layer}`, source: 'configuration' },
          ]
        : [],
      ...(meshed && { carried: { requests, connections: load.connections, bytes: requests * 1200 } }),
      host: { cores: 8, busyCores: 0.5, stolenCores: 0, clockStep: 0 },
      ...otherwise.observation,
    },
    idle: {
      seconds: 5,
      usage: [
        { component: 'server', role: 'application', cpuSeconds: 5 * IDLE.server, memoryBytes: 1.8e7 },
        ...(meshed
          ? [
              {
                component: 'client-proxy',
                role: 'client-proxy' as const,
                cpuSeconds: 5 * IDLE.proxy,
                memoryBytes: 5e7,
              },
            ]
          : []),
      ],
      evidence: [],
    },
    ...otherwise.reading,
  }
}

/** Cores that are busy without load. */
export const IDLE = { server: 0.002, proxy: 0.01 }

const START = Date.parse('2026-01-01T00:00:00Z') / 1000

const known = new Map<string, Reading['latency']>()

/** Log-normal around 1 ms, times `factor`; the response time is a tenth more. Kept, since many readings share them. */
export function latencies(requests: number, factor = 1, open = true): Reading['latency'] {
  const key = `${requests}/${factor}/${open}`
  const found = known.get(key) ?? makeLatencies(requests, factor, open)
  known.set(key, found)
  return found
}

function makeLatencies(requests: number, factor: number, open: boolean): Reading['latency'] {
  const [service, response] = [latencyHistogram(), latencyHistogram()]
  const draw = random(7)
  const different = Math.min(requests, 2000)
  for (let one = 0; one < different; one++) {
    const times = Math.floor((requests + one) / different)
    const micros = 1000 * Math.exp(0.3 * draw.normal()) * factor
    service.record(micros, times)
    response.record(micros * 1.1, times)
  }
  return {
    service: service.encode(),
    ...(open && { response: response.encode() }),
    summary: { service: summarise(service), ...(open && { response: summarise(response) }) },
  }
}
