import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ServiceNode } from '../../src/model/scenario.ts'
import {
  answerOf,
  callsFrom,
  depthOf,
  rootOf,
  type ServiceGraph,
  troublesOf,
  widthOf,
} from '../../src/model/service-graph.ts'

const node = (...calls: string[]): ServiceNode => ({ calls, order: 'parallel', answer: 1000, delay: 0, replicas: 1 })
const chain: ServiceGraph = { a: node('b'), b: node('c'), c: node('d'), d: node('e'), e: node() }
const fan: ServiceGraph = {
  front: node(...'0123456789'.split('').map((one) => `s${one}`)),
  ...Object.fromEntries('0123456789'.split('').map((one) => [`s${one}`, node()])),
}
const diamond: ServiceGraph = { a: node('b', 'c'), b: node('d'), c: node('d', 'd'), d: node() }

describe('a graph of services', () => {
  it.each([
    ['a chain of 5', chain, 'a', { depth: 5, width: 1, calls: 5 }],
    ['the middle of that chain', chain, 'c', { depth: 3, width: 1, calls: 3 }],
    ['a fan-out of 10', fan, 'front', { depth: 2, width: 10, calls: 11 }],
    ['ways that cross', diamond, 'a', { depth: 3, width: 2, calls: 6 }],
  ])('has depth, width and calls: %s', (_, graph, from, { depth, width, calls }) => {
    expect(troublesOf(graph)).toEqual([])
    expect(depthOf(graph, from)).toBe(depth)
    expect(widthOf(graph, from)).toBe(width)
    expect([...callsFrom(graph, from).values()].reduce((sum, one) => sum + one, 0)).toBe(calls)
    expect(answerOf(graph, from)).toBe(calls * 1000)
  })

  it('is entered where no service calls', () => {
    expect([chain, fan, diamond].map(rootOf)).toEqual(['a', 'front', 'a'])
    expect(callsFrom(diamond, 'a').get('d')).toBe(3)
  })

  it.each([
    ['a circle', { a: node('b'), b: node('c'), c: node('b') }, /in a circle: b → c → b/],
    ['a service that calls itself', { a: node('a') }, /a → a/],
    ['an unknown service', { a: node('b') }, /a calls b, which is no service/],
    ['two entrances', { a: node(), b: node() }, /a and b are called by no service/],
    [
      'ways that multiply',
      Object.fromEntries(
        Array.from({ length: 12 }, (_, index) => [
          `s${index}`,
          index < 11 ? node(`s${index + 1}`, `s${index + 1}`) : node(),
        ]),
      ),
      /more than 200/,
    ],
  ])('is refused with %s', (_, graph, message) => {
    const [trouble] = troublesOf(graph as ServiceGraph)
    expect(trouble?.message).toMatch(message)
    expect(trouble?.remedy).toMatch(/\.$/)
  })

  it('never loops, whatever calls what', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f']
    fc.assert(
      fc.property(fc.array(fc.subarray(names), { minLength: 6, maxLength: 6 }), (calls) => {
        const graph = Object.fromEntries(names.map((name, index) => [name, node(...(calls[index] ?? []))]))
        if (troublesOf(graph).length > 0) return
        // Only a graph in order has a way through.
        expect(depthOf(graph, rootOf(graph))).toBeLessThanOrEqual(names.length)
        expect(callsFrom(graph, rootOf(graph)).size).toBe(names.length)
      }),
    )
  })
})
