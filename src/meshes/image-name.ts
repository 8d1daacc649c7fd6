import { type InstallAbout, type MeshImage, NODE_PARTS, type NodePart } from '../model/mesh.ts'

/** `hub/name:tag`, with the variant appended where the vendor has one. */
export function imageName(about: InstallAbout, name: string): string {
  const { hub, variant } = about.vendor
  return `${hub}/${name}:${imageTag(about)}${variant ? `-${variant}` : ''}`
}

/** The images' tag: the version, unless the site has its own. */
export function imageTag({ vendor, version }: InstallAbout): string {
  return vendor.tag ?? version
}

/** Where a control plane runs, where the workload does, and everywhere. */
export const ON = { control: ['control'], workload: ['client', 'server'], server: ['server'], all: NODE_PARTS } as const

export function meshImage(about: InstallAbout, name: string, on: readonly NodePart[]): MeshImage {
  return { name: imageName(about, name), on }
}
