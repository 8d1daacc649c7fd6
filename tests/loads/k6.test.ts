import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeHistogram, latencyHistogram } from '../../src/loads/histogram.ts'
import { k6 } from '../../src/loads/k6/k6.ts'
import { k6Scanner } from '../../src/loads/k6/k6-reading.ts'
import { measuredSchema } from '../../src/model/result.ts'
import { captured, finished, inPieces } from './captured.ts'

async function read(name: string) {
  const { execution, load, text } = captured(name)
  const measured = measuredSchema.parse(await k6.parse(execution, load))
  return { measured, summary: JSON.parse(text('k6.json')).metrics, load }
}

/** What the CSV holds of the measured scenario, counted the slow way. */
function countOf(csv: string, metric: string, scenario = 'main'): number {
  const [header, ...lines] = csv.trim().split('\n')
  const column = (header ?? '').split(',').indexOf('scenario')
  return lines.filter((line) => line.startsWith(`${metric},`) && line.split(',')[column] === scenario).length
}

describe('k6, on captured runs', () => {
  it.each(['http', 'post', 'errors', 'stall', 'dropped', 'max', 'refused', 'by-hand'])(
    'counts only the measured scenario: %s',
    async (name) => {
      const { measured } = await read(`k6/${name}`)
      const csv = captured(`k6/${name}`).text('samples.csv')
      expect(measured.requests).toBe(countOf(csv, 'http_reqs'))
      expect(measured.dropped).toBe(countOf(csv, 'dropped_iterations'))
      expect(measured.timeline.requests.reduce((sum, count) => sum + count, 0)).toBe(measured.requests)
      expect(decodeHistogram(measured.latency.service).count).toBe(measured.requests - measured.errors)
    },
  )

  it('agrees with the percentiles that k6 computes exactly', () => {
    const { text } = captured('k6/by-hand')
    const histogram = latencyHistogram()
    const scan = k6Scanner([], false, {
      request: ({ service, blocked }) => histogram.record(service - blocked),
      other: () => {},
    })
    scan(Buffer.from(text('samples.csv')))
    const { values } = JSON.parse(text('k6.json')).metrics.http_req_duration
    expect(histogram.count).toBe(values.count)
    for (const [q, exact] of [
      [0.5, values.med],
      [0.9, values['p(90)']],
      [0.99, values['p(99)']],
      [1, values.max],
    ]) {
      expect(Math.abs(histogram.quantile(q) * 1000 - exact)).toBeLessThan(exact * 0.005)
    }
    expect(Math.abs(histogram.mean * 1000 - values.avg)).toBeLessThan(values.avg * 0.002)
  })

  it('has errors apart, by code', async () => {
    const { measured, summary } = await read('k6/errors')
    expect(measured.errors).toBe(summary.http_req_failed.values.passes)
    expect(measured.codes).toEqual({ 200: measured.requests - measured.errors, 503: measured.errors })
    const refused = await read('k6/refused')
    expect(refused.measured.codes).toEqual({ 'error 1212 (connection refused)': refused.measured.requests })
    expect(refused.measured.latency.summary?.service.count).toBe(0)
  })

  it('sees a stall on both clocks, since its virtual users send on time', async () => {
    const { measured } = await read('k6/stall')
    const { service, response } = measured.latency.summary ?? {}
    expect(service?.p99).toBeGreaterThan(0.25)
    expect(service?.max).toBeGreaterThan(0.29)
    expect(response).toEqual(service)
    expect(measured.dropped).toBe(0)
    expect(measured.generator.pauses?.count).toBeGreaterThan(0)
  })

  it('counts what was dropped as planned', async () => {
    const { measured } = await read('k6/dropped')
    expect(measured.planned).toBe(measured.requests + measured.dropped)
    expect(measured.dropped).toBeGreaterThan(50)
    expect(measured.generator.messages.join()).toMatch(/Insufficient VUs/)
    const { service, response, bounds } = measured.latency.summary ?? {}
    expect(response?.count).toBe((service?.count ?? 0) + measured.dropped)
    expect(response?.p99).toBeGreaterThan(service?.p99 ?? 0)
    expect(bounds?.p999.hi).toBeUndefined()
  })

  it('has dropped iterations wait for the next user, as a queue would have had them', async () => {
    // 500/s for 20 s by 8 users, a service of 1 ms, and a server that stands still for 47 ms: k6 sends the first 8 and drops the rest.
    const [rate, duration, users, service, stops, goes] = [500, 20, 8, 1, 10_000, 10_047]
    const waits: number[] = []
    const free = new Array<number>(users).fill(0)
    const queue = new Array<number>(users).fill(0)
    const rows: string[] = []
    for (let tick = 0; tick < rate * duration; tick++) {
      const due = (tick * 1000) / rate
      const finish = (start: number) => (start + service > stops && start < goes ? goes + service : start + service)
      const next = queue.indexOf(Math.min(...queue))
      const begins = Math.max(due, queue[next] ?? 0)
      queue[next] = finish(begins)
      waits.push((queue[next] ?? 0) - due)
      const user = free.findIndex((until) => until <= due)
      const at = (ms: number) => Math.round((1.795e12 + ms) * 1000)
      if (user < 0) rows.push(`dropped_iterations,${at(due)},1,,main,`)
      else {
        free[user] = finish(due)
        const latency = (free[user] ?? 0) - due
        for (const [metric, value] of [
          ['http_reqs', 1],
          ['http_req_duration', latency],
          ['http_req_blocked', 0],
          ['http_req_connecting', 0],
          ['http_req_failed', 0],
        ]) {
          rows.push(`${metric},${at(due + latency)},${value},,main,200`)
        }
      }
    }
    const sent = rows.filter((row) => row.startsWith('http_reqs')).length
    const csv = `metric_name,timestamp,metric_value,error_code,scenario,status\n${rows.join('\n')}\n`
    const files = {
      'samples.csv': csv,
      'k6.json': JSON.stringify({ metrics: { http_reqs: { values: { count: sent } } } }),
    }
    const load = { ...captured('k6/http').load, rate, duration, connections: users, warmup: 0 }
    const measured = await k6.parse(finished(files), load)
    expect(measured.dropped).toBeGreaterThan(10)
    const truth = waits.toSorted((a, b) => a - b)[Math.ceil(0.999 * waits.length) - 1] ?? 0
    const { service: served, response, bounds } = measured.latency.summary ?? {}
    expect(truth).toBeGreaterThan(20)
    expect(Math.abs((response?.p999 ?? 0) * 1000 - truth)).toBeLessThan(0.05 * truth)
    expect(response?.p999).toBeGreaterThan(served?.p999 ?? 0)
    expect(bounds?.p99).toMatchObject({ lo: 0.001, hi: 0.001 })
    expect(bounds?.p999.hi).toBeUndefined()
  })

  it.each([
    // k6 goes on until the timer of its end fires: up to a tenth of a second is no part of the window.
    [0, 1000],
    [1, 1001],
    [10, 1001],
    [11, 1012],
  ])('leaves out what was due after the window, unless that is too much: %d requests more', async (more, left) => {
    const rows = Array.from({ length: 1001 + more }, (_, tick) => tick).flatMap((tick) => {
      if (more === 0 && tick === 1000) return []
      const at = Math.round((1.795e12 + 10 * tick + 1) * 1000)
      // The late ones fail, so that whatever counts them shows it.
      const [failed, status] = tick > 1000 ? [1, 503] : [0, 200]
      return [
        `http_reqs,${at},1,,main,${status}`,
        `http_req_duration,${at},1,,main,${status}`,
        `http_req_blocked,${at},0,,main,${status}`,
        `http_req_connecting,${at},0,,main,${status}`,
        `http_req_failed,${at},${failed},,main,${status}`,
      ]
    })
    const files = {
      'samples.csv': `metric_name,timestamp,metric_value,error_code,scenario,status\n${rows.join('\n')}\n`,
      'k6.json': JSON.stringify({ metrics: { http_reqs: { values: { count: rows.length / 5 } } } }),
    }
    const load = { ...captured('k6/http').load, rate: 100, duration: 10, connections: 8, warmup: 0 }
    const measured = await k6.parse(finished(files), load)
    expect(measured.requests).toBe(left)
    expect(measured.errors).toBe(Math.max(0, left - 1001))
    expect(Object.values(measured.codes).reduce((sum, count) => sum + count, 0)).toBe(left)
    expect(measured.planned).toBe(Math.abs(left - 1000) <= 1 ? left : 1000)
  })

  it('has no response time in a closed loop', async () => {
    const { measured } = await read('k6/max')
    expect(measured.latency.response).toBeUndefined()
    expect(measured.generator.late).toBeUndefined()
    expect(measured.planned).toBe(measured.requests)
  })

  it('reports connections that the warm-up has opened, and what the script costs', async () => {
    const { measured, load } = await read('k6/http')
    expect(measured.generator).toMatchObject({
      connections: load.connections,
      sockets: load.connections,
      connectingP95: 0,
    })
    expect(measured.generator.scriptShare).toBeGreaterThan(0)
    expect(measured.generator.scriptShare).toBeLessThan(0.6)
    expect(measured.generator.late?.p50).toBeGreaterThan(0)
    expect(measured.seconds).toBeCloseTo(load.duration, 0)
    expect(Math.abs(measured.planned - Number(load.rate) * load.duration)).toBeLessThanOrEqual(1)
  })

  it('reads the same however the samples are cut into pieces', async () => {
    const { execution, load, text } = captured('k6/dropped')
    const csv = Buffer.from(text('samples.csv'))
    const whole = await k6.parse(execution, load)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), async (size) => {
        const reading = {
          ...execution,
          read: (name: string) => (name === 'samples.csv' ? inPieces(csv, size) : execution.read(name)),
        }
        expect(await k6.parse(reading, load)).toEqual(whole)
      }),
      { numRuns: 20 },
    )
  })
})

