import { describe, expect, it } from 'vitest'
import { requestArgv } from '../../src/loads/fortio/fortio-result.ts'
import { loads } from '../../src/loads/index.ts'
import type { LoadRequest } from '../../src/model/scenario.ts'
import { loadOf } from './synthetic.ts'

const request: LoadRequest = {
  path: '/orders',
  method: 'PUT',
  headers: { 'Content-Type': 'application/json', 'x-user': 'me' },
  body: '{"item":1}',
  expectedStatus: 201,
}

describe('a request of the user’s', () => {
  it('is told to fortio by its options', () => {
    expect(requestArgv(undefined)).toEqual([])
    expect(requestArgv({ path: '/', method: 'GET', headers: {}, expectedStatus: 200 })).toEqual([])
    const argv = requestArgv(request)
    expect(argv.join(' ')).toBe(
      '-X PUT -H x-user: me -content-type application/json -payload {"item":1} -maxpayloadsizekb 256',
    )
    const { measure, warmup } = loads.fortio.commands(
      loadOf({ request, warmup: 1, payload: 0 }),
      'http://web/orders',
      '/out',
      't',
    )
    for (const { argv: all } of [measure, warmup ?? measure]) expect(all.join(' ')).toContain(argv.join(' '))
  })

  it('keeps the type of a request without a body among its headers', () => {
    const { body: _, ...bare } = request
    expect(requestArgv({ ...bare, method: 'GET' })).toEqual([
      '-H',
      'Content-Type: application/json',
      '-H',
      'x-user: me',
    ])
  })

  it('is written into the script of k6, with the status that it expects', () => {
    const { measure } = loads.k6.commands(loadOf({ tool: 'k6', request, payload: 0 }), 'http://web/orders', '/out', 't')
    const script = measure.files?.['/out/t.k6.js'] ?? ''
    expect(script).toContain(`http.request("PUT", "http://web/orders", "{\\"item\\":1}", `)
    expect(script).toContain('headers: {"Content-Type":"application/json","x-user":"me"}')
    expect(script).toContain('http.expectedStatuses(201)')
  })
})
