import { resolve } from 'node:path'
import { makeScratch } from '../../host/scratch.ts'
import { digestOfFiles } from '../../kubernetes/install/chart-cache.ts'
import type { Helm } from '../../kubernetes/install/helm.ts'
import {
  fitted,
  isChart,
  type OwnFiles,
  type OwnManifests,
  ownManifests,
  type RunningObject,
} from '../../kubernetes/install/own-manifests.ts'
import { SERVER, WORKLOAD_NAMESPACE } from '../../meshes/workload-parts.ts'
import { Failure } from '../../model/failure.ts'
import type { Enrolment, KubernetesObject, PodFact, Readiness } from '../../model/mesh.ts'
import type { Plan } from '../../model/plan.ts'
import type { Finding } from '../../model/platform.ts'
import type { Load, ManifestsWorkload, Scenario, Workload } from '../../model/scenario.ts'
import type { Program, Site } from '../../model/site.ts'
import { APPLICATION } from '../../model/traits.ts'
import { graphEntrance, graphManifests } from './graph-application.ts'

/** An application of the user's in place of our server, in every arm. */
export interface Application extends OwnManifests, Pick<ManifestsWorkload, 'entrance' | 'ready'> {}

/** The place of an application's files, where they are relative to `folder`; a graph has none. */
export function ownFiles(workload: Workload, folder: (path: string) => string): OwnFiles | undefined {
  if (workload.services) return undefined
  const { manifests, values } = workload
  return { manifests: folder(manifests), ...(values !== undefined && { values: folder(values) }) }
}

/** Of all its files. Throws a Failure where there are none. */
export async function digestOfApplication({ manifests, values }: OwnFiles): Promise<string> {
  try {
    const digests = await Promise.all([manifests, ...(values === undefined ? [] : [values])].map(digestOfFiles))
    return digests.length === 1 ? (digests[0] as string) : digests.join('+')
  } catch (error) {
    throw new Failure('manifests', 'the files of workload cannot be read', {
      cause: error,
      remedy: 'Paths of workload are relative to the scenario file.',
    })
  }
}

/** Reads and checks the application of a scenario, or makes that of its graph; undefined where it has neither. `namespace`: of the arm. */
export async function readApplication(
  { workload }: Pick<Scenario, 'workload'>,
  files: OwnFiles | undefined,
  { namespace, helm, image }: { readonly namespace: string; readonly helm?: Helm; readonly image: string },
  signal: AbortSignal,
): Promise<Application | undefined> {
  if (!workload) return undefined
  if (workload.services) {
    return { entrance: graphEntrance(workload.services), ...graphManifests(workload.services, image) }
  }
  if (!files) throw new TypeError('an application has files')
  const { entrance, ready } = workload
  return { entrance, ...(ready && { ready }), ...(await ownManifests(files, workload, namespace, helm, signal)) }
}

/** Where the application of a plan is, whose scenario file is in this folder; undefined where it has none. */
export function filesOfApplication({ scenario: { workload } }: Plan, folder: string | undefined): OwnFiles | undefined {
  if (!workload || workload.services) return undefined
  if (folder === undefined) throw new TypeError('paths of a workload are relative to a folder')
  return ownFiles(workload, (path) => resolve(folder, path))
}

/** The application of a plan, rendered in a folder of its own: helm keeps files in it. */
export async function applicationOf(
  plan: Plan,
  files: OwnFiles | undefined,
  { helm: { path: helm }, site }: { readonly helm: Program; readonly site: Site },
  signal: AbortSignal,
): Promise<Application | undefined> {
  if (!plan.scenario.workload) return undefined
  const scratch = await makeScratch('application')
  try {
    return await readApplication(
      plan.scenario,
      files,
      { namespace: WORKLOAD_NAMESPACE, helm: { helm, dir: scratch.dir }, image: site.images[APPLICATION] },
      signal,
    )
  } finally {
    await scratch.remove()
  }
}

