import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readManifests } from '../../src/kubernetes/install/manifests.ts'
import { sharedFolder } from '../temporary-folder.ts'

const object = (name: string) => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
const signal = new AbortController().signal
let dir = ''

beforeAll(async () => {
  dir = sharedFolder()
  for (const name of ['b.yaml', 'a.yml', 'c.json']) await writeFile(join(dir, name), object(name.slice(0, 1)))
  await writeFile(join(dir, 'README.md'), '# not a manifest')
  await writeFile(join(dir, 'kustomization.yaml'), 'resources: [a.yml]')
})

describe('readManifests', () => {
  it('reads a folder in the order of its names', async () => {
    const names = (await readManifests(dir, signal)).map(({ metadata }) => metadata.name)
    expect(names).toEqual(['a', 'b', 'c'])
  })
  it('reads a file', async () => {
    expect(await readManifests(join(dir, 'b.yaml'), signal)).toHaveLength(1)
  })
  it('says what is not there', async () => {
    await expect(readManifests(join(dir, 'none'), signal)).rejects.toMatchObject({ code: 'manifests' })
  })
})
