import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, connect as connectTo } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { download, downloadTrouble, proxyFor, proxyName } from '../../src/host/outgoing.ts'
import { connect } from '../../src/kubernetes/connect.ts'
import { readManifests } from '../../src/kubernetes/install/manifests.ts'
import { addressTrouble } from '../../src/platforms/kind/check/remote-check.ts'
import { obtain } from '../../src/tools/obtain.ts'
import { catalogue, drain, failureOf, workshop } from '../tools/workshop.ts'

afterEach(() => vi.unstubAllEnvs())
const signal = new AbortController().signal
const PROXY = 'http://proxy.corp.example:3128'

async function listening(answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { server, address: `127.0.0.1:${(server.address() as AddressInfo).port}` }
}

/** A proxy that alone knows the names of a company: whatever is asked of it by name is answered here. */
async function companyProxy(answer: RequestListener = (_, response) => response.end('through the proxy')) {
  const seen: string[] = []
  const { server, address } = await listening((request, response) => {
    seen.push(request.url ?? '')
    answer(request, response)
  })
  server.on('connect', (request: IncomingMessage, socket) => {
    seen.push(`CONNECT ${request.url}`)
    socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
  })
  return { seen, address: `http://${address}` }
}

describe('the proxy for an address', () => {
  it.each<[string, Record<string, string>, string | undefined]>([
    ['https://a.example/x', { HTTPS_PROXY: PROXY }, `${PROXY} (HTTPS_PROXY)`],
    ['https://a.example/x', { https_proxy: 'http://low:1', HTTPS_PROXY: PROXY }, 'http://low:1 (https_proxy)'],
    ['https://a.example/x', { HTTP_PROXY: PROXY }, undefined],
    ['http://a.example/x', { HTTP_PROXY: PROXY }, `${PROXY} (HTTP_PROXY)`],
    ['https://a.example/x', { ALL_PROXY: 'socks5h://s.example:1080' }, 'socks5://s.example:1080 (ALL_PROXY)'],
    ['https://a.example/x', { HTTPS_PROXY: 'proxy.corp.example:3128' }, `${PROXY} (HTTPS_PROXY)`],
    ['https://a.example/x', { HTTPS_PROXY: 'http://me:secret@p.example:1' }, 'http://p.example:1 (HTTPS_PROXY)'],
    ['https://a.example/x', { HTTPS_PROXY: '' }, undefined],
    ['http://127.0.0.1:6443/', { HTTP_PROXY: PROXY, ALL_PROXY: PROXY }, undefined],
    ['https://localhost:6443/', { HTTPS_PROXY: PROXY }, undefined],
    ['https://[::1]:6443/', { HTTPS_PROXY: PROXY }, undefined],
  ])('%s with %o: %s', (address, env, name) => {
    const proxy = proxyFor(address, env)
    expect(proxy && proxyName(proxy)).toBe(name)
  })

  it.each<[string, string, boolean]>([
    ['a.corp.example', 'corp.example', true],
    ['a.corp.example', '.corp.example', true],
    ['a.corp.example', '*.corp.example', true],
    ['corp.example', '.corp.example', true],
    ['notcorp.example', 'corp.example', false],
    ['a.corp.example', 'other, A.Corp.Example', true],
    ['a.corp.example', 'a.corp.example:443', true],
    ['a.corp.example', 'a.corp.example:8443', false],
    ['10.1.2.3', '10.0.0.0/8', true],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['10.1.2.3', '10.1.2.3', true],
    ['[fd00::5]', 'fd00::/8', true],
    ['a.corp.example', '*', true],
    ['a.corp.example', '10.0.0.0/99', false],
  ])('%s is passed over by NO_PROXY=%s: %s', (host, list, direct) => {
    expect(proxyFor(`https://${host}/`, { HTTPS_PROXY: PROXY, NO_PROXY: list }) === undefined).toBe(direct)
  })
})

