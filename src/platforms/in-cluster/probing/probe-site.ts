import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseAllDocuments } from 'yaml'
import type { Cluster, ExecOf } from '../../../kubernetes/cluster.ts'
import { stamped } from '../../../kubernetes/install/install-mesh.ts'
import type { ContainerStatus, Pod } from '../../../kubernetes/pods.ts'
import { Failure } from '../../../model/failure.ts'
import type { ComponentRule, KubernetesObject } from '../../../model/mesh.ts'
import type { ProbeAnswer, ProbeClient, ProbeJob, ProbeLog, ProbeRequest, ProbeSite } from '../../../model/platform.ts'
import type { Protocol } from '../../../model/scenario.ts'
import type { SiteImages } from '../../../model/site.ts'
import { APPLICATION } from '../../../model/traits.ts'
import type { Seconds } from '../../../model/units.ts'
import { PATIENCE } from '../arm-mesh.ts'
import type { ClusterArm } from '../cluster-arm.ts'
import { MANAGED, targetOf } from '../workload.ts'

const FILE = new URL('../../../../manifests/features.yaml', import.meta.url)

/** Services that requests are sent to: in front of both versions, and what Istio makes of a Gateway with the name `probe`. */
const SERVICES = { versions: 'probe-versions', mixed: 'probe-mixed', gateway: 'probe-istio' } as const
/** The pods that requests are sent from. */
const PODS: Readonly<Record<ProbeClient, string>> = {
  client: 'client',
  other: 'probe-other',
  outside: 'probe-outside',
}
/** The container with a shell, beside the one with the load tool. */
const SHELL = 'files'
/** The server outside of the mesh, and its container that receives spans. */
const OUTSIDE = { pod: 'probe-beyond', spans: 'spans' } as const
/** The pods of the versions. */
const VERSIONS = { app: 'probe-versions' } as const
/** Lines of a log that are looked at: its last ones. */
const LINES = 5000
/** For one answer. */
const TIMEOUT: Seconds = 5
/** To remove what was made. */
const REMOVAL: Seconds = 60

/** The namespace of a client outside of the mesh, for the arm that has this one. */
export function outsideOf(namespace: string): string {
  return `${namespace.slice(0, 55)}-outside`
}

/** Makes what probes need beside the workload of an arm that is up, and waits until it is ready. */
export async function openProbeSite(arm: ClusterArm, signal: AbortSignal): Promise<ProbeSite> {
  const { cluster, of, run } = arm
  const { namespace } = of.about
  const own = (objects: readonly KubernetesObject[]) => objects.map((object) => stamped(object, run))
  const participants = own(arm.placed(participantsOf(arm)))
  const removeAll = () => cluster.remove(participants, new AbortController().signal, { within: REMOVAL })
  const untilReady = (pods: readonly KubernetesObject[], signal: AbortSignal) =>
    cluster.untilReady(
      pods.map(({ metadata }) => ({ kind: 'Pod', namespace: metadata.namespace ?? namespace, name: metadata.name })),
      PATIENCE,
      signal,
    )
  let address: string
  try {
    await cluster.apply(participants, signal, { within: PATIENCE })
    await untilReady(participants.filter(isPod), signal)
    address = await addressOutside(cluster, namespace, signal)
  } catch (error) {
    await removeAll().catch(() => undefined)
    throw error
  }
  const before = (one: KubernetesObject) =>
    participants.find(({ kind, metadata }) => kind === one.kind && metadata.name === one.metadata.name)
  /** Pods that stand with annotations of a probe. */
  const changed = new Set<string>()
  return {
    namespace,
    outside: { namespace: outsideOf(namespace), address },
    async apply(objects, signal) {
      const pods = objects.filter(isPod)
      for (const { metadata } of pods) changed.add(metadata.name)
      await cluster.remove(pods, signal, { within: REMOVAL })
      const others = objects.flatMap((one) => {
        if (isPod(one)) return []
        return one.kind === 'Job' ? [arm.placed(jobWithImages(one, arm))] : [one]
      })
      await cluster.apply([...own(others), ...pods.flatMap((pod) => remade(pod, before(pod)))], signal)
    },
    async remove(objects, signal) {
      await cluster.remove(
        objects.filter((one) => !before(one)),
        signal,
        { within: REMOVAL },
      )
      const pods = objects
        .filter((one) => isPod(one) && changed.has(one.metadata.name))
        .flatMap((one) => before(one) ?? [])
      await cluster.remove(pods, signal, { within: REMOVAL })
      // Server-side apply takes away what it had added.
      await cluster.apply(
        [...objects.filter((one) => !isPod(one)).flatMap((one) => before(one) ?? []), ...pods],
        signal,
      )
      if (pods.length > 0) await untilReady(pods, signal)
      for (const { metadata } of pods) changed.delete(metadata.name)
    },
    ask: (request, signal) => ask(cluster, namespace, request, signal),
    served: async (version, path, signal) => {
      const log = await cluster.logs(namespace, `probe-${version}`, 'server', LINES, signal)
      return log.split('\n').filter((line) => line.includes(`"url":"${path}"`)).length
    },
    logged: async (log, text, signal) => {
      const containers = await loggers(arm, log, signal)
      const texts = await Promise.all(
        containers.map((one) => cluster.logs(one.namespace, one.pod, one.container, LINES, signal)),
      )
      return texts.flatMap((all) => all.split('\n').filter((line) => line.includes(text)))
    },
    job: (name, signal) => jobOf(arm, name, signal),
    [Symbol.asyncDispose]: removeAll,
  }
}

