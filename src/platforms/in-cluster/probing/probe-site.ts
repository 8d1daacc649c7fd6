import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseAllDocuments } from 'yaml'
import type { Cluster, ExecOf } from '../../../kubernetes/cluster.ts'
import { stamped } from '../../../kubernetes/install/install-mesh.ts'
import { Failure } from '../../../model/failure.ts'
import type { KubernetesObject } from '../../../model/mesh.ts'
import type { ProbeAnswer, ProbeClient, ProbeRequest, ProbeSite } from '../../../model/platform.ts'
import type { Protocol } from '../../../model/scenario.ts'
import type { SiteImages } from '../../../model/site.ts'
import { APPLICATION } from '../../../model/traits.ts'
import type { Seconds } from '../../../model/units.ts'
import { PATIENCE } from '../arm-mesh.ts'
import type { ClusterArm } from '../cluster-arm.ts'
import { MANAGED, targetOf } from '../workload.ts'
import { BEYOND, jobOf, linesOf, loggersOf } from './probe-readings.ts'

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
      const made = objects.map((one) => {
        if (isPod(one)) return annotated(before(one) ?? one, one)
        return own([one.kind === 'Job' ? arm.placed(jobWithImages(one, arm)) : one])
      })
      await cluster.apply(made.flat(), signal)
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
      const lines = await linesOf(
        cluster,
        [{ namespace, pod: `probe-${version}`, container: 'server' }],
        `"url":"${path}"`,
        signal,
      )
      return lines.length
    },
    logged: async (log, text, signal) => {
      const where = { namespace, outside: outsideOf(namespace) }
      return await linesOf(cluster, await loggersOf(log, cluster, of.kubernetes, where, signal), text, signal)
    },
    job: (name, signal) => jobOf({ name, namespace }, cluster, of.kubernetes, signal),
    [Symbol.asyncDispose]: removeAll,
  }
}

function isPod({ kind }: KubernetesObject): boolean {
  return kind === 'Pod'
}

/** A pod with the annotations of another one as well. */
function annotated(pod: KubernetesObject, { metadata: { annotations } }: KubernetesObject): KubernetesObject {
  return { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } } }
}

async function addressOutside(cluster: Cluster, namespace: string, signal: AbortSignal): Promise<string> {
  const [pod] = await cluster.pods(outsideOf(namespace), { app: BEYOND }, signal)
  const address = pod?.status?.podIP
  if (address !== undefined) return address
  throw new Failure('probe-client', `${BEYOND} is ready and has no address`)
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

/** A Job whose pods have images of the site, and are part of the mesh as the other pods are. */
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
  return await askInTurn(cluster, where, { argv, count, protocol }, signal)
}

/** Sends HTTP requests to the arm's own server from a pod of its load generator. */
export async function askServer(
  { cluster, of }: Pick<ClusterArm, 'cluster' | 'of'>,
  pod: string,
  { count, ...request }: Pick<ProbeRequest, 'path' | 'headers'> & { readonly count: number },
  signal: AbortSignal,
): Promise<readonly ProbeAnswer[]> {
  const { namespace } = of.about
  const argv = httpArgv(targetOf('http', namespace), { ...request, from: 'client', to: 'server' })
  return await askInTurn(cluster, { namespace, pod }, { argv, count, protocol: 'http' }, signal)
}

async function askInTurn(
  cluster: Cluster,
  where: Pick<ExecOf, 'namespace' | 'pod'>,
  {
    argv,
    count,
    protocol,
  }: { readonly argv: readonly string[]; readonly count: number; readonly protocol: 'http' | 'tcp' },
  signal: AbortSignal,
): Promise<readonly ProbeAnswer[]> {
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
