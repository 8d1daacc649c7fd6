import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, ExecOf } from '../../kubernetes/cluster.ts'
import { throughCuts } from '../../kubernetes/lasting.ts'
import { podFacts } from '../../kubernetes/pods.ts'
import { requestArgv } from '../../loads/fortio/fortio-result.ts'
import { Failure } from '../../model/failure.ts'
import type { KubernetesObject, PodFact, Readiness } from '../../model/mesh.ts'
import type { RunningArm, Step } from '../../model/platform.ts'
import { BY_ZONE, isOperated, type Load, mostGenerators, type Placement } from '../../model/scenario.ts'
import { APPLICATION, TOOLS } from '../../model/traits.ts'
import type { Seconds } from '../../model/units.ts'
import type { Evidence } from '../../model/usage.ts'
import { list } from '../../model/words.ts'
import { operations } from '../../operations/index.ts'
import { addressOf, entranceEvidence, PATIENCE } from './arm-mesh.ts'
import { type ClusterArm, clientNodes, partOfNode } from './cluster-arm.ts'
import { carriedBy, nodeMeter, openWindow, type RunningArmOptions } from './cluster-window.ts'
import { CLIENT, clientPods } from './generators/client-pods.ts'
import { execute, HELPER, type Hold, holdOf, SHARED } from './generators/execute.ts'
import { clusterGenerators } from './generators/generators.ts'
import { kubeletMeter } from './kubelet/kubelet-meter.ts'
import { operationSite, restoreLeft } from './operating/operation-site.ts'
import { asServers } from './own-application.ts'
import { featureInForce } from './probing/feature-in-force.ts'
import { openProbeSite } from './probing/probe-site.ts'
import { ENDPOINTS, endpointsOf, makePods, podsOf, refuseEndpoint, workloadFor } from './workload.ts'

/** Time limit for an answer through the whole path once everything is ready. */
const ANSWER: Seconds = 30

/** Makes client and server anew, and waits until everything is ready and a real request is answered. */
export async function* raiseInCluster(standing: ClusterArm, signal: AbortSignal): AsyncGenerator<Step, RunningArm> {
  const { of, cluster, plan, images, run } = standing
  const { loads } = plan.scenario
  const { arm, kubernetes, about } = of
  for (const load of loads) refuseEndpoint(load, { name: arm.name, mesh: arm.mesh, carries: kubernetes.protocols })
  const operated = loads.some(isOperated)
  if (operated) await restoreLeft(standing, signal)
  yield { title: 'creating client and server' }
  const enrolment = kubernetes.enrol(about)
  const { application } = of
  const { namespace } = about
  const { imageOf } = standing
  const generators = mostGenerators(loads)
  const { pods } = workloadFor({
    ...{ arm, loads, images, enrolment, run, namespace, application, imageOf },
    clientNodes: clientNodes(standing),
  })
  const made = standing.placed(pods)
  const since = await makePods(cluster, made, { ...of, generators, operated }, signal)
  const untilReady = (all: readonly Readiness[]) => cluster.untilReady(all, PATIENCE, signal)
  const [ready] = await Promise.all([
    untilReady(podsOf(arm, namespace, application, generators, operated)).then(since),
    untilReady([...standing.before, ...enrolment.until]),
  ])
  // Pods of another arm's visit would be taken for other programs.
  await standing.emptied
  const asked = since()
  yield { title: 'waiting for an answer through the whole path' }
  const seen = asServers(await seenPods(standing, signal), application)
  const clients = clientPods(seen, namespace).map(({ pod }) => pod)
  for (const protocol of endpointsOf(loads)) {
    await Promise.all(
      (clients.length > 0 ? clients : [CLIENT]).map((pod) => untilAnswered(standing, pod, protocol, signal)),
    )
  }
  const start = { ready, answered: ready + since() - asked }
  const hold = await holdOf(standing, clients.length > 0 ? clients : [CLIENT], signal)
  const facts = [...(await factsOf(standing, seen, signal)), ...(await factsElsewhere(standing, hold, clients, signal))]
  refuseUnenrolled(facts, arm.name)
  const server = made.find(({ kind }) => kind === 'Deployment')
  const options = { arm: standing, pods: seen, facts, signal }
  if (arm.feature !== undefined) yield { title: `waiting until ${arm.feature} is in force` }
  const feature = await featureInForce(standing, clients[0] ?? CLIENT, (act) => carriedBy(options, act), signal)
  const runningArm = makeRunningArm({ ...options, ...(feature && { feature }) }, hold, operated ? server : undefined)
  // Elsewhere the nodes may have fetched images meanwhile.
  return { ...runningArm, ...(standing.isHere && { start }) }
}