async function jobOf({ cluster, of }: ClusterArm, name: string, signal: AbortSignal): Promise<ProbeJob | undefined> {
  const { namespace } = of.about
  const object = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name, namespace } }
  const job = await cluster.read<{ readonly status?: { readonly succeeded?: number } }>(object, signal)
  if (!job) return undefined
  const pods = await cluster.pods(namespace, { 'batch.kubernetes.io/job-name': name }, signal)
  const ofPods = pods.map(({ spec }) => [...(spec.initContainers ?? []), ...spec.containers].map((one) => one.name))
  const beside = besideServer(of)
  return {
    ended: (job.status?.succeeded ?? 0) > 0,
    containers: [...new Set(ofPods.flat())],
    isEnrolled: beside === undefined || (ofPods.length > 0 && ofPods.every((names) => names.includes(beside))),
  }
}

/** The container that the mesh puts beside a server; undefined where it puts none there. */
function besideServer({ kubernetes }: ClusterArm['of']): string | undefined {
  return kubernetes.components.find(({ role }) => role === 'server-proxy')?.container
}

function isPod({ kind }: KubernetesObject): boolean {
  return kind === 'Pod'
}

/** A pod of ours with further annotations. */
function remade({ metadata }: KubernetesObject, own: KubernetesObject | undefined): KubernetesObject[] {
  if (!own) return []
  return [
    { ...own, metadata: { ...own.metadata, annotations: { ...own.metadata.annotations, ...metadata.annotations } } },
  ]
}

async function addressOutside(cluster: Cluster, namespace: string, signal: AbortSignal): Promise<string> {
  const [pod] = await cluster.pods(outsideOf(namespace), { app: OUTSIDE.pod }, signal)
  const address = pod?.status?.podIP
  if (address !== undefined) return address
  throw new Failure('probe-client', `${OUTSIDE.pod} is ready and has no address`)
}

interface Logger {
  readonly namespace: string
  readonly pod: string
  readonly container: string
}

/** The containers whose log it is. Of proxies it is those that read most of a request: waypoints, or the server's own, or those of the nodes. */
async function loggers({ cluster, of }: ClusterArm, log: ProbeLog, signal: AbortSignal): Promise<Logger[]> {
  const { kubernetes, about } = of
  const { namespace } = about
  if (log === 'spans') return [{ namespace: outsideOf(namespace), pod: OUTSIDE.pod, container: OUTSIDE.spans }]
  const ruleOf = (role: ComponentRule['role']) => kubernetes.components.find((rule) => rule.role === role)
  const beside = besideServer(of)
  const own = beside === undefined ? undefined : { labels: VERSIONS, container: beside, namespace }
  const rule = ruleOf('waypoint') ?? own ?? ruleOf('node-proxy')
  if (!rule) return []
  const pods = await cluster.pods(rule.namespace ?? namespace, rule.labels, signal)
  return pods.flatMap((pod) => {
    const container = rule.container ?? pod.spec.containers[0]?.name
    // A pod that a probe has just made anew has no log yet.
    const isRunning = statusesOf(pod).some(({ name, state }) => name === container && state?.running !== undefined)
    return container !== undefined && isRunning
      ? [{ namespace: pod.metadata.namespace, pod: pod.metadata.name, container }]
      : []
  })
}

function statusesOf({ status }: Pod): readonly ContainerStatus[] {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
}

function participantsOf({ of, images }: Pick<ClusterArm, 'of' | 'images'>): KubernetesObject[] {
  const { kubernetes, about } = of
  const { podAnnotations } = kubernetes.enrol(about)
  const outside = outsideOf(about.namespace)
  const documents = parseAllDocuments(readFileSync(FILE, 'utf8')).map((one) => one.toJS() as KubernetesObject)
  return documents.map((object) => {
    const { metadata, kind } = object
    if (kind === 'Namespace') {
      return { ...object, metadata: { ...metadata, name: outside, labels: { ...metadata.labels, ...MANAGED } } }
    }
    const isOutside = metadata.namespace !== undefined
    const placed = { ...object, metadata: { ...metadata, namespace: isOutside ? outside : about.namespace } }
    return kind === 'Pod' ? withImages(placed, images, isOutside ? undefined : podAnnotations) : placed
  })
}

