import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../../../model/failure.ts'
import type { MeshImage, NodePart } from '../../../model/mesh.ts'
import type { Step } from '../../../model/platform.ts'
import type { ToolProvenance } from '../../../model/result.ts'
import type { Docker } from '../docker.ts'

/** Gets what is not on this machine yet, once for all clusters; the answer says what exactly each image is. */
export async function* pullImages(names: readonly string[], docker: Docker): AsyncGenerator<Step, ToolProvenance[]> {
  const found: ToolProvenance[] = []
  for (const name of [...new Set(names)]) {
    if (!(await docker.image(name))) {
      yield { title: `pulling ${name}` }
      await pull(name, docker)
    }
    const image = await docker.image(name)
    if (!image) throw new Failure('no-image', `the image ${name} is gone as soon as it was pulled`)
    const [tag = ''] = (name.split('/').at(-1) ?? name).split('@')
    found.push({
      name: `image ${name.split('@')[0]?.replace(/:[^/:]*$/, '')}`,
      version: tag.split(':')[1] ?? 'latest',
      origin: 'image',
      sha256: image.id.replace('sha256:', ''),
    })
  }
  return found
}

async function pull(name: string, docker: Docker): Promise<void> {
  try {
    await docker.pull(name)
  } catch (error) {
    throw new Failure('no-image', `the image ${name} cannot be had`, {
      cause: error,
      fix: 'Check the name and the way to its registry; a site file (--site, MESHBENCH_SITE) names a mirror, and an image that `docker load` brought is used as it is.',
    })
  }
}

/** Images as archives, each written once, however many nodes it goes to. */
export interface ImageShelf {
  /** Puts every image into the nodes that run it; these all at once, an image after the other. */
  load(images: readonly MeshImage[], nodes: Readonly<Record<NodePart, string>>): Promise<void>
}

export function imageShelf(dir: string, docker: Docker): ImageShelf {
  const archives = new Map<string, Promise<string>>()
  const archiveOf = (image: string): Promise<string> => {
    const known = archives.get(image)
    if (known) return known
    const file = join(dir, `image-${archives.size + 1}.tar`)
    const saving = docker.save([image], file).then(() => file)
    archives.set(image, saving)
    // One that failed is tried anew by the next who asks.
    saving.catch(() => archives.delete(image))
    return saving
  }
  return {
    async load(images, nodes) {
      for (const { name, on } of images) {
        const file = await archiveOf(name)
        await Promise.all(on.map((part) => importInto(nodes[part], file, docker)))
      }
    },
  }
}

/** What `kind load` does, without reading the archive's index first. */
async function importInto(node: string, file: string, docker: Docker): Promise<void> {
  await using archive = await open(file)
  const argv = ['ctr', '--namespace=k8s.io', 'images', 'import', '--snapshotter', 'overlayfs', '-']
  await docker.exec(node, argv, { input: archive.createReadStream({ autoClose: false }), within: 600 })
}
