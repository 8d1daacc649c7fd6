import { INSTALLATION_SCHEMA, type Installation, type InstalledPart } from '../../model/installation.ts'
import type { Enrolment, InstallAbout, InstallStep, KubernetesObject } from '../../model/mesh.ts'
import { redact } from '../../model/secrets.ts'
import type { Site } from '../../model/site.ts'
import { type ChartCache, digestOf, type ManifestCache } from './chart-cache.ts'
import { chartAddress, type Helm, runHelm } from './helm.ts'
import { parseManifests } from './manifests.ts'

export interface InstallationOf {
  readonly arm: { readonly name: string; readonly mesh: string }
  readonly steps: readonly InstallStep[]
  readonly enrolment: Enrolment
  /** What stands in the workload's namespace as long as the cluster does. */
  readonly workload: readonly KubernetesObject[]
  readonly about: InstallAbout
  readonly site: Pick<Site, 'gatewayApi'>
  readonly charts: ChartCache
  readonly manifests: ManifestCache
}

interface Described {
  /** To be kept and shown. */
  readonly installation: Installation
  /** Of the same with all its secrets: for telling whether two installations are the same, and for nothing else. */
  readonly exact: string
}

/** What an arm's installation puts into its cluster: charts and manifests are fetched for it, nothing is installed. */
export async function describeInstallation(of: InstallationOf, signal: AbortSignal): Promise<Described> {
  const { arm, about, enrolment, workload } = of
  const parts: Part[] = []
  for (const step of of.steps) parts.push(...(await partsOf(step, of, signal)))
  const { until: _, objects, ...marks } = enrolment
  parts.push({ title: 'enrolment', objects: [...objects], values: marks })
  parts.push({ title: 'workload', objects: [...workload] })
  const head = { mesh: arm.mesh, version: about.version, profile: about.profile }
  const kept = parts.map(keptPart)
  const digest = digestOfParts(head, kept)
  return {
    installation: { schema: INSTALLATION_SCHEMA, arm: arm.name, ...head, digest, parts: kept },
    exact: digestOf([head, parts]),
  }
}

function digestOfParts(
  { mesh, version, profile }: Pick<Installation, 'mesh' | 'version' | 'profile'>,
  parts: readonly Pick<InstalledPart, 'title' | 'digest'>[],
): string {
  return digestOf([mesh, version, profile, parts.map(({ title, digest }) => [title, digest])])
}

type Part = Omit<InstalledPart, 'digest'>

async function partsOf(step: InstallStep, of: InstallationOf, signal: AbortSignal): Promise<Part[]> {
  const { about, charts, manifests, site } = of
  switch (step.do) {
    case 'gateway-api': {
      const { manifests: place, sha256, unchecked } = site.gatewayApi
      const objects = [...(await manifests.objects(place, signal, sha256))]
      return [{ title: `definitions of the Gateway API${unchecked ? ', unchecked' : ''}`, objects }]
    }
    case 'helm': {
      const { path: _, ...chart } = await charts.chart(chartAddress(about, step.chart), step.version, signal)
      return [{ title: step.release, chart, namespace: step.namespace, values: step.values }]
    }
    case 'site-manifests': {
      const objects = await Promise.all((about.vendor.manifests ?? []).map((place) => manifests.objects(place, signal)))
      return objects.length === 0 ? [] : [{ title: "the site's manifests", objects: objects.flat() }]
    }
    case 'apply':
      return [{ title: step.title, objects: [...step.objects] }]
    case 'wait':
      return []
  }
}

function keptPart(part: Part): InstalledPart {
  const bare = redact(part)
  const { objects } = bare
  return { ...bare, digest: digestOf(bare), ...(objects && { objects: objects.map(shortened) }) }
}

/** Definitions are long, and all that matters of them is whether they are the same. */
function shortened(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'CustomResourceDefinition') return object
  const { apiVersion, kind, metadata } = object
  return { apiVersion, kind, metadata: { name: metadata.name }, sha256: digestOf(object) }
}

/** An installation with what helm made of its charts, asked of the cluster where it stands. */
export async function withRendered(
  installation: Installation,
  helm: Helm & { readonly kubeconfigFile: string },
  signal: AbortSignal,
): Promise<Installation> {
  const parts = await Promise.all(
    installation.parts.map(async (part) => {
      const { title, chart, namespace } = part
      if (!chart || namespace === undefined) return part
      return { ...part, rendered: await renderedOf(title, namespace, helm, signal) }
    }),
  )
  return { ...installation, parts }
}

async function renderedOf(
  release: string,
  namespace: string,
  helm: Helm & { readonly kubeconfigFile: string },
  signal: AbortSignal,
): Promise<KubernetesObject[]> {
  const argv = ['get', 'manifest', release, '--namespace', namespace, '--kubeconfig', helm.kubeconfigFile]
  const text = await runHelm(helm, argv, signal)
  return parseManifests(text, `release ${release}`).map((object) => redact(shortened(object)))
}
