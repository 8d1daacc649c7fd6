import { arch } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, ExecOf } from '../../kubernetes/cluster.ts'
import { podFacts } from '../../kubernetes/pods.ts'
import { requestArgv } from '../../loads/fortio/fortio-result.ts'
import { Failure } from '../../model/failure.ts'
import type { PodFact } from '../../model/mesh.ts'
import type { RunningArm, Step } from '../../model/platform.ts'
import type { Load } from '../../model/scenario.ts'
import { APPLICATION, TOOLS } from '../../model/traits.ts'
import type { Seconds } from '../../model/units.ts'
import type { Evidence } from '../../model/usage.ts'
import { addressOf, entranceEvidence, PATIENCE } from './arm-mesh.ts'
import { type ClusterArm, partOfNode } from './cluster-arm.ts'
import { makeRunningArm } from './cluster-running-arm.ts'
import { asServers } from './own-application.ts'
import { ENDPOINTS, endpointsOf, makePods, podsOf, refuseEndpoint, workloadFor } from './workload.ts'

/** Time limit for an answer through the whole path once everything is ready. */
const ANSWER: Seconds = 30

/** Makes client and server anew, and waits until everything is ready and a real request is answered. */
export async function* raiseInCluster(standing: ClusterArm, signal: AbortSignal): AsyncGenerator<Step, RunningArm> {
  const { of, cluster, plan, images, run } = standing
  const { loads } = plan.scenario
  const { arm, kubernetes, about } = of
  for (const load of loads) refuseEndpoint(load, { name: arm.name, mesh: arm.mesh, carries: kubernetes.protocols })
  yield { title: 'creating client and server' }
  const enrolment = kubernetes.enrol(about)
  const { application } = of
  const { namespace } = about
  const { imageOf } = standing
  const { pods } = workloadFor({ arm, loads, images, enrolment, run, namespace, application, imageOf })
  await makePods(cluster, standing.placed(pods), of, signal)
  await cluster.untilReady(
    [...podsOf(arm, namespace, application), ...standing.before, ...enrolment.until],
    PATIENCE,
    signal,
  )
  yield { title: 'waiting for an answer through the whole path' }
  for (const protocol of endpointsOf(loads)) await untilAnswered(standing, protocol, signal)
  const seen = asServers(await seenPods(standing, signal), application)
  const facts = await factsOf(standing, seen, signal)
  refuseUnenrolled(facts, arm.name)
  return makeRunningArm({ arm: standing, pods: seen, facts, signal })
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

/** Pods of the workload and of the mesh, as they are now. */
async function seenPods(standing: ClusterArm, signal: AbortSignal): Promise<PodFact[]> {
  const pods = await standing.cluster.pods(undefined, undefined, signal)
  return podFacts(pods, (node) => partOfNode(standing, node))
}

/** Sends single requests with the load generator until one is answered. */
async function untilAnswered(
  { cluster, of }: ClusterArm,
  protocol: Load['protocol'],
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = of.about
  const target = addressOf(of, { protocol })
  const entrance = of.application?.entrance
  const deadline = performance.now() + ANSWER * 1000
  const flags = ['-c', '1', '-n', '1', '-qps', '0', '-timeout', '5s', '-quiet', '-log-errors=false', '-json', '-']
  const own = entrance ? [...requestArgv(entrance), '-allow-initial-errors'] : []
  const command = [APPLICATION, 'load', ...flags, ...ENDPOINTS[protocol].ask, ...own, target]
  const good = entrance ? new RegExp(`"RetCodes":\\s*\\{\\s*"${entrance.expectedStatus}":\\s*1\\s*\\}`) : GOOD
  for (;;) {
    const reason = await ask(cluster, { namespace, command }, good, signal)
    if (reason === undefined) return
    if (performance.now() > deadline) {
      throw new Failure('no-answer', `no answer to a ${protocol} request to ${target} within ${ANSWER} s`, {
        cause: reason,
        remedy: entrance
          ? `Check path, headers and expectedStatus (${entrance.expectedStatus}) of workload.entrance, and whether the application serves when it is ready: run the arm alone with --keep, then use kubectl.`
          : 'Client, server and mesh are ready, so check the path between them: run the arm alone with --keep, then use kubectl.',
      })
    }
    await sleep(100, undefined, { signal })
  }
}

const GOOD = /"RetCodes":\s*\{\s*"(200|SERVING|OK)":\s*1\s*\}/

/** Sends a request and returns why there was no answer; undefined if there was one. Just after a thaw, exec may fail too. */
async function ask(
  cluster: Cluster,
  what: Pick<ExecOf, 'namespace' | 'command'>,
  good: RegExp,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr } = await cluster.exec(
      { ...what, pod: 'client', container: APPLICATION },
      AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
    )
    if (exitCode === 0 && good.test(stdout)) return undefined
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
  { of, cluster, facts, isConfigured, plan }: ClusterArm,
  pods: readonly PodFact[],
  signal: AbortSignal,
): Promise<Evidence[]> {
  const { kubernetes, about, arm } = of
  const [node] = await cluster.list<Node>({ apiVersion: 'v1', kind: 'Node' }, signal)
  return [
    // Of a mesh that was there before, its layer is known, and its settings are not.
    ...kubernetes
      .inspect(pods, about)
      .filter(({ name, source }) => isConfigured || name === 'layer' || source !== 'configuration'),
    ...entranceEvidence(of, plan.scenario),
    placement(pods, arm.placement ?? 'cross-node', about.namespace),
    images(pods, about.namespace),
    { name: 'node', seen: describe(node), source: 'Node status' },
    ...facts,
  ]
}

/** Checks the placement of client and server. */
export function placement(pods: readonly PodFact[], wanted: 'cross-node' | 'same-node', namespace: string): Evidence {
  const nodeOf = (app: string) => pods.find((pod) => pod.namespace === namespace && pod.labels['app'] === app)?.node
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
function images(pods: readonly PodFact[], namespace: string): Evidence {
  const workload = pods.filter((pod) => pod.namespace === namespace && 'app' in pod.labels)
  const containers = workload.flatMap((pod) => pod.containers).filter(({ name }) => OURS.has(name))
  const known = new Map(containers.map(({ image, imageId }) => [image, imageId.replace(/^.*@/, '').slice(0, 19)]))
  const seen = [...known].toSorted().map(([image, digest]) => `${image} (${digest})`)
  return { name: 'workload-image', seen: seen.join(', '), source: 'Pod status.containerStatuses.imageID' }
}

const OURS: ReadonlySet<string> = new Set(['server', 'files', ...TOOLS])

function describe(node: Node | undefined): string {
  if (!node) return 'unknown'
  const { kubeletVersion, kernelVersion, containerRuntimeVersion } = node.status.nodeInfo
  return `Kubernetes ${kubeletVersion}, kernel ${kernelVersion}, ${containerRuntimeVersion}, ${arch()}`
}
