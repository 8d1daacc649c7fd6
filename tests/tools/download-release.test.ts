import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { CATALOGUE, type ReleaseWay } from '../../src/tools/catalogue.ts'
import { obtain } from '../../src/tools/obtain.ts'
import { catalogue, drain, failureOf, type Workshop, workshop } from './workshop.ts'

const target = `${process.platform}-${process.arch}` as const

/** A publisher of k6 on this host: an archive and a checksum file, as the answers say. */
async function publisher(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** An archive as k6's publisher makes it, with its checksum. */
async function archive(shop: Workshop) {
  await shop.script('k6-v1/k6', 'echo "k6 v1.8.1 (go1.26.8, linux/amd64)"')
  await shop.script('bin/tar', 'PATH=/usr/bin:/bin exec tar "$@"')
  execFileSync('tar', ['-czf', 'k6.tar.gz', 'k6-v1'], { cwd: shop.dir })
  const bytes = await readFile(shop.path('k6.tar.gz'))
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function obtainK6(shop: Workshop, base: string, changes: Partial<ReleaseWay> = {}) {
  const way: ReleaseWay = {
    kind: 'release',
    base,
    files: { [target]: { name: 'k6.tar.gz', member: 'k6-v1/k6' } },
    checksums: () => 'checksums.txt',
    ...changes,
  }
  const about = { ...shop, catalogue: catalogue({ k6: { ways: [way] } }), signal: AbortSignal.timeout(10_000) }
  return drain(obtain('k6', about))
}

test('downloads through a redirect, checks, unpacks', async () => {
  await using shop = await workshop()
  const { bytes, sha256 } = await archive(shop)
  await using server = await publisher((request, response) => {
    if (request.url === '/k6.tar.gz') response.writeHead(302, { location: '/elsewhere/k6' }).end()
    else if (request.url === '/elsewhere/k6') response.end(bytes)
    else
      response.end(`-----BEGIN PGP SIGNED MESSAGE-----\n\n${'0'.repeat(64)}  other.tar.gz\n${sha256} *dist/k6.tar.gz\n`)
  })
  const { yielded, result } = await obtainK6(shop, server.base)
  expect(yielded).toEqual([{ title: 'downloading k6 1.8.1 from its publisher' }])
  expect(result.provenance).toMatchObject({ version: '1.8.1', origin: 'release' })
  expect(await shop.leftovers()).toEqual([])
})

test.each<[string, RegExp, (bytes: Buffer, sha256: string) => RequestListener]>([
  [
    'another file than was published',
    /^release: SHA-256 of k6.tar.gz is [0-9a-f]{64}, not 0{64} as published$/,
    (bytes) => (request, response) =>
      response.end(request.url === '/k6.tar.gz' ? bytes : `${'0'.repeat(64)}  k6.tar.gz\n`),
  ],
  [
    'a file that is not there',
    /^release: http:.*\/k6.tar.gz: 404 Not Found$/,
    (_, sha256) => (request, response) =>
      request.url === '/k6.tar.gz' ? response.writeHead(404).end() : response.end(`${sha256}  k6.tar.gz\n`),
  ],
  [
    'a body that breaks off',
    /^release: http:.*\/k6.tar.gz: the download broke off \(/,
    (bytes, sha256) => (request, response) => {
      if (request.url !== '/k6.tar.gz') return response.end(`${sha256}  k6.tar.gz\n`)
      response.writeHead(200, { 'content-length': bytes.length })
      response.write(bytes.subarray(0, 40), () => response.destroy())
      return response
    },
  ],
  [
    'checksums of other files only',
    /^release: the published checksums do not list k6.tar.gz$/,
    (bytes, sha256) => (request, response) =>
      response.end(request.url === '/k6.tar.gz' ? bytes : `${sha256}  k7.tar.gz\n`),
  ],
])('refuses %s', async (_, why, answer) => {
  await using shop = await workshop()
  const { bytes, sha256 } = await archive(shop)
  await using server = await publisher(answer(bytes, sha256))
  expect(await failureOf(obtainK6(shop, server.base))).toMatchObject({
    code: 'program-missing',
    why: expect.stringMatching(why),
  })
  expect(await shop.leftovers()).toEqual([])
})

test('refuses what has no published checksum, without downloading it', async () => {
  await using shop = await workshop()
  let asked = 0
  await using server = await publisher((_, response) => {
    asked++
    response.end()
  })
  const way = { kind: 'release' as const, base: server.base, files: { [target]: { name: 'k6' } } }
  const about = { ...shop, catalogue: catalogue({ k6: { ways: [way] } }), signal: AbortSignal.timeout(10_000) }
  const failure = await failureOf(drain(obtain('k6', about)))
  expect(failure).toHaveProperty(
    'why',
    `release: its publisher gives no checksum, so that ${server.base}k6 cannot be checked`,
  )
  expect(asked).toBe(0)
})

test('nobody listening, and no release for this machine', async () => {
  await using shop = await workshop()
  const base = await (async () => {
    await using server = await publisher((_, response) => response.end())
    return server.base
  })()
  expect(await failureOf(obtainK6(shop, base))).toHaveProperty('why', expect.stringContaining('ECONNREFUSED'))
  expect(await failureOf(obtainK6(shop, base, { files: {} }))).toHaveProperty(
    'why',
    `release: its publisher has none for ${target}`,
  )
})

test('every release address is https and carries the pinned version', () => {
  for (const { version, ways } of Object.values(CATALOGUE)) {
    for (const way of ways) {
      if (way.kind !== 'release') expect(way.version.replace('v', '')).toBe(version)
      else
        for (const { name } of Object.values(way.files)) {
          const address = new URL(way.base + name)
          expect(address.protocol).toBe('https:')
          expect(address.href).toContain(version)
        }
    }
  }
})
