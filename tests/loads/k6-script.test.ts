import { describe, expect, it } from 'vitest'
import { k6 } from '../../src/loads/k6/k6.ts'
import { hasSetup, SCRIPTS } from '../../src/loads/k6/own-script.ts'
import { Failure } from '../../src/model/failure.ts'
import type { Script } from '../../src/model/platform.ts'
import { measuredSchema } from '../../src/model/result.ts'
import { captured } from './captured.ts'
import { loadOf } from './synthetic.ts'

/** `script` and `own-shape` were made with these files, k6 1.8.1 and the server of fortio 1.68.0. */
const SCRIPT: Script = {
  main: 'shop.js',
  files: { 'shop.js': 'export function setup() {}\nexport default function () {}', 'lib/checks.js': '' },
  sha256: 'abc',
}

async function read(name: string) {
  const { execution, load, text } = captured(name)
  return {
    measured: measuredSchema.parse(await k6.parse(execution, load, SCRIPT)),
    csv: text('samples.csv'),
    load,
    text,
  }
}

/** Counts lines of the CSV the slow way. */
function lines(csv: string, metric: string, has: string): number {
  return csv.split('\n').filter((line) => line.startsWith(`${metric},`) && line.includes(has)).length
}

describe('k6 with a script of the user’s, on captured runs', () => {
  it('counts requests, errors and checks by group', async () => {
    const { measured, csv } = await read('k6/script')
    const script = measured.script
    expect(script?.groups.map(({ path }) => path)).toEqual([[], ['log in, "first"'], ['shop', 'list'], ['shop']])
    expect(script?.iterations).toBe(lines(csv, 'iterations', ',main,'))
    expect(script?.iterations).toBe(script?.planned)
    for (const group of script?.groups ?? []) expect(group.requests).toBe(script?.iterations)
    const [, , list] = script?.groups ?? []
    expect(list?.errors).toBe(lines(csv, 'http_reqs', 'main,503'))
    expect(list?.errors).toBeGreaterThan(10)
    expect(list?.latency.count).toBe((list?.requests ?? 0) - (list?.errors ?? 0))
    expect(measured.requests).toBe(4 * (script?.iterations ?? 0))
    expect(measured.errors).toBe(list?.errors)
    expect(script?.checks.map(({ name, passed, failed }) => ({ name, passed, failed }))).toEqual([
      { name: 'status is 200', passed: script?.iterations, failed: 0 },
      { name: 'is long', passed: 0, failed: script?.iterations },
    ])
  })

  it('times a group with all that is in it, and an iteration with its pauses', async () => {
    const { script } = (await read('k6/script')).measured
    const shop = script?.groups.find(({ path }) => path.join() === 'shop')
    expect(shop?.whole?.min).toBeGreaterThan(0.005)
    expect(shop?.latency.max).toBeLessThan(shop?.whole?.max ?? 0)
    expect(script?.iteration.min).toBeGreaterThan(shop?.whole?.min ?? 1)
    expect(script?.groups[0]?.whole).toBeUndefined()
  })

  it('keeps the clocks of the trial: a request waits for nothing but its answer', async () => {
    const { measured } = await read('k6/script')
    const { service, response } = measured.latency.summary ?? {}
    expect(response).toEqual(service)
    expect(measured.dropped).toBe(0)
    expect(measured.generator.late?.p50).toBeLessThan(0.005)
    expect(measured.generator).not.toHaveProperty('answer')
    expect(measured.generator).not.toHaveProperty('scriptShare')
  })

  it('takes all scenarios of a script with its own shape, and what setup does in none', async () => {
    const { measured, csv } = await read('k6/own-shape')
    expect(measured.requests).toBe(lines(csv, 'http_reqs', ''))
    expect(measured.script?.iterations).toBe(
      lines(csv, 'iterations', ',readers,') + lines(csv, 'iterations', ',buyers,'),
    )
    expect(measured.latency.response).toBeUndefined()
    expect(measured.script?.groups.map(({ path }) => path.join('/')).toSorted()).toContain('read')
    expect(measured.generator.connections).toBe(5)
  })

  it('keeps what setup returned out of the summary', async () => {
    const { text } = await read('k6/script')
    expect(text('k6.json')).not.toContain('planted-token')
    expect(Object.keys(JSON.parse(text('k6.json')))).toEqual(['metrics'])
  })
})

