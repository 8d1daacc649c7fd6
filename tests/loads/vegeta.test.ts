import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrivals, places } from '../../src/loads/arrivals.ts'
import { decodeHistogram } from '../../src/loads/histogram.ts'
import { vegeta } from '../../src/loads/vegeta/vegeta.ts'
import { Failure } from '../../src/model/failure.ts'
import type { SimulatedServer } from '../../src/model/platform.ts'
import { measuredSchema } from '../../src/model/result.ts'
import type { Load } from '../../src/model/scenario.ts'
import { captured, inPieces } from './captured.ts'
import { loadOf } from './synthetic.ts'

/** What `vegeta encode --to json` said of the same results: number, code, time, latency in nanoseconds, error. */
function rowsOf(text: string) {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([seq, code, time, latency, error]) => ({
      seq: Number(seq),
      code: Number(code),
      at: time ?? '',
      latency: Number(latency) / 1e9,
      error: error ?? '',
    }))
    .toSorted((a, b) => a.seq - b.seq)
}

async function read(name: string) {
  const { execution, load, text } = captured(`vegeta/${name}`)
  return {
    measured: measuredSchema.parse(await vegeta.parse(execution, load)),
    rows: rowsOf(text('encoded.tsv')),
    load,
    execution,
  }
}

/** The message of the Failure that reading these bytes ends with. */
async function refusal(bytes: Uint8Array, load = loadOf({ tool: 'vegeta' })): Promise<string> {
  const execution = { exitCode: 0, stdout: '', stderr: '', read: () => inPieces(bytes) }
  const failure = await vegeta.parse(execution, load).then(
    () => undefined,
    (error: unknown) => Failure.from(error),
  )
  return `${failure?.message}: ${failure?.why}`
}

async function bytesOf(name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of captured(`vegeta/${name}`).execution.read('results.gob')) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('vegeta, on captured runs', () => {
  it.each(['http', 'post', 'errors', 'max', 'stall', 'refused'])(
    'reads what vegeta itself says of %s',
    async (name) => {
      const { measured, rows } = await read(name)
      const failed = rows.filter(({ code }) => code < 200 || code > 299)
      expect(measured.requests).toBe(rows.length)
      expect(measured.errors).toBe(failed.length)
      const fine = rows.filter((row) => !failed.includes(row)).map(({ latency }) => latency)
      const sorted = fine.toSorted((a, b) => a - b)
      const histogram = decodeHistogram(measured.latency.service)
      expect(histogram.count).toBe(sorted.length)
      if (sorted.length === 0) return
      for (const q of [0.5, 0.9, 0.99, 1]) {
        const exact = sorted[Math.ceil(q * sorted.length) - 1] as number
        expect(Math.abs(histogram.quantile(q) - exact)).toBeLessThan(exact * 0.002 + 1e-6)
      }
      const first = Math.min(...rows.map(({ at }) => Date.parse(at)))
      expect(Math.abs(measured.startedAt * 1000 - first)).toBeLessThan(200)
    },
  )

  it('reads the same however the results are cut into pieces', async () => {
    const { measured, load } = await read('errors')
    const bytes = await bytesOf('errors')
    for (const size of [1, 7, 100, bytes.length]) {
      const execution = { exitCode: 0, stdout: '', stderr: '', read: () => inPieces(bytes, size) }
      expect(await vegeta.parse(execution, load)).toEqual(measured)
    }
  })

  it('has errors apart, by code or by what went wrong', async () => {
    const { measured } = await read('errors')
    expect(measured.codes).toEqual({ 200: measured.requests - measured.errors, 503: measured.errors })
    expect(measured.errors).toBeGreaterThan(0)
    const refused = await read('refused')
    expect(refused.measured.codes).toEqual({ 'connection refused': refused.measured.requests })
  })

  it('knows the size of answers by their head', async () => {
    const { answer } = (await read('post')).measured.generator
    expect(answer?.min).toBe(answer?.max)
    expect(answer?.mean).toBeGreaterThan(1024)
    expect(answer?.mean).toBeLessThan(1024 + 200)
  })

  it('sees a stall of the server in the response time of all that was due in it, and not in the service time', async () => {
    const { measured, rows, load } = await read('stall')
    const { service, response } = measured.latency.summary ?? {}
    // 0.3 s at 500/s: 150 of 1,500 requests were due, and 8 workers were waiting for an answer.
    expect(rows.filter(({ latency }) => latency > 0.25)).toHaveLength(load.connections)
    expect(response?.max).toBeGreaterThan(0.29)
    expect(response?.p99).toBeGreaterThan(0.25)
    expect(service?.p99).toBeLessThan(0.1)
    expect(measured.dropped).toBe(0)
    expect(measured.generator.pauses?.count).toBeGreaterThan(0)
  })

  it('has no response time in a closed loop', async () => {
    const { measured } = await read('max')
    expect(measured.latency.response).toBeUndefined()
    expect(measured.planned).toBe(measured.requests)
  })

  it('refuses results that are cut off, that lack a request, or that are of another kind', async () => {
    const bytes = await bytesOf('errors')
    expect(await refusal(bytes.subarray(0, bytes.length - 3))).toMatch(/not complete: it ends within a request/)
    // The first request of the file left out.
    const from = bytes.indexOf(Buffer.from([0xff, 0x80, 0x03]), 206)
    const length = bytes[from - 1] as number
    const without = Buffer.concat([bytes.subarray(0, from - 1), bytes.subarray(from + length)])
    expect(await refusal(without)).toMatch(/not complete: /)
    const renamed = Buffer.from(bytes)
    renamed.write('Delayed', renamed.indexOf('Latency'))
    expect(await refusal(renamed)).toMatch(/could not be read: it describes no field Latency/)
    expect(await refusal(Buffer.alloc(0))).toMatch(/made no request/)
  })
})

