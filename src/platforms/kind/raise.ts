import { arch } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { podFacts } from '../../kubernetes/pods.ts'
import { Failure } from '../../model/failure.ts'
import type { PodFact, Readiness } from '../../model/mesh.ts'
import type { RunningArm, Step } from '../../model/platform.ts'
import type { Load } from '../../model/scenario.ts'
import { APPLICATION, TOOLS } from '../../model/traits.ts'
import type { Seconds } from '../../model/units.ts'
import type { Evidence } from '../../model/usage.ts'
import { PATIENCE } from './arm.ts'
import { partOf } from './cluster/nodes.ts'
import { isFrozen, thaw } from './freeze.ts'
import { makeRunningArm } from './kind-running-arm.ts'
import type { ArmCluster, Origin, RunContext } from './run-context.ts'
import { ENDPOINTS, endpointsOf, makePods, podsOf, refuseEndpoint, targetOf, workloadFor } from './workload.ts'

/** Time limit for an answer through the whole path once everything is ready. */
const ANSWER: Seconds = 30

/** Thaws the cluster, creates client and server again, and waits until everything is ready and a real request is answered. */
export async function* raiseOn(
  armCluster: ArmCluster,
  runContext: RunContext,
  signal: AbortSignal,
): AsyncGenerator<Step, RunningArm> {
  const { of, cluster } = armCluster
  const { loads } = runContext.plan.scenario
  const { arm, kubernetes, about } = of
  for (const load of loads) refuseEndpoint(load, { name: arm.name, mesh: arm.mesh, carries: kubernetes.protocols })
  if (await isFrozen(armCluster, runContext)) yield { title: 'thawing' }
  await thaw(armCluster, runContext)
  yield { title: 'creating client and server' }
  const enrolment = kubernetes.enrol(about)
  const { pods } = workloadFor({ arm, loads, images: runContext.site.images, enrolment, run: runContext.run })
  await makePods(cluster, pods, arm, signal)
  await cluster.untilReady([...podsOf(arm), ...lastingOf(armCluster)], PATIENCE, signal)
  yield { title: 'waiting for an answer through the whole path' }
  for (const protocol of endpointsOf(loads)) await untilAnswered(cluster, protocol, signal)
  const seen = await seenPods(armCluster, signal)
  const facts = await factsOf(armCluster, runContext, seen, signal)
  refuseUnenrolled(facts, arm.name)
  return makeRunningArm({ armCluster, runContext, pods: seen, facts })
}

/** Refuses pods that are not in the mesh, after a webhook that failed open or a missing label: they would measure no mesh. */
function refuseUnenrolled(facts: readonly Evidence[], arm: string): void {
  const unenrolled = facts.find(({ name, holds }) => name === 'enrolled' && holds === false)
  if (!unenrolled) return
  throw new Failure('not-enrolled', `client and server of arm ${arm} are not enrolled in its mesh`, {
    cause: unenrolled.seen,
    remedy: "Check the mesh's control plane and its webhook: run the arm alone with --keep, then use kubectl.",
  })
}

/** kind calls a cluster ready when its control plane's node is, which is before names are resolved in it. */
const CLUSTER_DNS: Readiness = { kind: 'Deployment', namespace: 'kube-system', name: 'coredns' }

/** What must be ready before a request is sent, also after a thaw: nodes, cluster DNS, the installation and the enrolment. */
function lastingOf({ of: { kubernetes, about }, nodes }: Pick<ArmCluster, 'of' | 'nodes'>): readonly Readiness[] {
  const installed = kubernetes.install(about).flatMap((step) => (step.do === 'wait' ? step.until : []))
  const alive = Object.values(nodes).map((name) => ({ kind: 'Node', namespace: '', name }) as const)
  return [...alive, CLUSTER_DNS, ...installed, ...kubernetes.enrol(about).until]
}

/** Pods of the workload and of the mesh, as they are now. */
async function seenPods({ cluster, name }: ArmCluster, signal: AbortSignal): Promise<PodFact[]> {
  const pods = await cluster.pods(undefined, undefined, signal)
  return podFacts(pods, (node) => partOf(name, node) ?? 'control')
}

/** Sends single requests with the load generator until one is answered. */
async function untilAnswered(cluster: Cluster, protocol: Load['protocol'], signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + ANSWER * 1000
  const flags = ['-c', '1', '-n', '1', '-qps', '0', '-timeout', '5s', '-quiet', '-log-errors=false', '-json', '-']
  const command = [APPLICATION, 'load', ...flags, ...ENDPOINTS[protocol].ask, targetOf(protocol)]
  for (;;) {
    const reason = await ask(cluster, command, signal)
    if (reason === undefined) return
    if (performance.now() > deadline) {
      throw new Failure('no-answer', `no answer to a ${protocol} request to ${targetOf(protocol)} within ${ANSWER} s`, {
        cause: reason,
        remedy:
          'Client, server and mesh are ready, so check the path between them: run the arm alone with --keep, then use kubectl.',
      })
    }
    await sleep(100, undefined, { signal })
  }
}

