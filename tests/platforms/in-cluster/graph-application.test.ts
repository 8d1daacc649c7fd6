import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { ServiceNode } from '../../../src/model/scenario.ts'
import { APPLICATION } from '../../../src/model/traits.ts'
import { graphEntrance, graphManifests, serviceArgv } from '../../../src/platforms/in-cluster/graph-application.ts'

const node = (changes: Partial<ServiceNode> = {}): ServiceNode => ({
  ...{ calls: [], order: 'parallel', answer: 1024, delay: 0, replicas: 1 },
  ...changes,
})

describe('a graph as pods of fortio', () => {
  it('has a Service, an account and a Deployment for each, and the entrance where no service calls', () => {
    const { lasting, running, images } = graphManifests(
      { front: node({ calls: ['back'] }), back: node({ replicas: 3 }) },
      'fortio:1',
    )
    expect(lasting.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'ServiceAccount front',
      'Service front',
      'ServiceAccount back',
      'Service back',
    ])
    expect(running.map(({ object, isEntrance }) => [object.metadata.name, isEntrance])).toEqual([
      ['front', true],
      ['back', false],
    ])
    // What one server asks for, shared by four pods.
    expect(JSON.stringify(running[0]?.object)).toContain('"requests":{"cpu":"50m"')
    expect(running[1]?.object['spec']).toMatchObject({ replicas: 3, selector: { matchLabels: { app: 'back' } } })
    expect(images).toEqual(['fortio:1'])
    expect(graphEntrance({ front: node({ calls: ['back'] }), back: node() })).toMatchObject({
      service: 'front',
      port: 8080,
    })
  })

  it('lets a service that calls nobody answer by itself, and others put answers together', () => {
    expect(serviceArgv(node()).join(' ')).toContain('-http-port=8080')
    expect(serviceArgv(node())).not.toContain('-M')
    const calling = serviceArgv(node({ calls: ['a', 'b', 'a'], order: 'sequence', delay: 0.002, answer: 2048 }))
    expect(calling).toContain('-http-port=8081')
    expect(calling[calling.indexOf('-M') + 1]).toBe(
      '8080 http://127.0.0.1:8081 http://a:8080 http://b:8080 http://a:8080',
    )
    expect(calling).toContain('-multi-serial-mode')
    expect(calling).toContain('-echo-server-default-params=size=2048&delay=2000us')
    expect(serviceArgv(node({ calls: ['a'] }))).not.toContain('-multi-serial-mode')
    const slow = serviceArgv(node({ delay: 0.001, slow: { share: 0.005, delay: 0.05 } }))
    expect(slow).toContain('-echo-server-default-params=size=1024&delay=50000us:0.5,1000us:99.5')
    expect(slow).toContain('-max-echo-delay=50000us')
    expect(serviceArgv(node({ answer: 256 * 1024 })).join(' ')).not.toContain('-maxpayloadsizekb')
    expect(serviceArgv(node({ answer: 1024 ** 2 + 1 }))).toContain('-maxpayloadsizekb=1025')
  })
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

const isThere = spawnSync(APPLICATION, ['version']).status === 0

describe(`the real fortio${isThere ? '' : ' (skipped: it is not in PATH)'}`, { skip: !isThere }, () => {
  it.each([
    [600, 900],
    [1024 ** 2, 4 * 1024 ** 2],
  ])(
    'answers with its own part (%i bytes) and those of the services that it calls (%i), and with another size where a call fails',
    async (part, called) => {
      const whole = part + called
      const [entrance, own, leaf] = [await freePort(), await freePort(), await freePort()]
      const local = (argv: readonly string[], port: number) =>
        argv.map((one) =>
          one
            .replace('-http-port=8081', `-http-port=127.0.0.1:${own}`)
            .replace('-http-port=8080', `-http-port=127.0.0.1:${port}`)
            .replace(
              '8080 http://127.0.0.1:8081 http://leaf:8080',
              `127.0.0.1:${entrance} http://127.0.0.1:${own} http://127.0.0.1:${leaf}`,
            ),
        )
      const started = [
        spawn(APPLICATION, local(serviceArgv(node({ calls: ['leaf'], answer: part })), entrance), { stdio: 'ignore' }),
        spawn(APPLICATION, local(serviceArgv(node({ answer: called })), leaf), { stdio: 'ignore' }),
      ]
      const size = async () => (await (await fetch(`http://127.0.0.1:${entrance}/`)).arrayBuffer()).byteLength
      try {
        const deadline = performance.now() + 10_000
        let found = 0
        while (found !== whole && performance.now() < deadline) {
          found = await size().catch(() => 0)
          if (found !== whole) await new Promise((done) => setTimeout(done, 50))
        }
        expect(found).toBe(whole)
        started[1]?.kill('SIGKILL')
        await once(started[1] as NonNullable<(typeof started)[1]>, 'exit')
        expect(await size()).not.toBe(whole)
      } finally {
        for (const child of started) child.kill('SIGKILL')
      }
    },
  )

  it('holds back the share of answers that is to be slow, and no other', async () => {
    const port = await freePort()
    const argv = serviceArgv(node({ slow: { share: 0.5, delay: 0.4 } }))
    const server = spawn(
      APPLICATION,
      argv.map((one) => one.replace('-http-port=8080', `-http-port=127.0.0.1:${port}`)),
      {
        stdio: 'ignore',
      },
    )
    const took = async () => {
      const sent = performance.now()
      await (await fetch(`http://127.0.0.1:${port}/`)).arrayBuffer()
      return performance.now() - sent
    }
    try {
      const deadline = performance.now() + 10_000
      while (performance.now() < deadline && !(await took().catch(() => 0))) {
        await new Promise((done) => setTimeout(done, 50))
      }
      const all = await Promise.all(Array.from({ length: 100 }, took))
      const slow = all.filter((one) => one >= 400).length
      // By chance one in ten million times outside.
      expect(slow).toBeGreaterThan(23)
      expect(Math.min(...all)).toBeLessThan(400)
    } finally {
      server.kill('SIGKILL')
    }
  })
})