describe('dropped iterations of a script', () => {
  const header = 'metric_name,timestamp,metric_value,check,error_code,group,scenario,status,extra_tags,metadata'
  const at = (millis: number) => String(1_790_000_000_000_000 + Math.round(millis * 1000))
  const sample = (metric: string, millis: number, value: number, status = '') =>
    `${metric},${at(millis)},${value.toFixed(6)},,,,main,${status},,`
  const request = (millis: number) =>
    [
      ['http_reqs', 1],
      ['http_req_duration', 2],
      ['http_req_blocked', 0],
      ['http_req_connecting', 0],
      ['http_req_failed', 0],
    ].map(([metric, value]) => sample(String(metric), millis, Number(value), '200'))
  /** Every fifth of 50 iterations a second is dropped; the others send two requests. */
  const csv = (count: number) => {
    const body = Array.from({ length: count }, (_, tick) => {
      const begin = tick * 20
      if (tick % 5 === 4) return [sample('dropped_iterations', begin, 1)]
      return [...request(begin + 2), ...request(begin + 5), sample('iteration_duration', begin + 6, 6)]
    })
    return `${[header, ...body.flat()].join('\n')}\n`
  }

  it('count as the requests that an iteration has on average, and withhold what they could affect', async () => {
    const load = loadOf({ tool: 'k6', rate: 50, duration: 2, warmup: 0, connections: 5, script: 'x.js' })
    const summary = JSON.stringify({ metrics: { http_reqs: { values: { count: 160 } } } })
    const files: Record<string, string> = { 'samples.csv': csv(100), 'k6.json': summary }
    const execution = {
      ...{ exitCode: 0, stdout: '', stderr: '' },
      read: async function* (name: string) {
        yield Buffer.from(files[name] ?? '')
      },
    }
    const measured = await k6.parse(execution, load, SCRIPT)
    expect(measured).toMatchObject({ planned: 200, requests: 160, dropped: 40 })
    expect(measured.script).toMatchObject({ planned: 100, iterations: 80, dropped: 20 })
    expect(measured.latency.summary?.bounds?.p50.hi).toBeDefined()
    expect(measured.latency.summary?.bounds?.p99.hi).toBeUndefined()
  })
})

describe('the command of k6 for a script', () => {
  const load = loadOf({ tool: 'k6', rate: 50, connections: 5, warmup: 2, duration: 4, script: 'shop.js' })

  it('places the script beside what wraps it, and names the target', () => {
    const { measure, warmup } = k6.commands(load, '10.0.0.1:8080/', '/out', 'trial', SCRIPT)
    expect(warmup).toBeUndefined()
    expect(Object.keys(measure.files ?? {})).toEqual([
      '/out/trial.script/shop.js',
      '/out/trial.script/lib/checks.js',
      '/out/trial.script/meshbench-wrapper.js',
    ])
    expect(measure.argv.at(-1)).toBe('/out/trial.script/meshbench-wrapper.js')
    expect(measure.argv.join(' ')).toContain('--no-thresholds -e MESHBENCH_TARGET=http://10.0.0.1:8080')
    expect(measure.argv.join(' ')).toContain('group,check')
  })

  it('sets rate, connections and duration whatever the script asks for', () => {
    const { measure } = k6.commands(load, 'x', '/out', 'trial', SCRIPT)
    const wrapper = measure.files?.['/out/trial.script/meshbench-wrapper.js'] ?? ''
    const options = JSON.parse(/^const load = (\{.*?\n\})$/ms.exec(wrapper)?.[1] ?? '')
    expect(options.scenarios.main).toMatchObject({
      executor: 'constant-arrival-rate',
      rate: 50,
      maxVUs: 5,
      duration: '4000ms',
    })
    expect(options.scenarios.warmup).toMatchObject({ executor: 'constant-arrival-rate', rate: 50, duration: '2000ms' })
    for (const shaping of ['scenarios', 'vus', 'stages', 'thresholds']) expect(wrapper).toContain(shaping)
  })

  it('gives setup time before the window opens, where there is one', () => {
    const without = { ...SCRIPT, files: { 'shop.js': 'export default function () {}' } }
    const opens = (script: Script) => k6.commands(load, 'x', '/out', 'trial', script).opensAfter
    expect(opens(SCRIPT)).toBe(opens(without) + 5)
  })

  it('leaves the shape to a script that asks for it, and warms up in a process of its own', () => {
    const own = { ...load, shape: 'own', rate: 'max' } as const
    const { measure, warmup, opensAfter } = k6.commands(own, 'x', '/out', 'trial', SCRIPT)
    expect(opensAfter).toBe(0)
    expect(measure.files?.['/out/trial.script/meshbench-wrapper.js']).toContain('const load = {}')
    expect(warmup?.files?.['/out/trial.script/meshbench-wrapper.js']).toContain('constant-vus')
    expect(k6.commands({ ...own, warmup: 0 }, 'x', '/out', 'trial', SCRIPT).warmup).toBeUndefined()
  })
})