/** What has to be known of machines that are not this one, and whether a connection to them has to last as long as a load. */
async function factsElsewhere(
  standing: ClusterArm,
  hold: Hold,
  [pod = CLIENT]: readonly string[],
  signal: AbortSignal,
): Promise<Evidence[]> {
  if (standing.isHere) return []
  const seen =
    hold === 'lasting'
      ? 'detached: the load generator goes on where its connection is cut'
      : 'attached: the connection has to last as long as the load, since the shell of the busybox image does not run in the container of the load generator'
  return [
    { name: 'load-start', seen, source: 'exec in the client pod' },
    { name: 'cpu-model', seen: await cpuModel(standing, pod, signal), source: '/proc/cpuinfo in the client pod' },
  ]
}

/** The first that names the processor: x86 has a name, arm64 has numbers. By builtins of the shell alone. */
const CPU_MODEL = `while IFS=: read -r key value; do
  case $key in
  'model name'*) echo "client:$value"; exit ;;
  'CPU implementer'*) maker=$value ;;
  'CPU part'*) echo "client: arm64 implementer$maker, part$value"; exit ;;
  esac
done </proc/cpuinfo
echo 'client: unknown'`

async function cpuModel({ cluster, of }: ClusterArm, pod: string, signal: AbortSignal): Promise<string> {
  const where = { namespace: of.about.namespace, pod, container: HELPER, command: ['sh', '-c', CPU_MODEL] }
  const { stdout } = await throughCuts(() => cluster.exec(where, signal), signal)
  return stdout.trim()
}

