import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { loads as tools } from '../../../src/loads/index.ts'
import type { Arm, Load } from '../../../src/model/scenario.ts'
import { opened } from '../opened.ts'
import { isHere, missing, platform } from './programs.ts'
import { cohort, loadOf, planOf, raise } from './scene.ts'

const MIB = 1024 ** 2
const signal = new AbortController().signal
const none: Arm = { name: 'none', mesh: 'none' }
const sidecars: Arm = { name: 'envoy-sidecar', mesh: 'envoy-sidecar' }
const few = { rate: 10, connections: 2, duration: 1 } as const

/** Counts every byte on the way to an address and back, by itself: neither a tool nor a proxy is asked. */
async function countingRelay(host: string, port: number) {
  const counted = { sent: 0, answered: 0 }
  const server = createServer((client) => {
    const upstream = connect(port, host)
    client.on('data', ({ length }) => {
      counted.sent += length
    })
    upstream.on('data', ({ length }) => {
      counted.answered += length
    })
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { counted, port: address.port, [Symbol.asyncDispose]: async () => void server.close() }
}

describe.skipIf(missing)(`payloads above 256 KiB${missing ? ` (${missing})` : ''}`, () => {
  const cases: [string, Arm, Load][] = [
    ['1 MiB by http', none, loadOf('http', { ...few, payload: MIB })],
    ['4 MiB by http', none, loadOf('http', { ...few, payload: 4 * MIB })],
    ['4 MiB by http2', none, loadOf('http2', { ...few, payload: 4 * MIB })],
    ['the most by grpc', none, loadOf('grpc', { ...few, payload: 4095 * 1024 })],
    ['1 MiB by tcp', none, loadOf('tcp', { ...few, payload: MIB })],
    ['4 MiB through two proxies', sidecars, loadOf('http', { ...few, payload: 4 * MIB })],
    ['1 MiB by k6', none, loadOf('http', { ...few, tool: 'k6', payload: MIB })],
    ['4 MiB by k6', none, loadOf('http', { ...few, tool: 'k6', payload: 4 * MIB })],
  ]

  it.each(cases.filter(([, , { tool }]) => isHere(tool)))(
    '%s: all bytes go out and come back',
    async (_, arm, load) => {
      await using testbed = await opened(
        platform.open(planOf([arm], [load]), cohort, { id: `payloads-${process.pid}` }, signal),
      )
      const running = await raise(testbed, arm)
      const target = running.target(load)
      const { host, port } = /(?<host>[\d.]+):(?<port>\d+)/.exec(target)?.groups ?? {}
      await using relay = await countingRelay(String(host), Number(port))
      const through = target.replace(`${host}:${port}`, `127.0.0.1:${relay.port}`)
      const tool = tools[load.tool]
      const { measure } = tool.commands(load, through, running.dir, 'trial')
      const execution = await running.exec(measure, signal)
      const measured = await tool.parse(execution, load)

      expect(measured.errors).toBe(0)
      expect(measured.requests).toBeGreaterThanOrEqual(5)
      // fortio opens each connection with a request that it does not count.
      const most = measured.requests + load.connections
      for (const bytes of [relay.counted.sent, relay.counted.answered]) {
        expect(bytes).toBeGreaterThan(measured.requests * load.payload)
        expect(bytes).toBeLessThan(most * load.payload * 1.01)
      }
    },
    60_000,
  )
})
