import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import type { ReleaseWay } from '../../src/model/program.ts'
import { CATALOGUE } from '../../src/tools/catalogue.ts'
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
    sha256: {},
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
  expect(result.provenance).toMatchObject({ version: '1.8.1', origin: 'release', checked: 'published' })
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
  const way = { kind: 'release' as const, base: server.base, files: { [target]: { name: 'k6' } }, sha256: {} }
  const about = { ...shop, catalogue: catalogue({ k6: { ways: [way] } }), signal: AbortSignal.timeout(10_000) }
  const failure = await failureOf(drain(obtain('k6', about)))
  expect(failure).toHaveProperty(
    'why',
    `release: its publisher gives no checksum, so that ${server.base}k6 cannot be checked`,
  )
  expect(asked).toBe(0)
})

/** A server whose checksums are right for whatever it serves. */
const vouching = (bytes: Buffer, sha256: string) =>
  publisher((request, response) => response.end(request.url === '/k6.tar.gz' ? bytes : `${sha256}  k6.tar.gz\n`))

test('a digest that is known holds, whatever the server says of its file', async () => {
  await using shop = await workshop()
  const { bytes, sha256 } = await archive(shop)
  await using server = await vouching(bytes, sha256)
  const failure = await failureOf(obtainK6(shop, server.base, { sha256: { [target]: 'f'.repeat(64) } }))
  expect(failure).toHaveProperty('why', `release: SHA-256 of k6.tar.gz is ${sha256}, not ${'f'.repeat(64)} as pinned`)
  const { result } = await obtainK6(shop, server.base, { sha256: { [target]: sha256 } })
  expect(result.provenance).toMatchObject({ origin: 'release', checked: 'pinned' })
})

test("a mirror's own checksums prove nothing: it is used with a digest, or if the site says so", async () => {
  await using shop = await workshop()
  const { bytes, sha256 } = await archive(shop)
  await using server = await vouching(bytes, sha256)
  const failure = await failureOf(obtainK6(shop, server.base, { isMirror: true }))
  expect(failure).toHaveProperty('why', expect.stringMatching(/name its sha256 for .* or write unchecked: true$/))
  const { result } = await obtainK6(shop, server.base, { isMirror: true, unchecked: true })
  expect(result.provenance).toMatchObject({ origin: 'release', checked: 'unchecked' })
})

test('what another site let into the cache is fetched anew by one that does not ask for the same', async () => {
  await using shop = await workshop()
  const { bytes, sha256 } = await archive(shop)
  await using server = await vouching(bytes, sha256)
  const pinned = { isMirror: true, sha256: { [target]: sha256 } }
  const checkedOf = async (changes: Partial<ReleaseWay>) =>
    (await obtainK6(shop, server.base, changes)).result.provenance.checked
  expect(await checkedOf({ isMirror: true, unchecked: true })).toBe('unchecked')
  expect(await checkedOf({ isMirror: true, unchecked: true })).toBe('unchecked')
  expect(await checkedOf({})).toBe('published')
  expect(await checkedOf(pinned)).toBe('pinned')
  // The digest was another site's word.
  expect(await checkedOf({})).toBe('published')
  const failure = await failureOf(obtainK6(shop, server.base, { sha256: { [target]: 'f'.repeat(64) } }))
  expect(failure).toMatchObject({ code: 'program-missing' })
})

test('the cache is for its user alone, and each program in it is read before it is used', async () => {
  await using shop = await workshop()
  const { bytes, sha256 } = await archive(shop)
  await using server = await vouching(bytes, sha256)
  await mkdir(shop.cacheDir)
  await chmod(shop.cacheDir, 0o777)
  const { result } = await obtainK6(shop, server.base)
  expect((await stat(shop.cacheDir)).mode & 0o777).toBe(0o700)
  await chmod(shop.cacheDir, 0o755)
  expect((await obtainK6(shop, server.base)).yielded).toEqual([])
  expect((await stat(shop.cacheDir)).mode & 0o777).toBe(0o700)
  // Of the same size and time.
  const { atime, mtime } = await stat(result.path)
  const text = await readFile(result.path, 'utf8')
  await writeFile(result.path, text.replace('echo', 'EVIL'))
  await utimes(result.path, atime, mtime)
  expect((await obtainK6(shop, server.base)).yielded).toHaveLength(1)
  expect(await readFile(result.path, 'utf8')).toBe(text)
})

