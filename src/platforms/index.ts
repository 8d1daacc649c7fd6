import { Failure } from '../model/failure.ts'
import type { Platform } from '../model/platform.ts'
import type { PlatformName } from '../model/scenario.ts'

/** The registry of platforms, each loaded only when it is used. */
const platforms: Partial<Record<PlatformName, () => Promise<Platform>>> = {
  local: async () => (await import('./local/local.ts')).local(),
  simulated: async () => (await import('./simulated/simulated.ts')).simulated(),
}

export async function openPlatform(name: PlatformName): Promise<Platform> {
  const load = platforms[name]
  if (load) return await load()
  throw new Failure('usage', `the platform ${name} is not in this version`, {
    fix: `Choose one of: ${Object.keys(platforms).join(', ')}.`,
  })
}

/** Every platform there is: for finding what any of them has left behind. */
export async function allPlatforms(): Promise<Platform[]> {
  return await Promise.all(Object.values(platforms).map((load) => load()))
}
