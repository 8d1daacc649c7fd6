import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { Failure } from '../../../src/model/failure.ts'
import { armMesh } from '../../../src/platforms/in-cluster/arm-mesh.ts'
import { imageCache, nodeImage, pulledImages, pullImages } from '../../../src/platforms/kind/cluster/image-cache.ts'
import type { Docker, DockerInfo } from '../../../src/platforms/kind/docker.ts'
import { PUBLIC_SITE } from '../../../src/site/read-site.ts'
import { testFolder } from '../../temporary-folder.ts'
import { opened } from '../opened.ts'

const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`
const nodes = { control: 'c', client: 'a', server: 'b' }
let dir: string
beforeEach(async () => {
  dir = testFolder()
})

/** Images by name, and what is done to them. */
function imageDocker(here: Record<string, string> = {}) {
  const images = new Map(Object.entries(here))
  const calls: string[] = []
  const docker: Partial<Docker> = {
    info: async () => ({ architecture: 'amd64' }) as DockerInfo,
    image: async (name) => {
      const id = images.get(name)
      return id === undefined ? undefined : { id, digests: [], size: 1, labels: {}, architecture: 'amd64' }
    },
    pull: async (name) => void images.set(name, `sha256:${name}`),
    tag: async (name, as) => void calls.push(`tag ${name} ${as}`),
    removeImage: async (name) => {
      calls.push(`remove ${name}`)
      images.delete(name)
    },
    save: async (names, file) => {
      calls.push(`save ${names.join(' ')}`)
      await writeFile(file, 'an archive')
    },
    exec: async (node) => {
      calls.push(`import ${node}`)
      return ''
    },
  }
  return { docker: docker as Docker, calls, images }
}

describe('archives of images', () => {
  it('are written once, reach the nodes that run them, and go when they are not needed', async () => {
    const { docker, calls } = imageDocker()
    const cache = imageCache(dir, docker)
    await cache.load([{ name: 'busybox:1', on: ['client', 'server'] }], nodes)
    await cache.load([{ name: 'busybox:1', on: ['server'] }], nodes)
    // Nodes are filled side by side.
    expect(calls.slice(0, 3).toSorted()).toEqual(['import a', 'import b', 'save busybox:1'])
    expect(calls[0]).toBe('save busybox:1')
    expect(calls.slice(3)).toEqual(['import b'])
    expect(await readdir(dir)).toHaveLength(1)
    await cache.clear()
    expect(await readdir(dir)).toEqual([])
    await cache.load([{ name: 'busybox:1', on: ['server'] }], nodes)
    expect(calls.slice(4)).toEqual(['save busybox:1', 'import b'])
  })

  it('of an image by its digest get a name of ours, which pods use and Docker does not keep', async () => {
    const name = `mirror:5000/team/fortio:1.68@${DIGEST}`
    const own = 'meshbench.local/fortio:0123456789abcdef0123456789abcdef'
    expect(nodeImage(name)).toBe(own)
    expect(nodeImage('mirror:5000/team/fortio:1.68')).toBe('mirror:5000/team/fortio:1.68')
    const { docker, calls } = imageDocker()
    await imageCache(dir, docker).load([{ name, on: ['server'] }], nodes)
    expect(calls).toEqual([`tag ${name} ${own}`, `save ${own}`, `remove ${own}`, 'import b'])
  })

  it('are imported for the node’s own platform: an index may name others that are not in the archive', async () => {
    const { docker } = imageDocker()
    const imported: string[][] = []
    const noting = {
      ...docker,
      exec: async (_: string, argv: readonly string[]) => {
        imported.push([...argv])
        return ''
      },
    }
    await imageCache(dir, noting).load([{ name: 'busybox:1', on: ['server'] }], nodes)
    expect(imported[0]).toContain('import')
    expect(imported[0]).not.toContain('--all-platforms')
  })

  it('that Docker cannot write whole say what to fetch anew', async () => {
    const { docker } = imageDocker()
    const save = async () => {
      throw new Failure('docker', 'docker save failed', { cause: 'content digest sha256:00: not found' })
    }
    await expect(
      imageCache(dir, { ...docker, save }).load([{ name: 'busybox:1', on: ['server'] }], nodes),
    ).rejects.toMatchObject({
      why: expect.stringContaining('content digest'),
      remedy: expect.stringContaining('docker pull busybox:1'),
    })
  })

  it("are refused of a mesh's image by its digest, whose name is its chart's", () => {
    const site = { ...PUBLIC_SITE, vendors: { istio: { tag: `1.31.1@${DIGEST}` } } }
    expect(() => armMesh({ name: 'i', mesh: 'istio-sidecar' }, { profile: 'equalised', loads: [] }, site)).toThrow(
      'is named by its digest',
    )
  })
})

describe('images that a run pulls', () => {
  it('are for the processor that Docker runs on', async () => {
    const { docker } = imageDocker()
    const arm = { ...docker, info: async () => ({ architecture: 'arm64' }) as DockerInfo }
    await expect(opened(pullImages(['new:1'], arm, pulledImages(join(dir, 'images'))))).rejects.toMatchObject({
      message: 'the image new:1 is for amd64, and Docker runs on arm64',
    })
  })

  it('name a login where a registry counts them', async () => {
    const { docker } = imageDocker()
    const limited = {
      ...docker,
      pull: async () => {
        throw new Failure('docker', 'docker pull failed', { cause: 'toomanyrequests: pull rate limit' })
      },
    }
    await expect(opened(pullImages(['new:1'], limited, pulledImages(dir)))).rejects.toMatchObject({
      why: 'toomanyrequests: pull rate limit',
      remedy: expect.stringContaining('`docker login`'),
    })
  })

  it('are remembered, and removed only as far as they are still the same', async () => {
    const pulled = pulledImages(join(dir, 'images'))
    const { docker, calls, images } = imageDocker({ 'here:1': 'sha256:x' })
    await opened(pullImages(['here:1', 'new:1', 'newer:1'], docker, pulled))
    const left = await pulled.leftovers(docker)
    expect(left.map(({ what }) => what.split(',')[0]).toSorted()).toEqual(['image new:1', 'image newer:1'])
    expect(left.every(({ spared, alive }) => spared === 'pulled' && !alive)).toBe(true)
    images.set('newer:1', 'sha256:of somebody else')
    for (const one of left) await one.remove()
    expect(calls).toEqual(['remove new:1'])
    expect(await pulled.leftovers(docker)).toEqual([])
  })
})
