import { describe, expect, it } from 'vitest'
import { periodOf } from '../../src/loads/arrivals.ts'
import { loads } from '../../src/loads/index.ts'
import { opensAfter } from '../../src/loads/k6/k6-commands.ts'
import type { Load } from '../../src/model/scenario.ts'
import { TOOLS } from '../../src/model/traits.ts'
import { loadOf } from './synthetic.ts'

const URL = 'http://10.0.0.1:8080/'

function flags(over: Partial<Load>, target = URL) {
  const { measure, warmup } = loads.fortio.commands(loadOf(over), target, '/out', 'c1-b01-none-http')
  return { text: measure.argv.join(' '), measure, warmup }
}

describe('loads', () => {
  it('has every tool under its name', () => {
    expect(Object.keys(loads).toSorted()).toEqual(TOOLS.toSorted())
    for (const name of TOOLS) expect(loads[name].name).toBe(name)
  })

  it.each(TOOLS)('gives %s time enough and names no file twice', (tool) => {
    const load = loadOf({ tool, warmup: 5 })
    const { measure, opensAfter } = loads[tool].commands(load, URL, '/out', 'trial')
    expect(measure.within).toBeGreaterThan(opensAfter + load.duration + 10)
    const files = Object.values(measure.outputs ?? {})
    expect(new Set(files).size).toBe(files.length)
    for (const file of files) expect(file).toMatch(/^\/out\/trial\./)
  })
})

describe('the command of fortio', () => {
  it('keeps to the schedule, catches up, and logs every request', () => {
    const { text, measure } = flags({ rate: 500, connections: 16, duration: 2.5 })
    expect(measure.argv[0]).toBe('load')
    expect(measure.argv.at(-1)).toBe(URL)
    expect(text).toContain('-qps 500 -c 16 -t 2.5s -uniform')
    expect(text).toContain('-access-log-file /out/c1-b01-none-http.access.jsonl')
    expect(text).toContain('-json /out/c1-b01-none-http.fortio.json')
    expect(text).toContain('-labels c1-b01-none-http')
    for (const never of ['-nocatchup', '-n', '-jitter', '-allow-initial-errors'])
      expect(measure.argv).not.toContain(never)
  })

  it('warms up with the same shape, and leaves no log of it', () => {
    const { measure, warmup } = flags({ warmup: 7, payload: 1024 })
    const shape = (argv: readonly string[]) => argv.slice(0, argv.indexOf('-logger-no-color')).join(' ')
    expect(shape(warmup?.argv ?? [])).toBe(shape(measure.argv).replace('-t 60s', '-t 7s'))
    expect(warmup?.outputs).toBeUndefined()
    expect(flags({ warmup: 0 }).warmup).toBeUndefined()
  })

  it.each([
    [{ protocol: 'http' }, URL, '-httpccch', URL],
    [{ protocol: 'http' }, '10.0.0.1:8080', '-httpccch', URL.slice(0, -1)],
    [{ protocol: 'http2' }, URL, '-h2', URL],
    [{ protocol: 'grpc' }, '10.0.0.1:8079', '-grpc -ping', '10.0.0.1:8079'],
    [{ protocol: 'tcp' }, 'http://10.0.0.1:8078/', '-httpbufferkb', 'tcp://10.0.0.1:8078'],
    [{ protocol: 'tcp' }, '10.0.0.1:8078', '-httpbufferkb', 'tcp://10.0.0.1:8078'],
  ] as const)('speaks %o to %s', (over, target, flag, address) => {
    const { text, measure } = flags(over, target)
    expect(text).toContain(flag)
    expect(measure.argv.at(-1)).toBe(address)
  })

  it('sends a body of the size that was asked for, also a large one', () => {
    expect(flags({ payload: 0 }).text).not.toContain('-payload-size')
    expect(flags({ payload: 2000 }).text).toContain('-payload-size 2000 -maxpayloadsizekb 256')
    expect(flags({ payload: 1024 ** 2 }).text).toContain('-httpbufferkb 1536')
    expect(flags({ payload: 1024 ** 2 }).text).toContain('-maxpayloadsizekb 1024')
  })

  it('does not pace a closed loop', () => {
    expect(flags({ rate: 'max' }).text).toContain('-qps 0 ')
  })
})

describe('the command of k6', () => {
  const script = (over: Partial<Load>) => {
    const load = loadOf({ tool: 'k6', ...over })
    const commands = loads.k6.commands(load, URL, '/out', 'trial')
    const [path, text = ''] = Object.entries(commands.measure.files ?? {})[0] ?? []
    const options = JSON.parse(/export const options = (\{[\s\S]*?\n\})/.exec(text)?.[1] ?? '')
    return { ...commands, path, text, ...options.scenarios }
  }

  it('runs the script that comes with it', () => {
    const { measure, path } = script({})
    expect(measure.argv.at(-1)).toBe(path)
    expect(measure.argv.join(' ')).toContain('--out csv=/out/trial.samples.csv')
    expect(loads.k6.environment).toMatchObject({ K6_CSV_TIME_FORMAT: 'unix_micro', K6_NO_USAGE_REPORT: 'true' })
  })

  it('begins the measured scenario after the opening edge, and the edge after the warm-up', () => {
    const { warmup, main, opensAfter } = script({ warmup: 5, connections: 200, rate: 300 })
    const at = (text: string) => Number(/^(\d+)ms$/.exec(text)?.[1]) / 1000
    expect(opensAfter).toBeGreaterThan(5 + 2)
    expect(at(main.startTime)).toBeCloseTo(opensAfter + 1.5, 3)
    expect(at(main.startTime)).toBeGreaterThan(5 + Number.parseFloat(warmup.gracefulStop))
    expect(main).toMatchObject({ rate: 300, timeUnit: '1000ms', preAllocatedVUs: 200, maxVUs: 200 })
    expect(warmup).toMatchObject({ rate: 300, duration: '5000ms', preAllocatedVUs: 200, maxVUs: 200 })
  })

  it('leaves more time for more virtual users', () => {
    expect(opensAfter({ warmup: 0, connections: 1500 })).toBe(opensAfter({ warmup: 0, connections: 0 }) + 1.5)
  })

  it('has no warm-up where none is asked for', () => {
    expect(script({ warmup: 0 }).warmup).toBeUndefined()
  })

  it('states rates that are no whole number as whole numbers', () => {
    expect(script({ rate: 0.5 }).main).toMatchObject({ rate: 500, timeUnit: '1000000ms' })
    expect(periodOf(0.5)).toBe(2e6)
    expect(periodOf(300)).toBe(3333.333)
  })

  it('has a closed loop without a rate', () => {
    expect(script({ rate: 'max' }).main).toMatchObject({ executor: 'constant-vus', vus: 8 })
  })

  it('posts a body where there is one', () => {
    expect(script({ payload: 512 }).text).toContain(`const body = 'x'.repeat(512)`)
    expect(script({ payload: 512 }).text).toContain('http.post("http://10.0.0.1:8080/", body')
    expect(script({ payload: 0 }).text).toContain('http.get("http://10.0.0.1:8080/"')
  })
})
