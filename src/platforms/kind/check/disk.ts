import type { Finding } from '../../../model/platform.ts'
import { type Bytes, formatSize } from '../../../model/units.ts'
import type { DockerInfo } from '../docker.ts'
import { error, ok, warning } from './finding.ts'
import type { Readers } from './readers.ts'

/** A node's volume held 0.9 to 1.6 GB, measured with the images of a mesh in it. */
const PER_NODE: Bytes = 1.5e9

/** Images on the host. */
const IMAGES: Bytes = 4e9

export async function diskFinding({ rootDir }: DockerInfo, { free }: Readers, nodes: number): Promise<Finding[]> {
  const there = await free(rootDir)
  if (there === undefined) return []
  const needed = nodes * PER_NODE + IMAGES
  if (there >= needed) return [ok(`${formatSize(there)} of disk at ${rootDir}, for ${formatSize(needed)}`)]
  const what = `${formatSize(there)} of disk at ${rootDir}, and ${nodes} nodes may need ${formatSize(needed)}`
  const why = 'Nodes without space evict their pods.'
  const fix = 'docker builder prune && docker image prune'
  return [there < needed / 2 ? error(what, why, fix) : warning(what, why, fix)]
}

/** An image that is not here yet. */
const UNKNOWN: Bytes = 150e6

/** The archives in which images are brought to the nodes: each is written once, and stays until all clusters are made. */
export async function archivesFinding(
  images: readonly string[],
  { docker, free, scratch: dir }: Pick<Readers, 'docker' | 'free' | 'scratch'>,
): Promise<Finding[]> {
  const there = await free(dir)
  if (there === undefined) return []
  const sizes = await Promise.all(images.map(async (name) => (await docker.image(name))?.size ?? UNKNOWN))
  const needed = sizes.reduce((sum, size) => sum + size, 0)
  if (there >= needed) return [ok(`${formatSize(there)} of disk at ${dir} for archives of images`)]
  return [
    error(
      `${formatSize(there)} of disk at ${dir}, and archives of images need ${formatSize(needed)}`,
      'Images that cannot be written there do not reach the nodes.',
      'Free some space there, or set TMPDIR to a folder with more.',
    ),
  ]
}
