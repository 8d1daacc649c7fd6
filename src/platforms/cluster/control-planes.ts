import type { Cluster } from '../../kubernetes/cluster.ts'
import { chartAddress, helmArgv, runHelm } from '../../kubernetes/install/helm.ts'
import { madeCredentials } from '../../kubernetes/install/install-mesh.ts'
import { parseManifests } from '../../kubernetes/install/manifests.ts'
import { mergeValues } from '../../meshes/settings.ts'
import { Failure } from '../../model/failure.ts'
import type { InstallAbout, KubernetesMesh, KubernetesObject } from '../../model/mesh.ts'
import type { ArmMesh } from '../in-cluster/arm-mesh.ts'
import type { SharedCluster } from '../in-cluster/shared-cluster.ts'
import type { SharedInstallation } from '../in-cluster/side-by-side.ts'
import type { Inventory } from './inventory.ts'

type Sources = Pick<SharedCluster, 'helm' | 'env' | 'dir' | 'charts' | 'manifests' | 'site'>

/** Every object that an installation makes, rendered without a cluster. */
export async function renderedBy(
  { steps, about }: SharedInstallation,
  { helm, env, dir, charts, manifests, site }: Sources,
  signal: AbortSignal,
): Promise<KubernetesObject[]> {
  const objects: KubernetesObject[] = []
  for (const step of steps) {
    if (step.do === 'gateway-api') {
      objects.push(...(await manifests.objects(site.gatewayApi.manifests, signal, site.gatewayApi.sha256)))
    } else if (step.do === 'apply') objects.push(...step.objects)
    else if (step.do === 'site-manifests') {
      for (const place of about.vendor.manifests ?? []) objects.push(...(await manifests.objects(place, signal)))
    } else if (step.do === 'helm') {
      const { path } = await charts.chart(chartAddress(about, step.chart), step.version, signal)
      const values = mergeValues(step.values, step.credentials && (await madeCredentials(step.credentials)))
      const text = await runHelm(
        { helm: helm.path, env, dir },
        helmArgv.template(step, path, undefined),
        signal,
        values,
      )
      const inRelease = ({ metadata, ...rest }: KubernetesObject) => {
        return { ...rest, metadata: { namespace: step.namespace, ...metadata } } as KubernetesObject
      }
      objects.push(...parseManifests(text, `what the chart ${step.chart} makes`).map(inRelease))
    }
  }
  return objects
}

type Name = Inventory['objects'][number]

/** What installations add to a cluster, and what of it was there already. */
export interface Additions {
  readonly releases: Inventory['releases']
  readonly namespaces: readonly string[]
  /** Definitions, and what control planes make by themselves: only those that are not there yet. */
  readonly objects: readonly Name[]
  /** Control planes that are there already, in words. */
  readonly there: readonly string[]
}

const DEFINITION = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' } as const

/** Compares what installations make with what the cluster has. */
export async function additionsTo(
  cluster: Cluster,
  installations: readonly SharedInstallation[],
  sources: Sources,
  signal: AbortSignal,
): Promise<Additions> {
  // Who installs nothing may not be allowed to look.
  if (installations.length === 0) return { releases: [], namespaces: [], objects: [], there: [] }
  const existing = async (kind: { apiVersion: string; kind: string }) =>
    new Set((await cluster.list(kind, signal)).map(({ metadata }) => metadata.name))
  const [namespaces, definitions] = await Promise.all([
    existing({ apiVersion: 'v1', kind: 'Namespace' }),
    existing(DEFINITION),
  ])
  const releases = installations.flatMap(({ steps }) =>
    steps.flatMap((step) => (step.do === 'helm' ? { release: step.release, namespace: step.namespace } : [])),
  )
  const wanted = [...new Set(releases.map(({ namespace }) => namespace))]
  const objects: KubernetesObject[] = []
  for (const one of installations) objects.push(...(await renderedBy(one, sources, signal)))
  const defined = objects.filter(({ kind }) => kind === DEFINITION.kind).map(({ metadata: { name } }) => name)
  const made = await Promise.all(installations.map((one) => madeBesides(cluster, one, namespaces, signal)))
  return {
    releases,
    namespaces: wanted.filter((name) => !namespaces.has(name)),
    objects: [
      ...made.flat(),
      ...[...new Set(defined)]
        .filter((name) => !definitions.has(name))
        .map((name) => ({ ...DEFINITION, metadata: { name } })),
    ],
    there: wanted.filter((name) => namespaces.has(name)).map((name) => `the namespace ${name}`),
  }
}

