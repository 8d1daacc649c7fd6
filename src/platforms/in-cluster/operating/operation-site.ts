import { setTimeout as sleep } from 'node:timers/promises'
import { stopwatch } from '../../../host/stopwatch.ts'
import type { Cluster } from '../../../kubernetes/cluster.ts'
import { stamped } from '../../../kubernetes/install/install-mesh.ts'
import type { Pod } from '../../../kubernetes/pods.ts'
import { componentsOf, SERVER } from '../../../meshes/workload-parts.ts'
import { Failure } from '../../../model/failure.ts'
import type { ContainerFact, KubernetesObject, PodFact } from '../../../model/mesh.ts'
import type { Seconds } from '../../../model/units.ts'
import { SCALING } from '../../../model/usage.ts'
import type { OperationSite } from '../../../operations/operation-steps.ts'
import { STOPPED } from '../../../operations/stop-proxy.ts'
import { PATIENCE } from '../arm-mesh.ts'
import { type ClusterArm, measuredNodes } from '../cluster-arm.ts'
import { CLIENT } from '../generators/client-pods.ts'
import { askFor, uptimeOf } from '../probing/probe-site.ts'
import { membersOf } from '../usage-between.ts'
import { ENDPOINTS } from '../workload.ts'

/** How often pods are looked at: a rollout takes seconds. */
const EVERY: Seconds = 0.25
/** For what is taken back after an operation. */
const RESTORING: Seconds = 120
/** That pods get to end on a node that is drained, as Kubernetes gives it to them unless they say otherwise. */
const GRACE: Seconds = 30

/** What was changed beyond the pods of an arm is marked, so that it is found again after a kill. */
const SCALED_FROM = 'meshbench.io/scaled-from'
const CORDONED_BY = 'meshbench.io/cordoned-by'

const RESTARTED_AT = 'meshbench.io/restarted-at'

const never = () => new AbortController().signal

interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly replicas?: number
    readonly template: {
      readonly metadata: { readonly labels?: Readonly<Record<string, string>>; readonly annotations?: object }
      readonly spec: object
    }
  }
}