describe('a company host, which reaches the net by a proxy alone', () => {
  it('fetches manifests and asks for addresses through it, but not what NO_PROXY names', async () => {
    const { seen, address } = await companyProxy((_, response) =>
      response.end('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}'),
    )
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY']) vi.stubEnv(name, address)
    const place = 'http://artifacts.corp.example/gateway-api.yaml'
    expect(await (await download(place, { signal })).text()).toContain('ConfigMap')
    expect(seen.splice(0)).toEqual([place])
    const secure = place.replace('http:', 'https:')
    await expect(readManifests(secure, signal)).rejects.toMatchObject({ code: 'manifests' })
    expect(await addressTrouble(secure)).toContain('through the proxy')
    expect(seen.splice(0)).toEqual(Array(2).fill('CONNECT artifacts.corp.example:443'))
    vi.stubEnv('NO_PROXY', 'corp.example')
    expect(await addressTrouble(secure)).toMatch(/ENOTFOUND|EAI_AGAIN/)
    expect(seen).toEqual([])
  })

  it('downloads programs through the proxy of the environment that tools are given', async () => {
    const { seen, address } = await companyProxy()
    await using shop = await workshop()
    const target = `${process.platform}-${process.arch}` as const
    const way = {
      kind: 'release' as const,
      base: 'https://releases.corp.example/',
      files: { [target]: { name: 'k6.tar.gz' } },
      sha256: {},
      checksums: () => 'sums.txt',
    }
    const env = { ...shop.env, https_proxy: address }
    const about = { ...shop, env, catalogue: catalogue({ k6: { ways: [way] } }), signal }
    expect(await failureOf(drain(obtain('k6', about)))).toMatchObject({
      cause: expect.stringContaining('through the proxy'),
    })
    expect(seen).toEqual(['CONNECT releases.corp.example:443'])
  })

  it('never asks an API server through it', async () => {
    const { seen, address } = await companyProxy()
    for (const name of ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy']) {
      vi.stubEnv(name, address)
    }
    const api = await listening((_, response) => response.end('direct'))
    const cluster = await connect(
      JSON.stringify({
        ...{ apiVersion: 'v1', kind: 'Config', 'current-context': 'c' },
        clusters: [{ name: 'k', cluster: { server: `http://${api.address}`, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'u', user: {} }],
        contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }],
      }),
    )
    expect(await cluster.get('/readyz', signal)).toBe('direct')
    await cluster.close()
    expect(seen).toEqual([])
  })

  it('is told which proxy refused, and what to do', async () => {
    const { address } = await companyProxy()
    const env = { HTTPS_PROXY: address.replace('//', '//me:secret@') }
    const error = await download('https://b.corp.example/', { signal }, env).catch((thrown: unknown) => thrown)
    const { cause, remedy } = downloadTrouble('https://b.corp.example/', error, env)
    expect(cause).toContain(`through the proxy ${address} (HTTPS_PROXY)`)
    expect(remedy).toContain('HTTPS_PROXY, as in http://user:password@')
    expect(cause + remedy).not.toContain('secret')
  })

  it('is told of certificates that Node does not know', () => {
    const error = new Error('fetch failed', { cause: new Error('self-signed certificate in certificate chain') })
    expect(downloadTrouble('https://a.example/', error, {}).remedy).toContain('NODE_EXTRA_CA_CERTS')
  })

  it('is told where no proxy is used', async () => {
    const taken = await listening((_, response) => response.end())
    const { port } = taken.server.address() as AddressInfo
    taken.server.close()
    await once(taken.server, 'close')
    await new Promise((resolve) => connectTo(port, '127.0.0.1').on('error', resolve))
    const gone = `http://127.0.0.1:${port}/`
    const error = await download(gone, { signal }, {}).catch((thrown: unknown) => thrown)
    expect(downloadTrouble(gone, error, {})).toEqual({
      cause: expect.stringContaining('ECONNREFUSED'),
      remedy: expect.stringContaining('set HTTPS_PROXY'),
    })
  })
})
