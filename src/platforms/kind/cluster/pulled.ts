import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Leftover } from '../../../model/platform.ts'
import type { Docker } from '../docker.ts'
import { RECORDS_FOLDER } from './record.ts'

const pulledSchema = z.object({ name: z.string(), id: z.string(), at: z.string() })
type PulledImage = z.infer<typeof pulledSchema>

/** Which images runs brought to this machine: those alone are ours to remove. */
export interface Pulled {
  add(image: PulledImage): Promise<void>
  leftovers(docker: Pick<Docker, 'image' | 'removeImage'>): Promise<Leftover[]>
}

export function pulledImages(dir = join(RECORDS_FOLDER, 'images')): Pulled {
  const fileOf = (name: string) => join(dir, `${createHash('sha256').update(name).digest('hex').slice(0, 16)}.json`)
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