/** What operations can do to an arm that is up. `deployment`: that of its server, as it was applied. */
export function operationSite(
  arm: ClusterArm,
  deployment: KubernetesObject,
  seenPods: () => Promise<PodFact[]>,
): OperationSite {
  const { cluster, of, run, nodes } = arm
  const { namespace } = of.about
  const server = deployment as Deployment
  let stopped: Stopped | undefined
  let extra: KubernetesObject | undefined
  const own = (objects: readonly KubernetesObject[]) => objects.map((object) => stamped(object, run))
  return {
    namespace,
    wait: async (seconds, signal) => void (await sleep(seconds * 1000, undefined, { signal })),
    async rollOut(signal) {
      const took = stopwatch()
      const old = new Set((await cluster.pods(namespace, SERVER, signal)).map(({ metadata }) => metadata.uid))
      await cluster.apply([restarted(server)], signal)
      let ready: Seconds | undefined
      const pods = server.spec.replicas ?? 1
      await until(async () => {
        const found = await serverPods(cluster, namespace, signal)
        const fresh = found.filter(({ uid, isReady }) => isReady && !old.has(uid))
        if (fresh.length === pods) ready ??= took()
        return fresh.length === pods && found.length === pods
      }, signal)
      return { ready: ready ?? took(), gone: took() }
    },
    async scale(pods, signal) {
      const took = stopwatch()
      await cluster.apply([{ ...server, spec: { ...server.spec, replicas: pods } }], signal)
      await until(async () => {
        const found = await serverPods(cluster, namespace, signal)
        return found.length === pods && found.every(({ isReady }) => isReady)
      }, signal)
      return took()
    },
    async killProxy(signal) {
      const found = proxyIn(await seenPods(), arm)
      stopped = found
      const took = stopwatch()
      await stop(arm, found, 'KILL')
      await untilBack(found, seenPods, signal)
      return { what: titleOf(found), ready: took() }
    },
    async restartProxy(signal) {
      const found = proxyIn(await seenPods(), arm)
      const took = stopwatch()
      if (found.pod.labels['app'] === SERVER.app) {
        await stop(arm, found, 'TERM')
        await untilBack(found, seenPods, signal)
        return { what: titleOf(found), ready: took() }
      }
      const owner = await ownerOf(found, arm, signal)
      const { name, namespace: of } = owner.metadata
      const old = await cluster.pods(of, owner.spec.selector.matchLabels, signal)
      await cluster.apply([restartedOwner(owner)], signal)
      await until(async () => {
        const now = await cluster.pods(of, owner.spec.selector.matchLabels, signal)
        const fresh = now.filter(({ metadata: { uid } }) => !old.some((one) => one.metadata.uid === uid))
        return fresh.length === now.length && fresh.length >= old.length && fresh.every(isReady)
      }, signal)
      return { what: `${owner.kind} ${of}/${name}`, ready: took() }
    },
    async renewProxy() {
      // The server's own pods are made anew with every visit.
      if (!stopped || stopped.pod.labels['app'] === SERVER.app) return
      const { name, namespace } = stopped.pod
      await cluster.remove([{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } }], never(), {
        within: RESTORING,
      })
    },
    async stopControlPlane(signal) {
      const found = await controlPlanes(arm, signal)
      await cluster.apply(found.map(scaledToZero), signal)
      await until(async () => {
        const left = await Promise.all(
          found.map(({ metadata, spec }) => cluster.pods(metadata.namespace, spec.template.metadata.labels, signal)),
        )
        return left.flat().length === 0
      }, signal)
      return found.map(({ metadata }) => metadata.name)
    },
    startControlPlane: (signal) => startControlPlanes(arm, signal),
    async makePod(within, signal) {
      const took = stopwatch()
      const { metadata, spec } = server.spec.template
      const pod = {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { ...metadata, name: 'made-meanwhile', namespace, labels: { app: 'made-meanwhile' } },
        spec,
      } as KubernetesObject
      extra = stamped(pod, run)
      for (;;) {
        const left = within - took()
        try {
          await cluster.apply([extra], signal, { within: left })
          await cluster.untilReady([{ kind: 'Pod', namespace, name: extra.metadata.name }], within - took(), signal)
          return took()
        } catch (error) {
          signal.throwIfAborted()
          if (took() + EVERY > within) throw error
          await sleep(EVERY * 1000, undefined, { signal })
        }
      }
    },
    async removePod() {
      if (extra) await cluster.remove([extra], never(), { within: RESTORING })
    },
    async drain(signal) {
      await cluster.apply([cordoned(nodes.server, run)], signal)
      // Those of other arms of the cluster stay: nobody calls them now, and they would not come back to this node by themselves.
      const pods = await cluster.pods(namespace, undefined, signal)
      const evicted = pods.filter(({ metadata, spec }) => {
        return spec.nodeName === nodes.server && !metadata.ownerReferences?.some(({ kind }) => STAYS.has(kind))
      })
      const named = evicted.map(({ metadata: { name, namespace } }) => {
        return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } }
      })
      await cluster.remove(named, signal, { grace: GRACE })
      return evicted.length
    },
    uncordon: async () => {
      await uncordonAll(arm, never())
      // What may stand on either node goes back to the one that it prefers.
      const pods = await cluster.pods(namespace, undefined, never())
      const moved = pods.filter(
        ({ metadata, spec }) =>
          spec.nodeName !== nodes.server && metadata.ownerReferences?.length && metadata.labels?.['app'] !== CLIENT,
      )
      const named = moved.map(({ metadata: { name } }) => ({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name, namespace },
      }))
      await cluster.remove(named, never(), { within: RESTORING })
    },
    refusalOf: (protocol) => own(of.kubernetes.refusal?.(of.about, ENDPOINTS[protocol].port) ?? []),
    apply: (objects, signal) => cluster.apply(own(objects), signal),
    remove: (objects) => cluster.remove(objects, never(), { within: RESTORING }),
    async ask(protocol, seconds, signal) {
      if (protocol !== 'http' && protocol !== 'tcp') throw new TypeError(`${protocol} is not asked beside a load`)
      const answers = await askFor(arm, protocol, seconds, signal)
      return answers.map(({ from, to, answer: { status, headers } }) => {
        return { sentAt: from, at: to, headers, ...(status !== undefined && { status }) }
      })
    },
    clock: (signal) => uptimeOf(arm, signal),
  }
}

