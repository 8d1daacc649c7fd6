import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
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
  it('holds an address to its digest, and to https', async () => {
    const text = object('z')
    const server = createServer((_, response) => response.end(text)).listen(0, '127.0.0.1')
    onTestFinished(() => void server.close())
    await once(server, 'listening')
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/z.yaml`
    const sha256 = createHash('sha256').update(text).digest('hex')
    expect(await readManifests(address, signal, sha256)).toHaveLength(1)
    await expect(readManifests(address, signal, 'f'.repeat(64))).rejects.toMatchObject({
      code: 'manifests',
      why: `its SHA-256 is ${sha256}, not ${'f'.repeat(64)}`,
    })
    await expect(readManifests('http://example.com/z.yaml', signal)).rejects.toMatchObject({
      why: expect.stringContaining('http://example.com is not https'),
    })
  })
  it('says what is not there', async () => {
    await expect(readManifests(join(dir, 'none'), signal)).rejects.toMatchObject({ code: 'manifests' })
  })
})