describe('what a script refers to', () => {
  const references = (text: string) => SCRIPTS.references(text, 'my.js')

  it.each([
    [`import http from 'k6/http'`, []],
    [`import { a } from "./a.js"`, ['./a.js']],
    [`import './effects.js'; export * from '../b.js'`, ['./effects.js', '../b.js']],
    [`import {\n  a,\n  b,\n} from './long.js'`, ['./long.js']],
    [`const x = require('./c.js')`, ['./c.js']],
    [`// import a from './no.js'\n/* from './no.js' */ const s = "from './no.js'"`, []],
    [`const r = /from '/; import a from './after-a-regular-expression.js'`, ['./after-a-regular-expression.js']],
    ['const t = `import x from "./no.js"`', []],
  ])('finds the modules of %j', (text, modules) => {
    expect(references(text).modules).toEqual(modules)
  })

  it.each([
    [`const data = JSON.parse(open('./data.json'))`, ['./data.json']],
    [`new SharedArray('users', () => papaparse(open("users.csv")))`, ['users.csv']],
    [`const file = await fs.open('big.txt')`, ['big.txt']],
    [`window.open('page'); reopen('x')`, []],
  ])('finds the files that %j opens', (text, opened) => {
    expect(references(text).opened).toEqual(opened)
  })

  it.each([
    [`import { x } from 'https://jslib.k6.io/x.js'`, /cannot be brought along/, /Download it beside the script/],
    [`import _ from 'lodash'`, /imports lodash/, /Bundle the script/],
    [`import sql from 'k6/x/sql'`, /k6\/x\/sql/, /without the extension/],
    [`import a from '/etc/a.js'`, /imports \/etc/, /begins with/],
    [`const data = open(\`./\${name}.json\`)`, /not written out/, /Write the path as text/],
    [`const data = open(path)`, /not written out/, /Write the path as text/],
    [`const a = await import(name)`, /not written out/, /Write the path as text/],
  ])('refuses %j', (text, message, remedy) => {
    const failure = (() => {
      try {
        return references(text)
      } catch (error) {
        return error
      }
    })()
    expect(failure).toBeInstanceOf(Failure)
    expect((failure as Failure).message).toMatch(message)
    expect((failure as Failure).remedy).toMatch(remedy)
  })

  it('takes a script of a megabyte in a time that grows with its length', () => {
    const line = `const a = { b: "c", d: \`e\`, f: /g/ } // h\n`
    const time = (lines: number) => {
      const begun = performance.now()
      references(line.repeat(lines))
      return performance.now() - begun
    }
    time(10_000)
    // Eight times as much: 64 times as long if it were not linear.
    const least = (lines: number) => Math.min(time(lines), time(lines), time(lines))
    expect(least(40_000)).toBeLessThan(40 * least(5000))
  })

  it.each([
    ['export function setup() {}', true],
    ['export async function setup() {}', true],
    ['export const setup = () => 1', true],
    ['function setup() {}\nexport { setup, teardown }', true],
    ['export function setupUsers() {}', false],
    ['// no setup', false],
  ])('knows whether %j has a setup', (text, is) => {
    expect(hasSetup({ main: 'a.js', files: { 'a.js': text }, sha256: '' })).toBe(is)
  })
})