/** An arm that is up, as what runs loads against it. */
function makeRunningArm(given: RunningArmOptions, hold: Hold, server: KubernetesObject | undefined): RunningArm {
  const { cluster, of, onNode } = given.arm
  let operated: { readonly keepsProxies: boolean } | undefined
  const seenNow = () => seenPods(given.arm, given.signal)
  const options: RunningArmOptions = {
    ...given,
    changed: async () => operated && { ...operated, pods: await seenNow() },
  }
  const meter = onNode ? nodeMeter(options, onNode) : kubeletMeter(options)
  const { namespace } = of.about
  const clients = clientPods(options.pods, namespace)
  // What is asked is known before its window opens.
  let asked: string | undefined
  return {
    dir: SHARED,
    target: (load) => {
      asked = load.service
      return addressOf(of, load)
    },
    wait: async (seconds, signal) => void (await sleep(seconds * 1000, undefined, { signal })),
    ...(clients.length > 1 && { generators: clusterGenerators(cluster, namespace, clients, hold) }),
    exec: (command, signal) => execute(cluster, namespace, command, signal, clients[0]?.pod ?? CLIENT, hold),
    observe: () => openWindow(options, meter, asked),
    ...(server && {
      operation: async ({ operation: name = '', ...load }, signal) => {
        const operation = operations[name]
        if (!operation) throw new TypeError(`there is no operation ${name}`)
        const site = operationSite(given.arm, server, seenNow)
        const prepared = await operation.prepare(site, { ...load, operation: name }, signal)
        return {
          ...prepared,
          carryOut: (during) => {
            operated = { keepsProxies: operation.keepsProxies === true }
            return prepared.carryOut(during)
          },
        }
      },
    }),
    ...(of.application || of.gateway ? {} : { probeSite: (signal) => openProbeSite(options.arm, signal) }),
  }
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
  pod: string,
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
    const reason = await ask(cluster, { namespace, pod, command }, good, signal)
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
  what: Pick<ExecOf, 'namespace' | 'pod' | 'command'>,
  good: RegExp,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr } = await cluster.exec(
      { ...what, container: APPLICATION },
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

const ZONE = 'topology.kubernetes.io/zone'

interface Node {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly status: {
    readonly nodeInfo: {
      readonly kubeletVersion: string
      readonly kernelVersion: string
      readonly containerRuntimeVersion: string
      readonly architecture: string
    }
  }
}

/** Evidence of a raised arm: enrolment, placement, images, nodes. */
async function factsOf(
  { of, cluster, facts, isConfigured, nodes, plan }: ClusterArm,
  pods: readonly PodFact[],
  signal: AbortSignal,
): Promise<Evidence[]> {
  const { kubernetes, about, arm } = of
  const all = await cluster.list<Node>({ apiVersion: 'v1', kind: 'Node' }, signal)
  const node = all.find(({ metadata }) => metadata.name === nodes.server)
  const zones = new Map(all.map(({ metadata: { name, labels } }) => [name, labels?.[ZONE]]))
  return [
    // Of a mesh that was there before, its layer is known, and its settings are not.
    ...kubernetes
      .inspect(pods, about)
      .filter(({ name, source }) => isConfigured || name === 'layer' || source !== 'configuration'),
    ...entranceEvidence(of, plan.scenario),
    placement(pods, arm.placement ?? 'cross-node', about.namespace, zones),
    images(pods, about.namespace),
    { name: 'node', seen: describe(node), source: 'Node status' },
    ...facts,
  ]
}

/** Checks the placement of load generators and server. `zones`: node → its zone. */
export function placement(
  pods: readonly PodFact[],
  wanted: Placement,
  namespace: string,
  zones: ReadonlyMap<string, string | undefined> = new Map(),
): Evidence {
  const podsOf = (app: string) => pods.filter((pod) => pod.namespace === namespace && pod.labels['app'] === app)
  const [clients, servers] = [podsOf('client'), podsOf('server')]
  const each = (of: readonly PodFact[], value: (pod: PodFact) => string | undefined) => [...new Set(of.map(value))]
  const zonesOf = (of: readonly PodFact[]) => each(of, ({ nodeName }) => zones.get(nodeName ?? ''))
  const partsOf = (of: readonly PodFact[]) => each(of, ({ node }) => node)
  const [far, near] = [zonesOf(clients), zonesOf(servers)]
  const isZoned = near.length === 1 && ![...far, ...near].includes(undefined)
  const isRight: Readonly<Record<Placement, boolean>> = {
    'cross-node': true,
    'same-node': true,
    'same-zone': isZoned && far.every((zone) => near.includes(zone)),
    'cross-zone': isZoned && !far.some((zone) => near.includes(zone)),
  }
  const client = wanted === 'same-node' ? 'server' : 'client'
  const isThere = partsOf(servers)[0] === 'server' && partsOf(clients).join() === client
  const where = (of: readonly PodFact[]) => {
    const parts = of.length === 0 ? 'unknown' : list(partsOf(of).map((part) => part ?? 'unknown'))
    const named = zonesOf(of).map((zone) => (zone === undefined ? 'no zone' : `zone ${zone}`))
    return `on the ${parts} node${BY_ZONE.includes(wanted) ? ` (${list(named)})` : ''}`
  }
  return {
    name: 'placement',
    holds: isThere && isRight[wanted],
    seen: `client ${where(clients)}, server ${where(servers)}; ${wanted} was asked for`,
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
  const { kubeletVersion, kernelVersion, containerRuntimeVersion, architecture } = node.status.nodeInfo
  return `Kubernetes ${kubeletVersion}, kernel ${kernelVersion}, ${containerRuntimeVersion}, ${architecture}`
}
