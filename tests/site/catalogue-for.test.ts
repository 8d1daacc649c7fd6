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