describe('the command of vegeta', () => {
  const commandsOf = (changes: Partial<Load>, share?: { index: number; of: number }) =>
    vegeta.commands(loadOf({ tool: 'vegeta', ...changes }), '10.0.0.1:8080', '/out', 'trial', undefined, share)
  const targetIn = (files: Readonly<Record<string, string>> | undefined) =>
    JSON.parse(Object.values(files ?? {})[0] ?? '{}')

  it('has as many workers as connections, keeps to the rate, and opens no port', () => {
    const { measure } = commandsOf({ rate: 500, connections: 16, duration: 2.5 })
    const text = measure.argv.join(' ')
    expect(text).toContain(
      '-rate 500/1s -duration 2.5s -workers 16 -max-workers 16 -connections 16 -max-connections 16',
    )
    expect(text).toContain('-redirects -1 -max-body 0')
    expect(measure.argv).toContain('-prometheus-addr=')
    expect(commandsOf({ rate: 0.5 }).measure.argv.join(' ')).toContain('-rate 500/1000s')
    expect(commandsOf({ rate: 'max' }).measure.argv.join(' ')).toContain('-rate 0/1s')
  })

  it('says what to send, in a line that ends', () => {
    const { files } = commandsOf({ payload: 3 }).measure
    expect(targetIn(files)).toEqual({
      method: 'POST',
      url: 'http://10.0.0.1:8080',
      header: { 'Accept-Encoding': ['identity'] },
      body: 'eHh4',
    })
    expect(Object.values(files ?? {})[0]).toMatch(/\n$/)
    const request = { path: '/', method: 'PUT', headers: { 'X-A': 'b' }, body: 'ä', expectedStatus: 201 } as const
    expect(targetIn(commandsOf({ payload: 0, request }).measure.files)).toMatchObject({
      method: 'PUT',
      header: { 'X-A': ['b'] },
      body: Buffer.from('ä').toString('base64'),
    })
  })

  it('waits at its gate with the others, each with its share', () => {
    const { measure, warmup } = commandsOf({ rate: 1000, connections: 10 }, { index: 1, of: 4 })
    expect(measure.gate?.path).toBe('/out/trial.gate')
    expect(targetIn({ gate: measure.gate?.content ?? '' })).toMatchObject({ url: 'http://10.0.0.1:8080' })
    expect(measure.argv.join(' ')).toContain('-targets /out/trial.gate -rate 300/1s')
    expect(measure.files).toBeUndefined()
    expect(warmup?.gate).toBeUndefined()
  })
})

