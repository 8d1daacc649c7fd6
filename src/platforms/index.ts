import type { Platform } from '../model/platform.ts'
import type { Site } from '../model/site.ts'
import type { PlatformName } from '../model/traits.ts'
import { catalogueFor } from '../site/catalogue-for.ts'

/** What a platform may be told. */
interface PlatformOptions {
  /** Where images, charts and manifests come from. */
  readonly site: Site
  /** Leave what was provisioned standing for the next run. */
  readonly keep?: boolean
  /** For clusters that were there before: the context, and the kubeconfig that has it. */
  readonly context?: string | undefined
  readonly kubeconfig?: string | undefined
  /** Where the scenario file is: paths in it are relative to this folder. */
  readonly folder?: string | undefined
}

/** The registry of platforms, each loaded only when it is used. */
const platforms: Record<PlatformName, (options: PlatformOptions) => Promise<Platform>> = {
  kind: async ({ site, keep = false, folder }) => (await import('./kind/kind.ts')).kind({ site, keep, folder }),
  cluster: async ({ site, context, kubeconfig, folder }) =>
    (await import('./cluster/cluster-platform.ts')).cluster({ site, context, kubeconfig, folder }),
  local: async ({ site }) => (await import('./local/local.ts')).local({ catalogue: catalogueFor(site) }),
  simulated: async () => (await import('./simulated/simulated.ts')).simulated(),
}

export async function openPlatform(name: PlatformName, options: PlatformOptions): Promise<Platform> {
  return await platforms[name](options)
}

/** Every platform there is: for finding what any of them has left behind. */
export async function allPlatforms(options: PlatformOptions): Promise<Platform[]> {
  return await Promise.all(Object.values(platforms).map((load) => load(options)))
}
