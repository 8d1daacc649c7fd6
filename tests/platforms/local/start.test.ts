import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { endpointsFor, targetUrl } from '../../../src/platforms/local/chain.ts'
import { refusal } from '../../../src/platforms/local/envoy/start-envoy.ts'
import { parseServerLog, serverArgv } from '../../../src/platforms/local/local-server.ts'

const captured = (name: string) => readFileSync(new URL(`../../captured/envoy/${name}`, import.meta.url), 'utf8')

describe('an Envoy that does not come up', () => {
  it('is quoted: what it does not understand, and where', () => {
    const failure = refusal('client-proxy', captured('refused.log'), 'ended with exit code 1')
    expect(failure.code).toBe('proxy-refused')
    expect(failure.message).toBe('client-proxy ended with exit code 1 instead of starting')
    expect(failure.why).toMatch(/^Protobuf message .*no such field: {2}'prefx'\) has unknown fields$/)
    expect(failure.remedy).toContain('values')
  })

  it('is told apart where it found no port', () => {
    const failure = refusal('client-proxy', captured('port-taken.log'), 'ended with exit code 1')
    expect(failure.code).toBe('port-taken')
    expect(failure.why).toContain('Address already in use')
    expect(failure.remedy).toContain('ip_local_port_range')
  })

  it('says so where it left no line', () => {
    expect(refusal('waypoint', '', 'was killed by SIGKILL').why).toBe('It left no log line.')
  })
})

describe('the server', () => {
  it('opens only the ports that are needed, all on the loopback', () => {
    const argv = serverArgv({ endpoints: ['http'], delay: 0 })
    expect(argv[argv.indexOf('-http-port') + 1]).toBe('127.0.0.1:0')
    for (const port of ['grpc', 'tcp', 'udp', 'redirect'])
      expect(argv[argv.indexOf(`-${port}-port`) + 1]).toBe('disabled')
    expect(argv.join(' ')).not.toContain('delay')
  })

  it('holds answers back where a delay is injected, even beyond its own limit', () => {
    const argv = serverArgv({ endpoints: ['http'], delay: 0.0025 })
    expect(argv[argv.indexOf('-echo-server-default-params') + 1]).toBe('delay=2500us')
    expect(argv[argv.indexOf('-max-echo-delay') + 1]).toBe('2500us')
  })

  it('says where it listens', () => {
    const log = `{"ts":1795345781.176413,"level":"info","r":1,"msg":"Fortio 1.68.0 tcp-echo server listening on tcp 127.0.0.1:40401"}
{"ts":1795345781.176676,"level":"info","r":1,"msg":"Fortio 1.68.0 grpc 'ping' server listening on tcp 127.0.0.1:34585"}
{"ts":1795345781.177095,"level":"info","r":1,"msg":"Fortio 1.68.0 http-echo server listening on tcp 127.0.0.1:39233"}`
    expect(Object.fromEntries([...parseServerLog(log)].map(([endpoint, { port }]) => [endpoint, port]))).toEqual({
      http: 39233,
      grpc: 34585,
      tcp: 40401,
    })
    expect(parseServerLog('').size).toBe(0)
  })
})

describe('endpoints', () => {
  it('are those that the loads need and the mesh carries', () => {
    const loads = [{ protocol: 'http' }, { protocol: 'http2' }, { protocol: 'grpc' }, { protocol: 'tcp' }] as const
    expect(endpointsFor(loads, ['http', 'http2', 'grpc'])).toEqual(['http', 'grpc'])
    expect(endpointsFor(loads, ['http', 'http2', 'grpc', 'tcp'])).toEqual(['http', 'grpc', 'tcp'])
  })

  it('are written as each generator wants them', () => {
    const address = { host: '127.0.0.1', port: 8080 }
    expect(targetUrl('http', address)).toBe('http://127.0.0.1:8080/')
    expect(targetUrl('http2', address)).toBe('http://127.0.0.1:8080/')
    expect(targetUrl('grpc', address)).toBe('127.0.0.1:8080')
    expect(targetUrl('tcp', address)).toBe('tcp://127.0.0.1:8080')
  })
})