/** What control planes will make outside of their namespaces, without what is there. */
async function madeBesides(
  cluster: Cluster,
  { arms }: SharedInstallation,
  namespaces: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Name[]> {
  const makes = new Map(
    arms.flatMap(({ kubernetes }) => kubernetes.makes ?? []).map((one) => [JSON.stringify(one), one]),
  )
  const found: Name[] = []
  for (const { apiVersion, kind, name, everywhere } of makes.values()) {
    const there = await cluster.list({ apiVersion, kind, fields: `metadata.name=${name}` }, signal)
    const isThere = (namespace?: string) => there.some(({ metadata }) => metadata.namespace === namespace)
    const places = everywhere ? [...namespaces] : [undefined]
    for (const namespace of places) {
      if (isThere(namespace)) continue
      found.push({ apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } })
    }
  }
  return found
}

/** The definitions of an installation that are not in the cluster yet; those that are there stay as they are. */
export function withoutThere(
  objects: readonly KubernetesObject[],
  { objects: fresh }: Pick<Additions, 'objects'>,
): KubernetesObject[] {
  const names = new Set(fresh.filter(({ kind }) => kind === DEFINITION.kind).map(({ metadata }) => metadata.name))
  return objects.filter(({ kind, metadata }) => kind !== DEFINITION.kind || names.has(metadata.name))
}

/** The part of a Deployment's JSON that is read here. */
interface Deployment {
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> }
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } }
  }
}

/** An arm whose mesh is in the cluster already: its version and revision as the control plane has them. */
export async function asExisting(of: ArmMesh, cluster: Cluster, signal: AbortSignal): Promise<ArmMesh> {
  const { arm, kubernetes, about } = of
  const { existing } = kubernetes
  if (kubernetes.install(about).length === 0) return of
  if (!existing) throw notReadable(of)
  const { namespace, labels } = existing
  const found = await cluster.list<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', namespace, labels }, signal)
  const [deployment, second] = found
  if (!deployment) {
    throw new Failure('no-mesh', `arm ${arm.name}: the cluster has no ${arm.mesh}`, {
      cause: `there is no Deployment in the namespace ${namespace} with the labels ${labelText(labels)}`,
      remedy: 'Install it, or let meshbench do so: `provision: install`.',
    })
  }
  const wanted = revisionIn(about)
  const chosen = second ? found.find((one) => existing.read(seenOf(one)).revision === wanted) : deployment
  if (!chosen) {
    const names = found.map((one) => existing.read(seenOf(one)).revision ?? 'default')
    throw new Failure('no-mesh', `arm ${arm.name}: the cluster has ${found.length} control planes of ${arm.mesh}`, {
      cause: `their revisions are ${names.join(', ')}`,
      remedy: `Name one: values: { values: { ${existing.revisionChart}: { revision: ${names[0]} } } }.`,
    })
  }
  const { version, revision } = existing.read(seenOf(chosen))
  if (arm.version !== undefined && arm.version !== version) {
    throw new Failure('no-mesh', `arm ${arm.name}: the cluster has ${arm.mesh} ${version}, not ${arm.version}`, {
      remedy: 'Correct the version of the arm, or leave it out.',
    })
  }
  const values = mergeValues(
    about.settings['values'] as InstallAbout['settings'][string] & object,
    revision === undefined ? undefined : { [existing.revisionChart]: { revision } },
  )
  return { ...of, about: { ...about, version, settings: { ...about.settings, values } } }
}

function revisionIn({ settings }: InstallAbout): string | undefined {
  const values = settings['values'] as Readonly<Record<string, { readonly revision?: string }>> | undefined
  return Object.values(values ?? {}).find(({ revision }) => revision !== undefined)?.revision
}

function seenOf({ metadata, spec }: Deployment): Parameters<NonNullable<KubernetesMesh['existing']>['read']>[0] {
  return { labels: metadata.labels ?? {}, images: spec.template.spec.containers.map(({ image }) => image) }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(', ')
}

function notReadable({ arm }: ArmMesh): Failure {
  return new Failure('unsupported', `arm ${arm.name}: meshbench cannot measure a ${arm.mesh} that is there already`, {
    cause: 'its declaration does not say how such an installation shows its version',
    remedy: 'Use `provision: install` for it.',
  })
}