/** Pods of a node that a drain leaves: of DaemonSets, and static ones, which belong to the node itself. */
const STAYS: ReadonlySet<string> = new Set(['DaemonSet', 'Node'])

/** What an operation changed in a cluster and a killed run did not take back. */
export async function restoreLeft(arm: ClusterArm, signal: AbortSignal): Promise<void> {
  if (!arm.isConfigured) return
  await uncordonAll(arm, signal)
  await startControlPlanes(arm, signal)
}

async function until(holds: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await holds())) await sleep(EVERY * 1000, undefined, { signal })
}

function restarted(server: Deployment): KubernetesObject {
  const { template } = server.spec
  const annotations = { ...template.metadata.annotations, [RESTARTED_AT]: new Date().toISOString() }
  return {
    ...server,
    spec: { ...server.spec, template: { ...template, metadata: { ...template.metadata, annotations } } },
  }
}

async function serverPods(cluster: Cluster, namespace: string, signal: AbortSignal) {
  const pods = await cluster.pods(namespace, SERVER, signal)
  return pods.map((pod) => ({ uid: pod.metadata.uid, isReady: isReady(pod) }))
}

function isReady({ metadata, status }: Pod): boolean {
  const isTrue = status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
  return metadata.deletionTimestamp === undefined && isTrue === true
}

interface Stopped {
  readonly pod: PodFact
  readonly container: ContainerFact
}

/** The proxy that is stopped: beside the server, before it, or on its node. */
function proxyIn(pods: readonly PodFact[], arm: ClusterArm): Stopped {
  const members = [...membersOf(pods, componentsOf(arm.of.kubernetes, arm.of.about)).values()]
  for (const role of STOPPED) {
    const found = members.find(
      (one) => one.role === role && (SCALING[role]?.per !== 'node' || one.nodeName === arm.nodes.server),
    )
    const pod = pods.find(({ uid }) => uid === found?.pod)
    if (found && pod) return { pod, container: found.container }
  }
  throw new Failure('no-proxy', `arm ${arm.of.arm.name} has no proxy on the node of the server`, {
    remedy: 'Run the arm alone with --keep, then see with kubectl where its proxies are.',
  })
}

function titleOf({ pod, container }: Stopped): string {
  return `${pod.namespace}/${pod.name}/${container.name}`
}

/** Until the container was made anew and is ready. */
async function untilBack(
  { pod: { uid }, container }: Stopped,
  seenPods: () => Promise<PodFact[]>,
  signal: AbortSignal,
): Promise<void> {
  await until(async () => {
    const pod = (await seenPods()).find((one) => one.uid === uid)
    const again = pod?.containers.find(({ name }) => name === container.name)
    return again?.ready === true && again.id !== container.id
  }, signal)
}

interface Owner extends KubernetesObject {
  readonly spec: { readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } }
}

/** The Deployment or DaemonSet of a pod. */
async function ownerOf({ pod }: Stopped, { cluster }: ClusterArm, signal: AbortSignal): Promise<Owner> {
  for (const kind of ['Deployment', 'DaemonSet']) {
    const all = await cluster.list<Owner>({ apiVersion: 'apps/v1', kind, namespace: pod.namespace }, signal)
    const found = all.find(({ spec }) =>
      Object.entries(spec.selector.matchLabels).every(([key, value]) => pod.labels[key] === value),
    )
    if (found) return { ...found, kind }
  }
  throw new Failure('no-proxy', `pod ${pod.namespace}/${pod.name} is of no Deployment and of no DaemonSet`, {
    remedy: 'Run the arm alone with --keep, then see with kubectl what made it.',
  })
}

/** As `kubectl rollout restart` has it. */
function restartedOwner({ kind, metadata: { name, namespace } }: Owner): KubernetesObject {
  const annotations = { [RESTARTED_AT]: new Date().toISOString() }
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, ...(namespace !== undefined && { namespace }) },
    spec: { template: { metadata: { annotations } } },
  }
}

/** Sends a signal to the first process of a container: the one that is number 1 in its own namespace of processes. */
const STOP = `for status in /proc/[0-9]*/status; do
  dir=\${status%/status}
  grep -q "$0" "$dir/cgroup" 2>/dev/null || continue
  [ "$(awk '/^NSpid:/ { print $NF }' "$status")" = 1 ] || continue
  kill -s "$1" "\${dir#/proc/}" && echo stopped
  exit
done`