describe('k6, where there is no measurement', () => {
  const { load, text } = captured('k6/http')
  const csv = text('samples.csv')
  const summary = text('k6.json')
  const reading = (files: Record<string, string>, stderr = '', exitCode = 0) =>
    k6.parse(finished(files, stderr, exitCode), load)
  const header = csv.slice(0, csv.indexOf('\n') + 1)
  const without = (kind: RegExp) =>
    csv
      .split('\n')
      .filter((line) => !kind.test(line))
      .join('\n')

  it.each([
    ['no samples', { 'k6.json': summary }, 'load-output', /not complete/],
    [
      'samples cut short',
      { 'samples.csv': csv.slice(0, csv.length / 2), 'k6.json': summary },
      'load-output',
      /not complete/,
    ],
    ['other columns', { 'samples.csv': csv.replace('scenario', 'tags'), 'k6.json': summary }, 'load-output', /columns/],
    ['no measured request', { 'samples.csv': header, 'k6.json': '{"metrics":{}}' }, 'load-failed', /no request/],
    [
      'a warm-up that ran into the opening edge',
      {
        'samples.csv': csv.replace(/^(vu_made,\d+),(\d+)/gm, (_, head, made) => `${head},${Number(made) - 3000}`),
        'k6.json': summary,
      },
      'load-output',
      /did not open between warm-up and measurement/,
    ],
    [
      'a measurement that began before it',
      {
        'samples.csv': csv.replace(/^(vu_made,\d+),(\d+)/gm, (_, head, made) => `${head},${Number(made) + 3000}`),
        'k6.json': summary,
      },
      'load-output',
      /did not open between warm-up and measurement/,
    ],
  ])('refuses %s', async (_, files, code, message) => {
    const failure = await reading(files as Record<string, string>).catch((error) => error)
    expect(failure).toMatchObject({ name: 'Failure', code, message: expect.stringMatching(message) })
    expect(failure.remedy).toBeTruthy()
  })

  const inSeconds = csv.replace(/^(\w+),(\d{10})\d{6},/gm, '$1,$2,')
  const inRfc3339 = csv.replace(/^(\w+),\d{16},/gm, '$1,2026-11-22T11:32:58Z,')
  it.each([
    [
      'in seconds',
      inSeconds,
      /^the time stamps of k6 are not in microseconds: the first is \d{10}: K6_CSV_TIME_FORMAT/,
    ],
    ['in RFC 3339', inRfc3339, /not in microseconds: the first is 2026-.*: K6_CSV_TIME_FORMAT/],
    ['compressed', gzipSync(csv).toString('latin1'), /cannot be read as CSV: .*it is gzip/],
  ])('refuses samples %s, in words that a terminal can show', async (_, samples, says) => {
    const files = { 'samples.csv': Buffer.from(samples, 'latin1'), 'k6.json': Buffer.from(summary) }
    const read = (name: string) => inPieces(files[name as keyof typeof files] ?? Buffer.alloc(0))
    const failure = await k6.parse({ exitCode: 0, stdout: '', stderr: '', read }, load).catch((error) => error)
    expect(`${failure.message}: ${failure.why}`).toMatch(says)
    expect(JSON.stringify(failure.toData())).not.toMatch(/\\u00|\ufffd/)
  })

  it.each([
    ['its samples are there and its summary is empty', { 'samples.csv': csv }, '', 0, /summary.*empty/],
    ['by a signal', {}, '', 137, /SIGKILL/],
    ['by an interrupt', {}, '{"level":"error","msg":"test run was aborted"}', 105, /interrupted/],
  ])('says that it was ended from outside: %s', async (_, files, stderr, exitCode, why) => {
    const failure = await reading(files as Record<string, string>, stderr, exitCode).catch((error) => error)
    expect(failure).toMatchObject({
      code: 'load-failed',
      message: expect.stringMatching(/was terminated before it finished/),
    })
    expect(failure.why).toMatch(why)
    expect(failure.remedy).toMatch(/evict/)
  })

  it('says what k6 said when it could not write its summary', async () => {
    const stderr = '{"level":"error","msg":"failed to handle the summary","error":"no space left on device"}\n'
    const failure = await reading({ 'samples.csv': csv }, stderr).catch((error) => error)
    expect(failure.why).toMatch(/no space left on device/)
  })

  it('tells that its clock was stepped while it ran', async () => {
    const times = [...csv.matchAll(/^http_reqs,(\d+),.*main/gm)].map(([, time]) => Number(time))
    const middle = times[Math.floor(times.length / 2)] as number
    const stepped = csv.replace(/^(\w+),(\d{16}),/gm, (_, name, time) => {
      return `${name},${Number(time) + (Number(time) > middle ? 30e6 : 0)},`
    })
    const { generator } = await reading({ 'samples.csv': stepped, 'k6.json': summary })
    expect(generator.clockStep).toBeCloseTo(30, 1)
    expect((await reading({ 'samples.csv': csv, 'k6.json': summary })).generator.clockStep).toBeUndefined()
  })

  it('does not look for the edge in samples of another script', async () => {
    const measured = await reading({ 'samples.csv': without(/^vu_made/), 'k6.json': summary })
    expect(measured.requests).toBeGreaterThan(0)
  })

  it('says what an exit code means, and what k6 said', async () => {
    const stderr = '{"level":"error","msg":"GoError: not a URL","time":"2026-11-22T11:12:39Z"}\n'
    const failure = await reading({}, stderr, 107).catch((error) => error)
    expect(failure).toMatchObject({ code: 'load-failed', message: 'k6 ended with exit code 107' })
    expect(failure.why).toBe('its script threw an error: GoError: not a URL')
  })
})
