import { describe, expect, it } from 'vitest'
import { fortio } from '../../src/loads/fortio/fortio.ts'
import { decodeHistogram } from '../../src/loads/histogram.ts'
import { measuredSchema } from '../../src/model/result.ts'
import { captured, finished } from './captured.ts'
import { lineOf, loadOf, resultOf, type Sent, simulate } from './synthetic.ts'

async function read(name: string) {
  const { execution, load, text } = captured(name)
  const measured = measuredSchema.parse(await fortio.parse(execution, load))
  return { measured, result: JSON.parse(text('fortio.json')), load }
}

describe('fortio, on captured runs', () => {
  it.each(['http', 'post', 'http2', 'grpc', 'tcp', 'istio-ambient', 'stall', 'behind', 'max'])(
    'counts what fortio counted: %s',
    async (name) => {
      const { measured, result } = await read(`fortio/${name}`)
      expect(measured.requests).toBe(result.DurationHistogram.Count)
      expect(measured.errors).toBe(0)
      expect(measured.codes).toEqual(result.RetCodes)
      expect(measured.timeline.requests.reduce((sum, count) => sum + count, 0)).toBe(measured.requests)
      const service = decodeHistogram(measured.latency.service)
      expect(service.count).toBe(measured.requests)
      expect(measured.latency.summary?.service.count).toBe(measured.requests)
      expect(service.mean).toBeCloseTo(result.DurationHistogram.Avg, 5)
    },
  )

  it.each(['istio-ambient', 'stall', 'grpc', 'max'])(
    'has every quantile of the service time in the bucket that fortio has it in: %s',
    async (name) => {
      const { measured, result } = await read(`fortio/${name}`)
      const service = decodeHistogram(measured.latency.service)
      let below = 0
      for (const { Start, End, Percent, Count } of result.DurationHistogram.Data) {
        for (const q of [below + 0.5 / service.count, Percent / 100 - 0.5 / service.count]) {
          expect(service.quantile(q)).toBeGreaterThan(Start * 0.999 - 1e-6)
          expect(service.quantile(q)).toBeLessThan(End * 1.001 + 1e-6)
        }
        below += Count / service.count
      }
    },
  )

  it('keeps the two clocks apart when the server stalls', async () => {
    const { measured } = await read('fortio/stall')
    const { service, response } = measured.latency.summary ?? {}
    // 0.3 s of 3 s: a tenth of the requests was due within the stall, and each connection had one under way.
    expect(service?.p99).toBeLessThan(0.02)
    expect(response?.p99).toBeGreaterThan(0.24)
    expect(response?.p99).toBeLessThan(0.31)
    expect(measured.generator.pauses?.count).toBeGreaterThanOrEqual(1)
    expect(measured.generator.pauses?.seconds).toBeGreaterThan(0.28)
    expect(measured.dropped).toBe(0)
    expect(Math.max(...measured.timeline.max)).toBeGreaterThan(0.29e6)
  })

  it('has errors apart', async () => {
    const { measured, result } = await read('fortio/errors')
    expect(measured.errors).toBe(result.ErrorsDurationHistogram.Count)
    expect(measured.codes).toEqual(result.RetCodes)
    expect(measured.timeline.errors.reduce((sum, count) => sum + count, 0)).toBe(measured.errors)
    expect(decodeHistogram(measured.latency.service).count).toBe(measured.requests - measured.errors)
    expect(measured.generator.sockets).toBe(result.SocketCount)
    expect(measured.generator.socketsOfWorst).toBe(Math.max(...result.Sockets))
  })

  it('says what was planned and never sent', async () => {
    const { measured } = await read('fortio/behind')
    expect(measured.planned).toBe(400)
    expect(measured.dropped).toBe(400 - measured.requests)
    expect(measured.generator.fallingBehind).toBe(1)
    expect(measured.generator.messages.join('\n')).toMatch(/only did \d+ out of 100 calls.*\(4 times\)/)
  })

  it('has no response time in a closed loop', async () => {
    const { measured } = await read('fortio/max')
    expect(measured.latency.response).toBeUndefined()
    expect(measured.planned).toBe(measured.requests)
    expect(measured.generator.late).toBeUndefined()
    expect(measured.seconds).toBeGreaterThan(0.9)
  })

  it('reports what fortio says of itself', async () => {
    const { measured, result } = await read('fortio/post')
    expect(measured.generator).toMatchObject({
      version: '1.68.0',
      connections: 4,
      uniform: true,
      catchUp: true,
      sockets: 4,
      socketsOfWorst: 1,
      answer: { min: result.Sizes.Min, max: result.Sizes.Max, mean: result.Sizes.Avg },
      destinations: result.IPCountMap,
      timeouts: 0,
      timeout: 10,
      messages: [],
    })
    expect(measured.bytesReceived).toBe(result.Sizes.Sum)
    expect(measured.generator.connect).toBe(result.ConnectionStats.Avg)
    expect(measured.startedAt).toBeCloseTo(Date.parse(result.StartTime) / 1000, 2)
    expect(measured.seconds).toBeCloseTo(result.ActualDuration / 1e9, 1)
  })

  it('has no time-outs for gRPC, whose requests have no limit', async () => {
    const { measured } = await read('fortio/grpc')
    expect(measured.generator.timeouts).toBeUndefined()
    expect(measured.generator.timeout).toBeUndefined()
  })
})

