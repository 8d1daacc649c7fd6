import { makeAuthority } from '../host/authority.ts'
import { mergeValues } from '../meshes/merge-values.ts'
import { Failure } from '../model/failure.ts'
import type { InstallAbout, InstallStep, Values } from '../model/mesh.ts'
import type { Step } from '../model/platform.ts'
import type { Site } from '../model/site.ts'
import type { Program } from '../model/tool.ts'
import type { Seconds } from '../model/units.ts'
import type { ChartShelf } from './chart-shelf.ts'
import type { Cluster } from './cluster.ts'
import { installRelease } from './install-release.ts'
import { readManifests } from './read-manifests.ts'

export interface MeshInstallation {
  readonly cluster: Cluster
  readonly helm: Program
  /** What helm is started with. */
  readonly env: NodeJS.ProcessEnv
  readonly charts: ChartShelf
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
  const { cluster, site, about, within } = installation
  switch (step.do) {
    case 'gateway-api':
      return await cluster.apply(await readManifests(site.gatewayApi.manifests, signal), signal, { within })
    case 'helm':
      return await install(step, installation, signal)
    case 'site-manifests': {
      for (const place of about.vendor.manifests ?? []) {
        await cluster.apply(await readManifests(place, signal), signal, { within })
      }
      return
    }
    case 'apply':
      return await cluster.apply(step.objects, signal, { within })
    case 'wait':
      return await cluster.untilReady(step.until, within, signal)
  }
}

async function install(
  step: Extract<InstallStep, { do: 'helm' }>,
  { helm, env, charts, kubeconfigFile, dir, about }: MeshInstallation,
  signal: AbortSignal,
): Promise<void> {
  const address = about.vendor.charts[step.chart]
  if (address === undefined) {
    throw new Failure('no-chart', `the chart ${step.chart} of ${about.vendor.name} has no address`, {
      fix: `Name it in the site file: ${about.vendor.name}: { charts: { ${step.chart}: … } }.`,
    })
  }
  const values = step.credentials === undefined ? step.values : mergeValues(step.values, await linkerdCredentials())
  const { release, namespace, version } = step
  const chart = await charts.path(address, version, signal)
  await installRelease(
    { helm: helm.path, env, kubeconfigFile, dir, release, chart, namespace, version, values },
    signal,
  )
}

/** A trust anchor and an issuer under it, for one cluster; the anchor's key is never written. */
async function linkerdCredentials(): Promise<Values> {
  const anchor = await makeAuthority({ name: 'root.linkerd.cluster.local', depth: 1 })
  const issuer = await anchor.intermediate('identity.linkerd.cluster.local')
  return {
    identityTrustAnchorsPEM: anchor.pem,
    identity: { issuer: { tls: { crtPEM: issuer.certificate, keyPEM: issuer.key } } },
  }
}
