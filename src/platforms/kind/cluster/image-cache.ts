import { mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { sha256 } from '../../../host/sha256.ts'
import { Failure } from '../../../model/failure.ts'
import type { MeshImage, NodePart } from '../../../model/mesh.ts'
import type { Leftover, Step } from '../../../model/platform.ts'
import type { ToolProvenance } from '../../../model/result.ts'
import { imageRemedy, isOther } from '../check/image-check.ts'
import type { Docker } from '../docker.ts'
import { RECORDS_FOLDER } from './cluster-record.ts'

/** Gets what is not on this machine yet, once for all clusters; the answer says what exactly each image is. */
export async function* pullImages(
  names: readonly string[],
  docker: Docker,
  pulled: Pulled = pulledImages(),
): AsyncGenerator<Step, ToolProvenance[]> {
  const found: ToolProvenance[] = []
  const info = await docker.info()
  for (const name of [...new Set(names)]) {
    const isHere = (await docker.image(name)) !== undefined
    if (!isHere) {
      yield { title: `pulling ${name}` }
      await pull(name, docker)
    }
    const image = await docker.image(name)
    if (!image) throw new Failure('no-image', `the image ${name} is missing right after the pull`)
    if (!isHere) await pulled.add({ name, id: image.id, at: new Date().toISOString() })
    if (isOther(image.architecture, info)) {
      throw new Failure(
        'no-image',
        `the image ${name} is for ${image.architecture}, and Docker runs on ${info.architecture}`,
        {
          cause: 'it would run emulated, several times slower, or end with "exec format error"',
          remedy: 'Name one for this processor in the site file.',
        },
      )
    }
    found.push(provenanceOf(name, image.id))
  }
  return found
}

function provenanceOf(name: string, id: string): ToolProvenance {
  const [tag = ''] = (name.split('/').at(-1) ?? name).split('@')
  return {
    name: `image ${name.split('@')[0]?.replace(/:[^/:]*$/, '')}`,
    version: tag.split(':')[1] ?? 'latest',
    origin: 'image',
    sha256: id.replace('sha256:', ''),
  }
}

async function pull(name: string, docker: Docker): Promise<void> {
  try {
    await docker.pull(name)
  } catch (error) {
    const { why, message } = Failure.from(error)
    throw new Failure('no-image', `the image ${name} is not available`, {
      cause: why ?? message,
      remedy: imageRemedy(name, why ?? message),
    })
  }
}

/** Images as archives. Each is written once for all nodes. */
export interface ImageCache {
  /** Puts every image into the nodes that run it; these all at once, an image after the other. */
  load(images: readonly MeshImage[], nodes: Readonly<Record<NodePart, string>>): Promise<void>
  /** Gives the space back; what is asked for later is written anew. */
  clear(): Promise<void>
}

export function imageCache(dir: string, docker: Docker): ImageCache {
  const archives = new Map<string, Promise<string>>()
  let count = 0
  const archiveOf = (image: string): Promise<string> => {
    const known = archives.get(image)
    if (known) return known
    const file = join(dir, `image-${++count}.tar`)
    const saving = save(image, file, docker).then(() => file)
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
    async clear() {
      const written = await Promise.allSettled(archives.values())
      archives.clear()
      const files = written.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      await Promise.all(files.map((file) => rm(file, { force: true })))
    },
  }
}

/** Under the name that it has in the nodes. */
async function save(image: string, file: string, docker: Docker): Promise<void> {
  const name = nodeImage(image)
  if (name === image) return await saveOwn(image, file, docker)
  await docker.tag(image, name)
  try {
    await saveOwn(name, file, docker)
  } finally {
    await docker.removeImage(name)
  }
}

/** Docker's containerd store may hold the list of an image's platforms without what they are made of. */
async function saveOwn(name: string, file: string, docker: Docker): Promise<void> {
  try {
    await docker.save([name], file)
  } catch (error) {
    const { why = '' } = Failure.from(error)
    if (!/content digest|blob|not found/i.test(why)) throw error
    throw new Failure('no-image', `the image ${name} is incomplete on this machine`, {
      cause: why,
      remedy: `Pull it again: docker image rm ${name} && docker pull ${name}`,
    })
  }
}

/** What `kind load` does, without reading the archive's index first. */
async function importInto(node: string, file: string, docker: Docker): Promise<void> {
  await using archive = await open(file)
  const argv = ['ctr', '--namespace=k8s.io', 'images', 'import', '--snapshotter', 'overlayfs', '-']
  await docker.exec(node, argv, { input: archive.createReadStream({ autoClose: false }), within: 600 })
}

const pulledSchema = z.object({ name: z.string(), id: z.string(), at: z.string() })
type PulledImage = z.infer<typeof pulledSchema>

/** Which images runs brought to this machine: those alone are ours to remove. */
interface Pulled {
  add(image: PulledImage): Promise<void>
  leftovers(docker: Pick<Docker, 'image' | 'removeImage'>): Promise<Leftover[]>
}

export function pulledImages(dir = join(RECORDS_FOLDER, 'images')): Pulled {
  const fileOf = (name: string) => join(dir, `${sha256(name).slice(0, 16)}.json`)
  const known = async () => {
    const names = await readdir(dir).catch(() => [])
    return (await Promise.all(names.map((name) => readPulled(join(dir, name))))).filter((one) => one !== undefined)
  }
  return {
    async add(image) {
      await mkdir(dir, { recursive: true })
      await writeFile(fileOf(image.name), `${JSON.stringify(image)}\n`)
    },
    async leftovers(docker) {
      return (await known()).map(({ name, id, at }) => ({
        what: `image ${name}, pulled ${at.slice(0, 10)}`,
        image: name,
        alive: false,
        spared: 'pulled' as const,
        remove: async () => {
          // Under the same name there may be another by now, which is somebody else's.
          if ((await docker.image(name))?.id === id) await docker.removeImage(name)
          await rm(fileOf(name), { force: true })
        },
      }))
    },
  }
}

async function readPulled(file: string): Promise<PulledImage | undefined> {
  try {
    return pulledSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

/**
 * What an image is called in the nodes. An archive of an image that is named by its digest holds no name, and containerd
 * would not find it again; so it gets a name of ours, which pods then use.
 */
export function nodeImage(name: string): string {
  const [path = name, digest] = name.split('@')
  if (digest === undefined) return name
  const base = (path.split('/').at(-1) ?? path).split(':')[0]
  return `meshbench.local/${base}:${digest.replace(/^sha256:/, '').slice(0, 32)}`
}