async function stop(arm: ClusterArm, { pod, container }: Stopped, by: 'KILL' | 'TERM'): Promise<void> {
  const node = measuredNodes(arm).find(({ name }) => name === pod.nodeName)
  if (!arm.onNode || !node) throw new TypeError('proxies are stopped only where programs can be run on nodes')
  const said = await arm.onNode(node.key, ['sh', '-c', STOP, container.id, by])
  if (said.trim() === 'stopped') return
  throw new Failure('no-process', `the process of ${pod.name}/${container.name} was not found on its node`, {
    remedy: 'Run the arm alone with --keep, and see with `docker exec NODE ps` whether it runs.',
  })
}

/** Deployments of the control plane, by the components of the mesh. */
async function controlPlanes({ cluster, of }: ClusterArm, signal: AbortSignal): Promise<Deployment[]> {
  const rules = componentsOf(of.kubernetes, of.about).filter(({ role }) => role === 'control-plane')
  const namespaces = new Set(rules.map(({ namespace }) => namespace))
  const all = await Promise.all(
    [...namespaces].map((namespace) =>
      cluster.list<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace }, signal),
    ),
  )
  return all
    .flat()
    .filter(({ metadata, spec }) =>
      rules.some(
        ({ namespace, labels }) =>
          namespace === metadata.namespace &&
          Object.entries(labels).every(([key, value]) => spec.template.metadata.labels?.[key] === value),
      ),
    )
}

function scaledToZero({ metadata: { name, namespace }, spec }: Deployment): KubernetesObject {
  const annotations = { [SCALED_FROM]: String(spec.replicas ?? 1) }
  return deploymentPart(name, namespace, 0, annotations)
}

function deploymentPart(
  name: string,
  namespace: string | undefined,
  replicas: number,
  annotations?: Readonly<Record<string, string>>,
): KubernetesObject {
  const metadata = { name, ...(namespace !== undefined && { namespace }), ...(annotations && { annotations }) }
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { replicas } }
}

/** Scales back what was scaled to 0, and waits until it is ready. */
async function startControlPlanes(arm: ClusterArm, signal: AbortSignal): Promise<Seconds> {
  const took = stopwatch()
  const found = (await controlPlanes(arm, signal)).flatMap(({ metadata: { name, namespace, annotations } }) => {
    const replicas = Number(annotations?.[SCALED_FROM])
    return Number.isNaN(replicas) ? [] : [deploymentPart(name, namespace, replicas)]
  })
  await arm.cluster.apply(found, signal)
  const readiness = found.map(
    ({ metadata: { name, namespace = '' } }) => ({ kind: 'Deployment', namespace, name }) as const,
  )
  await arm.cluster.untilReady(readiness, PATIENCE, signal)
  return took()
}

/** Fields of a node that are ours are taken back where they are left out. */
function node(name: string, more: object = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Node', metadata: { name }, ...more }
}

function cordoned(name: string, run: string): KubernetesObject {
  return node(name, { metadata: { name, annotations: { [CORDONED_BY]: run } }, spec: { unschedulable: true } })
}

/** A node is in use again only once Kubernetes has taken away the taint that a cordon brings. */
async function uncordonAll({ cluster }: ClusterArm, signal: AbortSignal): Promise<void> {
  interface Node extends KubernetesObject {
    readonly spec?: { readonly taints?: readonly { readonly key: string }[] }
  }
  const list = () => cluster.list<Node>({ apiVersion: 'v1', kind: 'Node' }, signal)
  const nodes = await list()
  const ours = nodes.filter(({ metadata }) => metadata.annotations?.[CORDONED_BY] !== undefined)
  await cluster.apply(
    ours.map(({ metadata: { name } }) => node(name)),
    signal,
  )
  if (ours.length === 0) return
  const limited = AbortSignal.any([signal, AbortSignal.timeout(RESTORING * 1000)])
  await until(async () => {
    const tainted = (await list()).filter(({ spec }) => spec?.taints?.some(({ key }) => key === UNSCHEDULABLE))
    return !tainted.some(({ metadata }) => ours.some(({ metadata: { name } }) => name === metadata.name))
  }, limited)
}

const UNSCHEDULABLE = 'node.kubernetes.io/unschedulable'
