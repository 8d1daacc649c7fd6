import { describe, expect, it } from 'vitest'
import { parseManifests } from '../../src/kubernetes/install/manifests.ts'

const named = (text: string) => parseManifests(text, 'a.yaml').map(({ kind, metadata }) => `${kind} ${metadata.name}`)

describe('parseManifests', () => {
  it('reads several documents and flattens lists', () => {
    const text = `
---
# nothing here
---
apiVersion: v1
kind: Namespace
metadata: { name: bench }
---
apiVersion: v1
kind: List
items:
  - { apiVersion: v1, kind: Service, metadata: { name: a } }
  - { apiVersion: v1, kind: Service, metadata: { name: b } }
`
    expect(named(text)).toEqual(['Namespace bench', 'Service a', 'Service b'])
  })

  it('reads JSON', () => {
    expect(named('{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"}}')).toEqual(['Secret s'])
  })

  it('is empty of an empty text', () => expect(named('')).toEqual([]))

  it('takes numbers as Kubernetes does', () => {
    const [object] = parseManifests('apiVersion: v1\nkind: X\nmetadata: {name: x}\nmode: 0644\nport: 080\n', 'a.yaml')
    expect(object?.['mode']).toBe(0o644)
  })

  it.each([
    ['kind: Pod\nmetadata: {name: x}', 'a.yaml, document 1', 'no apiVersion'],
    [
      '---\napiVersion: v1\nkind: X\nmetadata: {name: x}\n---\napiVersion: v1\nkind: Pod',
      'a.yaml, document 2',
      'its Pod has no metadata.name',
    ],
    ['a: [', 'a.yaml, document 1', 'Flow sequence'],
    ['just words', 'a.yaml, document 1', 'no apiVersion'],
  ])('says where %j is wrong', (text, where, why) => {
    expect(() => parseManifests(text, 'a.yaml')).toThrow(
      expect.objectContaining({ message: expect.stringContaining(where), why: expect.stringContaining(why) }),
    )
  })
})