/** Its pods are enrolled and told as the others are. */
function jobWithImages(job: KubernetesObject, { of, images }: Pick<ClusterArm, 'of' | 'images'>): KubernetesObject {
  const spec = job['spec'] as { readonly template: Pick<KubernetesObject, 'metadata'> }
  const { podAnnotations } = of.kubernetes.enrol(of.about)
  const { metadata, ...template } = withImages(
    { ...job, ...spec.template, metadata: job.metadata },
    images,
    podAnnotations,
  )
  const { annotations } = metadata
  return {
    ...job,
    spec: { ...spec, template: { ...(annotations && { metadata: { annotations } }), spec: template['spec'] } },
  }
}

interface PodSpec {
  readonly containers: readonly { readonly image: keyof SiteImages }[]
}

function withImages(
  pod: KubernetesObject,
  images: SiteImages,
  annotations: Readonly<Record<string, string>> | undefined,
): KubernetesObject {
  const spec = pod['spec'] as PodSpec
  const containers = spec.containers.map((container) => ({ ...container, image: images[container.image] }))
  const metadata = { ...pod.metadata, ...(annotations && { annotations }) }
  return { ...pod, metadata, spec: { ...spec, containers } }
}

/** Sends requests, one after the other, each on a connection of its own. */
async function ask(
  cluster: Cluster,
  namespace: string,
  request: ProbeRequest,
  signal: AbortSignal,
): Promise<readonly ProbeAnswer[]> {
  const { from, to, protocol = 'http', count = 1 } = request
  const where = { namespace: from === 'outside' ? outsideOf(namespace) : namespace, pod: PODS[from] }
  const target = addressOf(to, protocol, namespace)
  if (protocol === 'grpc') return await askByGrpc(cluster, where, target, count, signal)
  const argv = protocol === 'tcp' ? tcpArgv(target) : httpArgv(target, request)
  const command = ['sh', '-c', LOOP, String(count), String(TIMEOUT), ...argv]
  const printed = await run(count, signal, (limited) =>
    text(cluster.stream({ ...where, container: SHELL, command }, limited)),
  )
  const answers = answersOf(printed, protocol)
  if (answers.length === count) return answers
  throw new Failure('probe-client', `the client of the probe told of ${answers.length} of ${count} requests`)
}

function addressOf(to: ProbeRequest['to'], protocol: Protocol, namespace: string): string {
  if (to === 'server') return targetOf(protocol, namespace)
  const host = typeof to === 'object' ? to.host : `${SERVICES[to]}.${namespace}.svc.cluster.local`
  return `http://${host}:8080/`
}

/** Prints what a command prints, and a line with the system's uptime before and after it and its exit code, as often as $0 says. */
const LOOP =
  'i=0; while [ "$i" -lt "$0" ]; do read a x </proc/uptime; timeout "$@" 2>&1; c=$?; read b x </proc/uptime; echo; echo "@@ $a $b $c"; i=$((i+1)); done'