describe('the model of vegeta', () => {
  /** A server that answers after a while, and rests for some time. */
  const serverOf = (service: number, stops: number, goes: number): SimulatedServer => ({
    answer: (sentAt) => ({ at: (sentAt >= stops && sentAt < goes ? goes : sentAt) + service, ok: true }),
    awake: (at) => at,
  })

  async function simulated(load: Load, server: SimulatedServer) {
    const { measure } = vegeta.commands(load, 'http://x/', '/out', 'trial')
    const outcome = vegeta.simulate(measure, { load, start: 1_767_225_600, server: () => server })
    const bytes = [...outcome.files.values()][0] as Uint8Array
    return vegeta.parse({ exitCode: 0, stdout: '', stderr: '', read: () => inPieces(bytes) }, load)
  }

  it.each([1000, 333, 0.5, 250.5, 'max'] as const)('has every request of its schedule at %s', async (rate) => {
    const load = loadOf({ tool: 'vegeta', rate, connections: 4, duration: 20, payload: 10 })
    const measured = await simulated(load, serverOf(0.001, 0, 0))
    if (rate !== 'max') expect(Math.abs(measured.planned - rate * 20)).toBeLessThanOrEqual(1)
    expect(measured.requests).toBe(measured.planned)
    expect(measured.dropped).toBe(0)
    expect(measured.latency.summary?.service.p99).toBeCloseTo(0.001, 5)
    if (rate !== 'max') expect(measured.latency.summary?.response?.p99).toBeCloseTo(0.001, 5)
  })

  it('has what waits for a worker wait as a queue does', async () => {
    // 0.5 s at 1,000/s: 500 requests were due, of which the q-th waited for the rest of the stall and for those before it.
    const load = loadOf({ tool: 'vegeta', rate: 1000, connections: 4, duration: 10 })
    const measured = await simulated(load, serverOf(0.001, 5, 5.5))
    const { service, response } = measured.latency.summary ?? {}
    const waits = Array.from({ length: 10_000 }, () => 0.001)
    let [free, at] = [new Array<number>(4).fill(0), 0]
    for (let request = 0; request < 10_000; request++) {
      at = (request + 1) / 1000
      free = free.toSorted((a, b) => a - b)
      const sent = Math.max(at, free[0] as number)
      const done = (sent >= 5 && sent < 5.5 ? 5.5 : sent) + 0.001
      waits[request] = done - at
      free[0] = done
    }
    const sorted = waits.toSorted((a, b) => a - b)
    for (const [q, found] of [
      [0.9, response?.p90],
      [0.99, response?.p99],
      [0.999, response?.p999],
    ] as const) {
      expect(found).toBeCloseTo(sorted[Math.ceil(q * 10_000) - 1] as number, 3)
    }
    expect(service?.p99).toBeCloseTo(0.001, 4)
  })

  it('counts as dropped what was due when the time was over', async () => {
    const load = loadOf({ tool: 'vegeta', rate: 100, connections: 1, duration: 10 })
    const measured = await simulated(load, serverOf(0.001, 8, 11))
    expect(measured.planned).toBe(1000)
    expect(measured.dropped).toBeGreaterThan(190)
    expect(measured.requests + measured.dropped).toBe(1000)
    expect(measured.latency.summary?.bounds?.p999.hi).toBeUndefined()
  })
})

describe('places', () => {
  it('give the one that is free first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(1000), { maxLength: 200 }), (count, steps) => {
        const heap = places(count)
        const plain = new Array<number>(count).fill(Number.NEGATIVE_INFINITY)
        for (const step of steps) {
          plain.sort((a, b) => a - b)
          if (heap.free() !== plain[0]) return false
          const until = Math.max(0, plain[0] as number) + step
          plain[0] = until
          heap.take(until)
        }
        return true
      }),
    )
  })

  it('takes a rate as whole numbers', () => {
    expect(arrivals(5)).toEqual({ count: 5, within: 1 })
    expect(arrivals(2.5)).toEqual({ count: 2500, within: 1000 })
  })
})
