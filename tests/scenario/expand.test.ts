import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { parsed, written } from './written.ts'

const namesOf = (load: string) => parsed(written({ loads: `[{ ${load} }]` })).loads.map(({ name }) => name)

describe('expand', () => {
  it('makes arms of bare mesh names, and names arms after their mesh', () => {
    const { arms } = parsed(written({ arms: '[none, { mesh: envoy-node, version: "1.40.0" }]' }))
    expect(arms).toStrictEqual([
      { name: 'none', mesh: 'none' },
      { name: 'envoy-node', mesh: 'envoy-node', version: '1.40.0' },
    ])
  })

  it('gives every load the generators of the scenario, unless it has its own, and keeps none where there is one', () => {
    const scenario = parsed(
      written({
        top: 'platform: simulated\ngenerators: 4',
        loads:
          '[{ rate: [1k/s, 2k/s] }, { name: own, rate: 1k/s, generators: 2 }, { name: one, rate: 1k/s, generators: 1 }]',
      }),
    )
    expect(scenario.loads.map(({ name, generators }) => [name, generators])).toEqual([
      ['http-1000', 4],
      ['http-2000', 4],
      ['own', 2],
      ['one', undefined],
    ])
    expect(scenario).not.toHaveProperty('generators')
  })

  it('gives the entrance to each arm that has a gateway, unless the arm says otherwise', () => {
    const arms = '[none, istio-sidecar, { name: within, mesh: istio-sidecar, entrance: service }]'
    expect(parsed(written({ top: 'platform: kind\nentrance: gateway', arms }))).toMatchObject({
      arms: [
        { name: 'none', mesh: 'none' },
        { name: 'istio-sidecar', mesh: 'istio-sidecar', entrance: 'gateway' },
        { name: 'within', mesh: 'istio-sidecar' },
      ],
    })
    const [first, , last] = parsed(written({ top: 'platform: kind\nentrance: gateway', arms })).arms
    for (const arm of [first, last]) expect(arm).not.toHaveProperty('entrance')
    const one = '[none, { name: behind, mesh: istio-sidecar, entrance: gateway }]'
    expect(parsed(written({ top: 'platform: kind', arms: one })).arms[1]?.entrance).toBe('gateway')
  })

  it.each([
    ['rate: 1k/s', ['http-1000']],
    ['rate: max', ['http-max']],
    ['rate: 90/m, connections: 1', ['http-1.5']],
    ['name: web, rate: 99/s', ['web']],
    ['name: web, rate: [100/s, 200/s]', ['web-100', 'web-200']],
    ['rate: 99/s, tool: [fortio, k6]', ['http-99-fortio', 'http-99-k6']],
    ['rate: 99/s, payload: [0B, 1500B, 64KiB]', ['http-99-0b', 'http-99-1500b', 'http-99-64kib']],
    [
      'name: x, rate: 99/s, protocol: [http, grpc], connections: [4, 8]',
      ['x-http-4c', 'x-http-8c', 'x-grpc-4c', 'x-grpc-8c'],
    ],
    ['rate: [99/s]', ['http-99']],
  ])('makes and names every load of { %s }', (load, names) => {
    expect(namesOf(load)).toEqual(names)
  })

  it('gives every combination once, under names fit for files', () => {
    const some = <T>(...values: T[]) => fc.subarray(values, { minLength: 1 })
    const entry = fc.record({
      tool: fc.constant('fortio'),
      protocol: some('http', 'http2', 'grpc', 'tcp'),
      rate: some('100/s', '0.15k/s', '9000/m', '250.5/s', 'max').filter(
        (rates) => !(rates.includes('0.15k/s') && rates.includes('9000/m')),
      ),
      connections: some(1, 8, 16),
      payload: some('1B', '1KiB', '1.5KiB', '100KB').filter((sizes) => sizes.length < 4),
    })
    fc.assert(
      fc.property(entry, (load) => {
        const expected = load.protocol.length * load.rate.length * load.connections.length * load.payload.length
        fc.pre(expected <= 100)
        const { loads } = parsed(stringify({ name: 'x', arms: ['none'], loads: [load] }))
        expect(loads).toHaveLength(expected)
        expect(new Set(loads.map(({ name }) => name)).size).toBe(expected)
        for (const { name } of loads) expect(name).toMatch(/^[a-z0-9][a-z0-9.-]*$/)
      }),
      { numRuns: 50 },
    )
  })

  it('reads units back as the numbers they were written from', () => {
    const numbers = fc.record({
      rate: fc.integer({ min: 1, max: 100_000 }),
      bytes: fc.integer({ min: 0, max: 256 * 1024 }),
      ms: fc.integer({ min: 1000, max: 3_600_000 }),
      warmup: fc.integer({ min: 0, max: 60 }),
    })
    fc.assert(
      fc.property(numbers, ({ rate, bytes, ms, warmup }) => {
        const [load] = parsed(
          stringify({
            name: 'x',
            arms: ['none'],
            loads: [
              {
                tool: 'k6',
                rate: `${rate}/s`,
                payload: `${bytes}B`,
                duration: `${ms}ms`,
                warmup: `${warmup}s`,
                connections: 1,
              },
            ],
          }),
        ).loads
        expect(load).toMatchObject({ rate, payload: bytes, warmup })
        expect(load?.duration).toBeCloseTo(ms / 1000, 9)
      }),
      { numRuns: 50 },
    )
  })
})