function httpArgv(target: string, { path = '/', headers = {} }: ProbeRequest): string[] {
  const given = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`])
  return ['wget', '-q', '-S', '-O', '-', ...given, `${target.replace(/\/$/, '')}${path}`]
}

const ECHOED = 'meshbench-probe'

function tcpArgv(target: string): string[] {
  const { hostname, port } = new URL(target)
  return ['sh', '-c', `echo ${ECHOED} | nc "$0" "$1"`, hostname, port]
}

async function run<T>(count: number, signal: AbortSignal, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const within = count * TIMEOUT + 15
  const limit = AbortSignal.timeout(within * 1000)
  try {
    return await act(AbortSignal.any([signal, limit]))
  } catch (error) {
    signal.throwIfAborted()
    if (!limit.aborted) throw error
    throw new Failure('probe-client', `the client of the probe was still running after ${within} s`)
  }
}

/** @internal What the loop printed, as answers. */
export function answersOf(printed: string, protocol: Exclude<Protocol, 'grpc'>): ProbeAnswer[] {
  return timedAnswers(printed, protocol).map(({ answer }) => answer)
}

interface Timed {
  /** By the uptime of the node: when it was asked, and when the answer was there. */
  readonly from: Seconds
  readonly to: Seconds
  readonly answer: ProbeAnswer
}

function timedAnswers(printed: string, protocol: Exclude<Protocol, 'grpc'>): Timed[] {
  const answers: Timed[] = []
  let lines: string[] = []
  for (const line of printed.split('\n')) {
    const [, from, to] = /^@@ ([\d.]+) ([\d.]+) \d+$/.exec(line) ?? []
    if (from === undefined) {
      lines.push(line)
      continue
    }
    const seconds = Number(to) - Number(from)
    const answer = protocol === 'tcp' ? tcpAnswer(lines, seconds) : httpAnswer(lines, seconds)
    answers.push({ from: Number(from), to: Number(to), answer })
    lines = []
  }
  return answers
}

/** As the other loop, ten times a second until $0 seconds have passed. */
const LOOP_FOR =
  'IFS=". " read s f x </proc/uptime; e=$((s + $0)); while IFS=". " read a f x </proc/uptime && [ "$a" -lt "$e" ]; do timeout "$@" 2>&1; c=$?; IFS=". " read b g x </proc/uptime; echo; echo "@@ $a.$f $b.$g $c"; sleep 0.1; done'

/** Asks the server from the client's pod, ten times a second, each time on a connection of its own. */
export async function askFor(
  { cluster, of }: Pick<ClusterArm, 'cluster' | 'of'>,
  protocol: 'http' | 'tcp',
  seconds: Seconds,
  signal: AbortSignal,
): Promise<Timed[]> {
  const { namespace } = of.about
  const target = targetOf(protocol, namespace)
  const argv = protocol === 'tcp' ? tcpArgv(target) : httpArgv(target, { from: 'client', to: 'server' })
  const command = ['sh', '-c', LOOP_FOR, String(Math.floor(seconds)), String(TIMEOUT_BESIDE), ...argv]
  const where = { namespace, pod: PODS.client, container: SHELL, command }
  return timedAnswers(await text(cluster.stream(where, signal)), protocol)
}

/** For one answer of those. */
const TIMEOUT_BESIDE: Seconds = 2

/** The uptime of the client's node, which is the clock of these answers. */
export async function uptimeOf({ cluster, of }: Pick<ClusterArm, 'cluster' | 'of'>, signal: AbortSignal) {
  const where = { namespace: of.about.namespace, pod: PODS.client, container: SHELL, command: ['cat', '/proc/uptime'] }
  const { stdout } = await cluster.exec(where, signal)
  return Number(stdout.split(' ')[0])
}

function tcpAnswer(lines: readonly string[], seconds: Seconds): ProbeAnswer {
  const body = lines.join('\n').trim()
  return { ...(body.includes(ECHOED) && { status: 200 }), headers: {}, body, seconds }
}

/** busybox's wget prints status line and headers with two spaces before them, and of a status that is an error nothing more. */
function httpAnswer(lines: readonly string[], seconds: Seconds): ProbeAnswer {
  const starts = lines.flatMap((line, index) => (/^ {2}HTTP\/[\d.]+ \d{3}/.test(line) ? [index] : []))
  const last = starts.at(-1)
  if (last === undefined) return { headers: {}, body: lines.join('\n').trim(), seconds }
  const rest = lines.slice(last + 1)
  const end = rest.findIndex((line) => !/^ {2}[\w-]+: /.test(line))
  const pairs = rest.slice(0, end === -1 ? rest.length : end).map((line) => {
    const at = line.indexOf(':')
    return [line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim()] as const
  })
  return {
    status: Number(/ (\d{3})/.exec(lines[last] ?? '')?.[1]),
    redirects: starts.length - 1,
    headers: Object.fromEntries(pairs),
    body: rest.slice(pairs.length).join('\n').trim(),
    seconds,
  }
}

async function askByGrpc(
  cluster: Cluster,
  where: Pick<ExecOf, 'namespace' | 'pod'>,
  target: string,
  count: number,
  signal: AbortSignal,
): Promise<ProbeAnswer[]> {
  const flags = ['-c', '1', '-n', String(count), '-qps', '0', '-timeout', `${TIMEOUT}s`, '-quiet', '-log-errors=false']
  const command = [APPLICATION, 'load', ...flags, '-allow-initial-errors', '-json', '-', '-grpc', '-ping', target]
  // It ends with 1 where no request was answered, which is a result here.
  const { stdout } = await run(count, signal, (limited) => {
    return cluster.exec({ ...where, container: APPLICATION, command }, limited)
  })
  const served = Number(/"(?:SERVING|OK)":\s*(\d+)/.exec(stdout)?.[1] ?? 0)
  return Array.from({ length: count }, (_, index) => ({
    ...(index < served && { status: 200 }),
    headers: {},
    body: '',
    seconds: Number.NaN,
  }))
}
