import { makeAuthority } from '../../host/authority.ts'
import { mergeValues } from '../../meshes/settings.ts'
import type { HelmCredentials, InstallAbout, InstallStep, KubernetesObject, Values } from '../../model/mesh.ts'
import type { Step } from '../../model/platform.ts'
import type { Program, Site } from '../../model/site.ts'
import type { Seconds } from '../../model/units.ts'
import type { Cluster } from '../cluster.ts'
import type { ChartCache, ManifestCache } from './chart-cache.ts'
import { chartAddress, installRelease } from './helm.ts'

export type HelmStep = Extract<InstallStep, { do: 'helm' }>

interface MeshInstallation {
  readonly cluster: Cluster
  readonly helm: Program
  /** What helm is started with. */
  readonly env: NodeJS.ProcessEnv
  readonly charts: ChartCache
  readonly manifests: ManifestCache
  /** Stamped on every object and release. */
  readonly run: string
  /** How helm reaches the cluster. */
  readonly kubeconfigFile: string
  /** A folder that only we can read: for values, and for helm's own files. */
  readonly dir: string
  readonly site: Site
  readonly about: InstallAbout
  /** For each step to be ready. */
  readonly within: Seconds
}

/** Carries out a mesh's installation, one step after the other. */
export async function* installMesh(
  steps: readonly InstallStep[],
  installation: MeshInstallation,
  signal: AbortSignal,
): AsyncGenerator<Step> {
  for (const step of steps) {
    yield { title: titleOf(step) }
    await carryOut(step, installation, signal)
  }
}

function titleOf(step: InstallStep): string {
  switch (step.do) {
    case 'gateway-api':
      return 'installing the definitions of the Gateway API'
    case 'helm':
      return `installing ${step.release}`
    case 'site-manifests':
      return "applying the site's manifests"
    case 'apply':
      return step.title
    case 'wait':
      return `waiting for ${step.until.map(({ name }) => name).join(', ')}`
  }
}

async function carryOut(step: InstallStep, installation: MeshInstallation, signal: AbortSignal): Promise<void> {
  const { cluster, site, about, within, manifests, run } = installation
  const apply = (objects: readonly KubernetesObject[]) =>
    cluster.apply(
      objects.map((object) => stamped(object, run)),
      signal,
      { within },
    )
  switch (step.do) {
    case 'gateway-api':
      return await apply(await manifests.objects(site.gatewayApi.manifests, signal, site.gatewayApi.sha256))
    case 'helm':
      return await install(step, installation, signal)
    case 'site-manifests': {
      for (const place of about.vendor.manifests ?? []) {
        await apply(await manifests.objects(place, signal))
      }
      return
    }
    case 'apply':
      return await apply(step.objects)
    case 'wait':
      return await cluster.untilReady(step.until, within, signal)
  }
}

async function install(
  step: HelmStep,
  { helm, env, charts, kubeconfigFile, dir, about, run }: MeshInstallation,
  signal: AbortSignal,
): Promise<void> {
  const values =
    step.credentials === undefined ? step.values : mergeValues(step.values, await madeCredentials(step.credentials))
  const { release, namespace, version } = step
  const { path: chart } = await charts.chart(chartAddress(about, step.chart), version, signal)
  const labels = { [RUN_LABEL]: run }
  await installRelease(
    { helm: helm.path, env, kubeconfigFile, dir, release, chart, namespace, version, values, labels },
    signal,
  )
}

/** For one cluster; the anchor's key is never written. */
export async function madeCredentials({ anchor, issuer, values }: HelmCredentials): Promise<Values> {
  const authority = await makeAuthority({ name: anchor, depth: 1 })
  const { certificate, key } = await authority.intermediate(issuer)
  return mergeValues(
    valueAt(values.anchor, authority.pem),
    valueAt(values.certificate, certificate),
    valueAt(values.key, key),
  )
}

function valueAt(path: readonly string[], value: string): Values {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Values
}

/** The label by which everything that a run makes in a cluster says whose it is. */
const RUN_LABEL = 'meshbench.io/run'

export function stamped<T extends Pick<KubernetesObject, 'metadata'>>(object: T, run: string): T {
  const { metadata } = object
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, [RUN_LABEL]: run } } }
}