/** What is known of an application before anything is made; a chart is rendered only once helm is there. */
export async function applicationFindings(
  { workload }: Pick<Scenario, 'workload'>,
  files: OwnFiles | undefined,
  namespace: string,
): Promise<Finding[]> {
  if (!workload || workload.services || !files) return []
  if (await isChart(files)) {
    return [{ severity: 'ok', message: `the chart ${workload.manifests} is checked when a run renders it` }]
  }
  try {
    const found = await readApplication({ workload }, files, { namespace, image: '' }, AbortSignal.timeout(60_000))
    const names = found?.running.map(({ object }) => `${object.kind} ${object.metadata.name}`) ?? []
    return [{ severity: 'ok', message: `the application of ${workload.manifests}: ${names.join(', ')}` }]
  } catch (thrown) {
    return [Failure.from(thrown).toFinding()]
  }
}

/** On every pod of an application: the object that runs it. */
export const TIER = 'meshbench.io/tier'

interface FittingAbout {
  readonly enrolment: Enrolment
  readonly imageOf: (name: string) => string
}

/** Its objects as they are applied, still without namespace and stamp. */
export function applicationObjects(
  { lasting, running }: Application,
  { enrolment, imageOf }: FittingAbout,
): { readonly lasting: readonly KubernetesObject[]; readonly running: readonly KubernetesObject[] } {
  return {
    lasting,
    running: running.map((one) =>
      fitted(one.object, {
        labels: { [TIER]: tierOf(one), ...(one.isEntrance && enrolment.entranceLabels) },
        annotations: enrolment.podAnnotations ?? {},
        nodeSelector: { 'meshbench.io/part': 'server' },
        image: imageOf,
      }),
    ),
  }
}

/** No longer than a label's value may be. */
function tierOf({ object }: Pick<RunningObject, 'object'>): string {
  return object.metadata.name.slice(0, 63).replace(/[^A-Za-z0-9]+$/, '')
}

/** What has to be ready of it. */
export function readinessOf({ running, ready }: Application, namespace: string): Readiness[] {
  const nameOf = ({ kind, metadata }: KubernetesObject) => `${kind.toLowerCase()}/${metadata.name}`
  const wanted = ready?.map((name) => name.toLowerCase())
  const unknown = wanted?.find((name) => !running.some(({ object }) => nameOf(object) === name))
  if (unknown !== undefined) {
    throw new Failure('manifests', `workload.ready names ${unknown}, which the manifests do not have`, {
      remedy: `Name some of these: ${running.map(({ object }) => nameOf(object)).join(', ')}.`,
    })
  }
  return running
    .filter(({ object }) => wanted?.includes(nameOf(object)) ?? true)
    .flatMap(({ object: { kind, metadata, spec } }): Readiness[] => {
      const { name } = metadata
      if (kind === 'Deployment' || kind === 'Pod') return [{ kind, namespace, name }]
      // What it makes has its name and a number. A job is done when it is done: the first answer tells.
      if (kind !== 'StatefulSet') return []
      const { replicas = 1 } = spec as { replicas?: number }
      return Array.from({ length: replicas }, (_, index) => ({ kind: 'Pod', namespace, name: `${name}-${index}` }))
    })
}

/** What it is asked at its entrance: a script appends paths of its own. */
export function entranceOf(
  { entrance }: Application,
  namespace: string,
  load: Pick<Load, 'script' | 'service'>,
): string {
  const base = `http://${load.service ?? entrance.service}.${namespace}.svc.cluster.local:${entrance.port}`
  return load.script === undefined ? `${base}${entrance.path}` : `${base}/`
}

/**
 * Its pods as the declarations of meshes know pods: at the entrance stands what they call the server, and its own containers are
 * that server's. Pods behind the entrance have a tier: they are counted by themselves, and proofs of the mesh do not read them, since
 * these are about what the load generator sent.
 */
export function asServers(pods: readonly PodFact[], application: Application | undefined): PodFact[] {
  if (!application) return [...pods]
  const byTier = new Map(application.running.map((one) => [tierOf(one), one]))
  return pods.map((pod) => {
    const tier = pod.labels[TIER]
    const one = tier === undefined ? undefined : byTier.get(tier)
    if (tier === undefined || !one) return pod
    return {
      ...pod,
      labels: { ...pod.labels, ...SERVER },
      ...(!one.isEntrance && { tier }),
      containers: pod.containers.map((container) =>
        one.containers.includes(container.name) ? { ...container, name: 'server' } : container,
      ),
    }
  })
}
