import { envoyNode } from '../../meshes/envoy-node.ts'
import { envoyNodeWaypoint } from '../../meshes/envoy-node-waypoint.ts'
import { envoySidecar } from '../../meshes/envoy-sidecar.ts'
import { ENCRYPTIONS, type Mesh, type ProcessProxy } from '../../model/mesh.ts'
import type { LoadOutcome } from '../../model/platform.ts'
import type { StartReading } from '../../model/result.ts'
import type { Evidence, Observation, Role, Usage } from '../../model/usage.ts'
import { cpuOf, idleLuck, type Subject, strikes } from './simulated-server.ts'

/** CPU-seconds per request of the server without a mesh, and of the load generator. */
const SERVER_CPU = 40e-6
const GENERATOR_CPU = 30e-6
/** Cores that server and generator, and each proxy, keep busy without load. */
const IDLE_CORES = { workload: 0.001, proxy: 0.004 } as const
/** Bytes that each proxy has more for every request per second. */
const BYTES_PER_RATE = 1024
const MIB = 1024 ** 2
/** Bytes and metric series that each proxy has more for every Service that receives no traffic. */
const OF_IDLE_SERVICE = { bytes: 16 * 1024, series: 3 } as const
/** Metric series of a proxy without any. */
const SERIES = 200
const BYTES_PER_SERIES = 90
const CORES = 4

/** What a platform would have seen of a trial between the two snapshots of its window. */
export function observationOf(subject: Subject, outcome: LoadOutcome): Observation {
  const usage = usageOf(subject, outcome.requests, outcome.window)
  const busy = usage.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0) / outcome.window
  const { mesh, arm, scenario, trial } = subject
  const bypassed = strikes(scenario, 'bypass', arm.name, trial.block)
  const carried = { requests: bypassed ? 0 : outcome.requests, connections: bypassed ? 0 : outcome.connections }
  return {
    seconds: outcome.window,
    usage,
    evidence: evidenceOf(subject, bypassed, outcome.requests),
    ...(mesh.layer === 'none' ? {} : { carried }),
    ...exposedBy(subject),
    host: { cores: CORES, busyCores: Math.min(CORES, busy), stolenCores: 0, clockStep: 0 },
  }
}

/** Seconds that the pods of a visit take, and a proxy more beside them; a request then takes next to nothing. */
const STARTS = { pods: 2, proxy: 0.5, answer: 0.01 } as const

export function startReading(subject: Subject): StartReading {
  const proxies = proxiesOf(subject.mesh).length
  const ready = (STARTS.pods + STARTS.proxy * proxies) * idleLuck(subject, 'idle')
  return { ready, answered: ready + STARTS.answer }
}

/** The same without load, before any: what is fixed of the usage under load. */
export function idleObservationOf(subject: Subject, seconds: number): Observation {
  const usage = usageOf(subject, 0, seconds).filter(({ role }) => role !== 'generator')
  const busy = usage.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0) / seconds
  return { seconds, usage, evidence: [], host: { cores: CORES, busyCores: busy, stolenCores: 0, clockStep: 0 } }
}

/**
 * What requests add to the CPU of server and proxies together is the baseline's times the arm's true effect: the server keeps
 * its own where there is that much, and the proxies share the rest alike. The generator costs the same in every arm. An arm
 * without proxies of its own has all its effects in the server. On top of it, everything keeps some CPU busy without load,
 * which scatters from window to window as the rest does.
 */
function usageOf(subject: Subject, requests: number, seconds: number): Usage[] {
  const { mesh, arm, scenario } = subject
  const proxies = proxiesOf(mesh)
  const added = scenario.simulation.effects[arm.name]?.memory ?? 32 * MIB * proxies.length
  const cpu = SERVER_CPU * cpuOf(subject)
  const own =
    proxies.length === 0 ? { cpu, added } : { cpu: Math.min(SERVER_CPU, cpu / (proxies.length + 1)), added: 0 }
  const each = { cpu: (cpu - own.cpu) / proxies.length, memory: Math.round(added / proxies.length) }
  const luck = idleLuck(subject, requests === 0 ? 'idle' : 'busy')
  const idle = { workload: IDLE_CORES.workload * luck * seconds, proxy: IDLE_CORES.proxy * luck * seconds }
  return [
    {
      component: 'application',
      role: 'application',
      cpuSeconds: idle.workload + requests * own.cpu,
      memoryBytes: 24 * MIB + own.added,
    },
    {
      component: 'generator',
      role: 'generator',
      cpuSeconds: idle.workload + requests * GENERATOR_CPU,
      memoryBytes: 32 * MIB,
    },
    ...proxies.map(({ name, role }) => ({
      component: name,
      role,
      cpuSeconds: idle.proxy + requests * each.cpu,
      memoryBytes:
        each.memory +
        Math.round((BYTES_PER_RATE * requests) / seconds) +
        OF_IDLE_SERVICE.bytes * (arm.idleServices ?? 0),
    })),
  ]
}

function exposedBy({ mesh, arm }: Subject): Pick<Observation, 'exposed'> {
  const proxies = proxiesOf(mesh).length
  const series = proxies * (SERIES + OF_IDLE_SERVICE.series * (arm.idleServices ?? 0))
  return proxies === 0 ? {} : { exposed: { series, bytes: series * BYTES_PER_SERIES } }
}

/** A mesh of clusters has the proxies of its architecture: beside each pod, on each node, or with a waypoint between these. */
function proxiesOf({ processes, kubernetes }: Mesh): readonly Pick<ProcessProxy, 'name' | 'role'>[] {
  if (processes || !kubernetes) return processes?.proxies ?? []
  const roles = new Set<Role>(kubernetes.components.map(({ role }) => role))
  const alike = roles.has('waypoint') ? envoyNodeWaypoint : roles.has('node-proxy') ? envoyNode : envoySidecar
  return alike.processes?.proxies ?? []
}

function evidenceOf({ mesh, arm }: Subject, bypassed: boolean, requests: number): Evidence[] {
  const source = 'the simulation'
  const { encryption } = mesh
  if (encryption === 'none') return [{ name: 'mtls', seen: 'plain text, as the mesh claims no mutual TLS', source }]
  const secured = bypassed ? 0 : requests
  const { title } = ENCRYPTIONS[encryption]
  const { feature } = arm
  return [
    { name: encryption, holds: !bypassed, seen: `${secured} of ${requests} requests under ${title}`, source },
    ...(feature === undefined
      ? []
      : [{ name: 'feature', holds: !bypassed, seen: `${feature}: the scenario states its effect`, source }]),
  ]
}