test.each([
  ['a link', (path: string) => symlink('/bin/sh', path)],
  ['a folder', (path: string) => mkdir(path)],
  ['a pipe', async (path: string) => void execFileSync('mkfifo', [path])],
])("an archive's member that is %s is refused", async (_, put) => {
  await using shop = await workshop()
  await archive(shop)
  await rm(shop.path('k6-v1/k6'))
  await put(shop.path('k6-v1/k6'))
  execFileSync('tar', ['-czf', 'k6.tar.gz', 'k6-v1'], { cwd: shop.dir })
  const bytes = await readFile(shop.path('k6.tar.gz'))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  await using server = await vouching(bytes, sha256)
  const failure = await failureOf(obtainK6(shop, server.base, { sha256: { [target]: sha256 } }))
  expect(failure).toHaveProperty('why', 'release: k6-v1/k6 is not a regular file in k6.tar.gz')
  expect(await shop.leftovers()).toEqual([])
})

test('an archive writes nowhere but to the program', async () => {
  await using shop = await workshop()
  await archive(shop)
  const victim = shop.path('victim')
  await writeFile(victim, 'mine')
  // First a link under the name of the program, then a file that would be written through it.
  await mkdir(shop.path('first/k6-v1'), { recursive: true })
  await symlink(victim, shop.path('first/k6-v1/k6'))
  execFileSync('tar', ['-cf', 'k6.tar', '-C', 'first', 'k6-v1/k6'], { cwd: shop.dir })
  execFileSync('tar', ['-rf', 'k6.tar', 'k6-v1/k6'], { cwd: shop.dir })
  execFileSync('gzip', ['-f', 'k6.tar'], { cwd: shop.dir })
  const bytes = await readFile(shop.path('k6.tar.gz'))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  await using server = await vouching(bytes, sha256)
  await obtainK6(shop, server.base, { sha256: { [target]: sha256 } })
  expect(await readFile(victim, 'utf8')).toBe('mine')
})

test('nothing is fetched over http from another machine, nor after a redirect to it', async () => {
  await using shop = await workshop()
  const insecure = await failureOf(
    obtainK6(shop, 'http://mirror.example.com/', { sha256: { [target]: '0'.repeat(64) } }),
  )
  expect(insecure).toHaveProperty('why', expect.stringContaining('http://mirror.example.com is not https'))
  await using server = await publisher((_, response) =>
    response.writeHead(302, { location: 'http://mirror.example.com/k6.tar.gz' }).end(),
  )
  const redirected = await failureOf(obtainK6(shop, server.base))
  expect(redirected).toHaveProperty(
    'why',
    expect.stringContaining('a redirect is not followed: http://mirror.example.com'),
  )
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

test.each([
  { known: false, origin: 'go', yielded: 'building k6 1.8.1 with go (some minutes)' },
  { known: true, origin: 'release', yielded: 'downloading k6 1.8.1 from its publisher' },
])('what nobody but its publisher vouches for is built where Go is there; digest known: $known', async (row) => {
  await using shop = await workshop()
  const { bytes, sha256 } = await archive(shop)
  let asked = 0
  await using server = await publisher((request, response) => {
    asked++
    response.end(request.url === '/k6.tar.gz' ? bytes : `${sha256}  k6.tar.gz\n`)
  })
  await shop.script(
    'bin/go',
    'if [ "$1" = env ]; then echo go1.26.8; echo local; exit 0; fi',
    `printf '#!/bin/sh\\necho "k6 v1.8.1 (go1.26.8)"\\n' > $GOBIN/k6`,
  )
  const release: ReleaseWay = {
    kind: 'release',
    base: server.base,
    files: { [target]: { name: 'k6.tar.gz', member: 'k6-v1/k6' } },
    sha256: row.known ? { [target]: sha256 } : {},
    checksums: () => 'checksums.txt',
  }
  const built = CATALOGUE.k6.ways.filter(({ kind }) => kind === 'go')
  const about = {
    ...shop,
    catalogue: catalogue({ k6: { ways: [release, ...built] } }),
    signal: AbortSignal.timeout(10_000),
  }
  const { yielded, result } = await drain(obtain('k6', about))
  expect(yielded).toEqual([{ title: row.yielded }])
  expect(result.provenance).toMatchObject({ origin: row.origin, checked: row.known ? 'pinned' : 'go' })
  expect(asked > 0).toBe(row.known)
})