const GOOD = /"RetCodes":\s*\{\s*"(200|SERVING|OK)":\s*1\s*\}/

/** Sends a request and returns why there was no answer; undefined if there was one. Just after a thaw, exec may fail too. */
async function ask(cluster: Cluster, command: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr } = await cluster.exec(
      { namespace: 'bench', pod: 'client', container: APPLICATION, command },
      AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
    )
    if (exitCode === 0 && GOOD.test(stdout)) return undefined
    const codes = /"RetCodes":\s*\{[^}]*\}/.exec(stdout)?.[0]
    return codes ?? (lastLines(stderr) || `exit code ${exitCode}`)
  } catch (error) {
    signal.throwIfAborted()
    return Failure.from(error).message
  }
}

/** The last five lines that are not empty. */
function lastLines(text: string): string {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter(Boolean).slice(-5).join('\n')
}

interface Node {
  readonly metadata: { readonly name: string }
  readonly status: {
    readonly nodeInfo: {
      readonly kubeletVersion: string
      readonly kernelVersion: string
      readonly containerRuntimeVersion: string
    }
  }
}

/** Evidence of a raised arm: enrolment, placement, images, nodes. */
async function factsOf(
  armCluster: ArmCluster,
  runContext: RunContext,
  pods: readonly PodFact[],
  signal: AbortSignal,
): Promise<Evidence[]> {
  const { of, cluster, name } = armCluster
  const [node] = await cluster.list<Node>({ apiVersion: 'v1', kind: 'Node' }, signal)
  return [
    ...of.kubernetes.inspect(pods, of.about),
    placement(pods, of.arm.placement ?? 'cross-node'),
    images(pods),
    { name: 'cluster', seen: whereFrom(name, armCluster.origin), source: 'kind' },
    { name: 'isolation', seen: isolation(runContext), source: 'plan' },
    { name: 'node', seen: describe(node), source: 'Node status' },
    { name: 'affinity', seen: armCluster.affinity.seen, source: 'docker update --cpuset-cpus' },
  ]
}

/** Name and creation time identify a provisioning, since a cluster that is created again within a run has the same name. */
function whereFrom(name: string, { madeAt, keptFrom }: Origin): string {
  return `${name}, made ${madeAt}${keptFrom === undefined ? '' : `, kept from run ${keptFrom}`}`
}

/** Checks the placement of client and server. */
export function placement(pods: readonly PodFact[], wanted: 'cross-node' | 'same-node'): Evidence {
  const nodeOf = (app: string) =>
    pods.find(({ labels, namespace }) => namespace === 'bench' && labels['app'] === app)?.node
  const [client, server] = [nodeOf('client'), nodeOf('server')]
  const holds = server === 'server' && client === (wanted === 'same-node' ? 'server' : 'client')
  return {
    name: 'placement',
    holds,
    seen: `client on the ${client ?? 'unknown'} node, server on the ${server ?? 'unknown'} node; ${wanted} was asked for`,
    source: 'Pod spec.nodeName',
  }
}

/** Images of server, load generator and helper with digests; the mesh reports its own. */
function images(pods: readonly PodFact[]): Evidence {
  const workload = pods.filter(({ labels, namespace }) => namespace === 'bench' && 'app' in labels)
  const containers = workload.flatMap((pod) => pod.containers).filter(({ name }) => OURS.has(name))
  const known = new Map(containers.map(({ image, imageId }) => [image, imageId.replace(/^.*@/, '').slice(0, 19)]))
  const seen = [...known].toSorted().map(([image, digest]) => `${image} (${digest})`)
  return { name: 'workload-image', seen: seen.join(', '), source: 'Pod status.containerStatuses.imageID' }
}

const OURS: ReadonlySet<string> = new Set(['server', 'files', ...TOOLS])

function isolation({ plan: { scenario } }: RunContext): string {
  return scenario.isolation === 'sequential'
    ? 'sequential: one arm at a time, so drift cannot be separated from differences'
    : `frozen: other arms paused: ${scenario.arms.length - 1}`
}

function describe(node: Node | undefined): string {
  if (!node) return 'unknown'
  const { kubeletVersion, kernelVersion, containerRuntimeVersion } = node.status.nodeInfo
  return `Kubernetes ${kubeletVersion}, kernel ${kernelVersion}, ${containerRuntimeVersion}, ${arch()}`
}