describe('fortio, whose connections are closed', () => {
  it('tells requests that it sent again, of which it counts none', async () => {
    const { measured, result } = await read('fortio/reset')
    expect(result.RetCodes).toEqual({ 200: 600 })
    expect(measured).toMatchObject({ errors: 0, generator: { resent: 15, sockets: 19 } })
    expect(measured.generator.messages).toEqual([
      expect.stringMatching(/^Closing dead socket.*: read tcp .*connection reset by peer \(15 times\)$/),
    ])
  })

  it('tells them apart from connections that the server closed with an answer', async () => {
    const { measured } = await read('fortio/closing')
    expect(measured).toMatchObject({ errors: 0, generator: { resent: 0, sockets: 19 } })
    expect(measured.generator.messages.join()).toMatch(/Server wants to close connection/)
  })

  it('counts them by the sockets where the log has warnings only', async () => {
    const { execution, load } = captured('fortio/reset')
    const stderr = execution.stderr.replace(/^\{.*"level":"info".*\n/gm, '')
    expect((await fortio.parse({ ...execution, stderr }, load)).generator.resent).toBe(15)
  })
})

describe('fortio, where there is no measurement', () => {
  const load = loadOf({ rate: 4, connections: 2, duration: 2 })
  const sent: Sent[] = [0, 1, 0, 1, 0, 1, 0, 1].map((thread, index) => ({
    thread,
    call: index >> 1,
    start: 0.25 * index,
    latency: 0.001,
  }))
  const log = sent.map(lineOf).join('')
  const result = resultOf(load, sent)
  const reading = (files: Record<string, string>, stderr = '', exitCode = 0) =>
    fortio.parse(finished(files, stderr, exitCode), load)

  it('reads the run that the failures below are made of', async () => {
    const measured = await reading({ 'fortio.json': result, 'access.jsonl': log })
    expect(measured).toMatchObject({ requests: 8, planned: 8, dropped: 0, errors: 0, codes: { 200: 8 } })
  })

  it('says what fortio said when it could not connect', async () => {
    const { execution, load } = captured('fortio/refused')
    const failure = await fortio.parse(execution, load).catch((error) => error)
    expect(failure).toMatchObject({ code: 'load-failed', message: 'fortio ended with exit code 1' })
    expect(failure.why).toMatch(/^error -1 for http/)
    expect(failure.remedy).toBeTruthy()
  })

  it('says which limit the load generator met, and not that the target is to blame', async () => {
    const { execution, load } = captured('fortio/no-descriptors')
    const failure = await fortio.parse(execution, load).catch((error) => error)
    expect(failure.why).toMatch(/^error -1 for http.*too many open files/)
    expect(failure.remedy).toMatch(/ulimit -n/)
  })

  it.each([
    ['by a signal', {}, 137, /SIGKILL/],
    ['after its requests and before its result', { 'access.jsonl': log }, 0, /access log holds requests/],
  ])('says that it was ended from outside: %s', async (_, files, exitCode, why) => {
    const failure = await fortio.parse(finished(files as Record<string, string>, '', exitCode), load).catch((e) => e)
    expect(failure).toMatchObject({
      code: 'load-failed',
      message: expect.stringMatching(/was terminated before it finished/),
    })
    expect(failure.why).toMatch(why)
  })

  it('says that the disk was full where fortio says so', async () => {
    const stderr = '{"level":"err","msg":"Unable to write","err":"write /files/x: no space left on device"}\n'
    const failure = await fortio.parse(finished({ 'access.jsonl': log }, stderr), load).catch((e) => e)
    expect(failure.remedy).toMatch(/^The disk/)
  })

  it.each([
    ['forward', 4, 30, 30],
    ['back', 4, -30, -30],
    ['before the first request', 0, -7200, -7200],
    ['by less than what matters', 4, 0.05, undefined],
  ])('tells that its clock was stepped: %s', async (_, from, by, step) => {
    const of = { ...loadOf({ rate: 8, connections: 2, duration: 1 }), rate: 8 }
    const stepped = simulate(of, { service: 0.001, stops: 0, goes: 0 }).map((one, index) => {
      return { ...one, start: one.start + (index < from ? 0 : by) }
    })
    const files = {
      'fortio.json': resultOf(of, stepped, { ActualDuration: 1.127e9 }),
      'access.jsonl': stepped.map(lineOf).join(''),
    }
    const measured = await fortio.parse(finished(files), of)
    if (step === undefined) expect(measured.generator.clockStep).toBeUndefined()
    else {
      expect(Math.abs((measured.generator.clockStep ?? 0) - step)).toBeLessThan(1)
      expect(measured.seconds).toBe(1.127)
    }
  })

  it.each([
    ['no result', {}, 'load-failed', /without a result/],
    [
      'a result that says error',
      { 'fortio.json': result.replace('{', '{"error":true,"exception":"no host",') },
      'load-failed',
      /without a result/,
    ],
    ['a result cut short', { 'fortio.json': result.slice(0, 50) }, 'load-output', /result of fortio could not be read/],
    ['another result', { 'fortio.json': '{}' }, 'load-output', /result of fortio could not be read/],
    ['no access log', { 'fortio.json': result }, 'load-output', /not complete/],
    [
      'a log with a line less',
      { 'fortio.json': result, 'access.jsonl': log.slice(log.indexOf('\n') + 1) },
      'load-output',
      /not complete/,
    ],
    [
      'a log cut within a line',
      { 'fortio.json': result, 'access.jsonl': log.slice(0, -20) },
      'load-output',
      /line 8 of the access log/,
    ],
    ['a log of two runs', { 'fortio.json': result, 'access.jsonl': log + log }, 'load-output', /more than this run/],
    [
      'a log with another connection',
      { 'fortio.json': result, 'access.jsonl': log.replace('"thread":1', '"thread":7') },
      'load-output',
      /another run/,
    ],
    [
      'a log with a broken number',
      { 'fortio.json': result, 'access.jsonl': log.replace('0.001000', '0.00x000') },
      'load-output',
      /line 1 /,
    ],
    [
      'a time that is none',
      { 'fortio.json': resultOf(load, sent, { StartTime: 'noon' }), 'access.jsonl': log },
      'load-output',
      /noon/,
    ],
    [
      'a run without length',
      { 'fortio.json': resultOf(load, sent, { RequestedDuration: 'exactly 8 calls' }), 'access.jsonl': log },
      'load-output',
      /exactly 8 calls/,
    ],
  ])('refuses %s', async (_, files, code, message) => {
    const failure = await reading(files as Record<string, string>).catch((error) => error)
    expect(failure).toMatchObject({ name: 'Failure', code, message: expect.stringMatching(message) })
    expect(failure.remedy).toBeTruthy()
  })

  it('refuses a real log to which fortio has appended', async () => {
    const { execution, load } = captured('fortio/appended')
    await expect(fortio.parse(execution, load)).rejects.toMatchObject({ code: 'load-output' })
  })
})
