import type { Mesh } from '../model/mesh.ts'
import { PLATFORMS, type PlatformName, type Protocol } from '../model/scenario.ts'

/** Platforms on which all of these meshes can be raised, the one to be preferred first. The simulated one takes any. */
export function fittingPlatforms(meshes: readonly Mesh[]): PlatformName[] {
  return PLATFORMS.filter((platform) => meshes.every((mesh) => fitsOn(mesh, platform)))
}

export function fitsOn(mesh: Mesh, platform: PlatformName): boolean {
  return platform === 'simulated' || buildOf(mesh, platform) !== undefined
}

/** Whether a mesh carries a protocol where it lives; what does not fit there at all is not judged. */
export function carriesOn(mesh: Mesh, platform: PlatformName, protocol: Protocol): boolean {
  return buildOf(mesh, platform)?.protocols.includes(protocol) ?? true
}

function buildOf(mesh: Mesh, platform: PlatformName): { readonly protocols: readonly Protocol[] } | undefined {
  if (platform === 'local') return mesh.processes
  return platform === 'simulated' ? undefined : mesh.kubernetes
}
