import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const SCENARIO = `name: line
platform: simulated
arms: [none, { name: again, mesh: none }]
loads: [{ rate: 100/s, duration: 5s }, { rate: 200/s, duration: 5s }]
idle: 0s
blocks: 2
`

function project(): string {
  const cwd = testFolder()
  writeFileSync(join(cwd, 'line.yaml'), SCENARIO)
  return cwd
}

const runOf = (cwd: string) => join(cwd, 'results', readdirSync(join(cwd, 'results'))[0] ?? '')
const loadsOf = (stdout: string) => JSON.parse(stdout).plan.scenario.loads

describe('loads from the command line', () => {
  it('replaces values in every load, and makes one of those that are equal then', async () => {
    const cwd = project()
    const plan = async (...options: string[]) => {
      const { stdout } = await meshbench(['plan', 'line.yaml', '--json', ...options], { cwd })
      return loadsOf(stdout).map(({ name, rate, duration }: never) => [name, rate, duration])
    }
    expect(await plan('--duration', '9s')).toEqual([
      ['http-100', 100, 9],
      ['http-200', 200, 9],
    ])
    expect(await plan('--rate', '300/s')).toEqual([['http-300', 300, 5]])
    expect(await plan('--rate', '300/s,400/s', '--connections', '1,2')).toEqual([
      ['http-300-1c', 300, 5],
      ['http-300-2c', 300, 5],
      ['http-400-1c', 400, 5],
      ['http-400-2c', 400, 5],
    ])
  })

  it('takes meshes that the scenario does not name', async () => {
    const { stdout } = await meshbench(['plan', 'line.yaml', '--arms', 'linkerd', '--json'], { cwd: project() })
    expect(JSON.parse(stdout).plan.scenario.arms.map(({ name }: { name: string }) => name)).toEqual(['none', 'linkerd'])
  })

  it.each([
    [['--rate', '300'], 'Write a rate such as 300/s'],
    [['--connections', 'many'], 'Write a number'],
    [['--tool', 'wrk'], 'fortio, k6'],
    [['--tool', 'k6', '--protocol', 'grpc'], 'Use fortio'],
    [['--duration', '5s,6s'], 'one value'],
    [['--rate', '1/s', '--connections', '64'], 'higher rate'],
  ])('refuses %j with a remedy', async (options, remedy) => {
    const { code, stderr } = await meshbench(['plan', 'line.yaml', ...options], { cwd: project() })
    expect([code, stderr]).toEqual([2, expect.stringContaining(remedy)])
  })
})

describe('run', () => {
  it('writes what --export names, and prints nothing but the result with --quiet', async () => {
    const cwd = project()
    const { code, stdout, stderr } = await meshbench(['run', 'line.yaml', '--export', 'csv,json', '--quiet'], { cwd })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('http-200')
    const [head = '', ...rows] = readFileSync(join(runOf(cwd), 'figures.csv'), 'utf8')
      .trimEnd()
      .split('\r\n')
    const { analysis } = JSON.parse(readFileSync(join(runOf(cwd), 'analysis.json'), 'utf8'))
    expect(rows).toHaveLength(analysis.cells.length)
    const column = head.split(',').indexOf('level')
    const p50 = analysis.cells.find(({ arm, metric }: never) => arm === 'again' && metric === 'p50')
    const row = rows.find((line) => line.startsWith(`again,${p50.load},p50,`))
    expect(Number(row?.split(',')[column])).toBe(p50.estimate.center)
  })

  it('replaces no file of others by --export', async () => {
    const cwd = project()
    await meshbench(['run', 'line.yaml', '--quiet'], { cwd })
    writeFileSync(join(cwd, 'figures.csv'), 'mine')
    const { code, stderr } = await meshbench(['report', '--output', 'page.html', '--export', 'csv'], { cwd })
    expect([code, stderr]).toEqual([2, expect.stringContaining('was not written by this command')])
    expect(readFileSync(join(cwd, 'figures.csv'), 'utf8')).toBe('mine')
  })

  it('calls --setup before and --cleanup after, with the run in the environment', async () => {
    const cwd = project()
    const say = (what: string) => `echo ${what} $MESHBENCH_RUN >> calls`
    const { code } = await meshbench(['run', 'line.yaml', '--setup', say('before'), '--cleanup', say('after')], { cwd })
    const id = readdirSync(join(cwd, 'results'))[0]
    expect(code).toBe(0)
    expect(readFileSync(join(cwd, 'calls'), 'utf8')).toBe(`before ${id}\nafter ${id}\n`)
  })

  it('measures nothing where --setup fails, calls --cleanup all the same, and can be resumed', async () => {
    const cwd = project()
    const failed = await meshbench(['run', 'line.yaml', '--setup', 'exit 7', '--cleanup', 'touch cleaned'], { cwd })
    expect([failed.code, failed.stderr]).toEqual([3, expect.stringMatching(/--setup ended with 7(.|\n)*--resume/)])
    expect(readdirSync(cwd)).toContain('cleaned')
    expect(readdirSync(join(runOf(cwd), 'trials'))).toEqual([])
    expect((await meshbench(['run', '--resume'], { cwd })).code).toBe(0)
  })

  it('says what went wrong first, whatever --cleanup does', async () => {
    const setup = await meshbench(['run', 'line.yaml', '--setup', 'exit 4', '--cleanup', 'exit 5'], { cwd: project() })
    expect(setup.stderr).toMatch(/--cleanup ended with 5(.|\n)*--setup ended with 4/)
    const cwd = project()
    const whole = await meshbench(['run', 'line.yaml', '--cleanup', 'exit 5'], { cwd })
    expect([whole.code, whole.stderr]).toEqual([3, expect.stringContaining('--cleanup ended with 5')])
    expect(readdirSync(runOf(cwd))).toContain('report.html')
  })

  it('does not wait for what a hook leaves in the background', async () => {
    const cwd = project()
    const began = Date.now()
    const { code } = await meshbench(['run', 'line.yaml', '--setup', 'sleep 600 & echo $! > pid'], { cwd })
    process.kill(Number(readFileSync(join(cwd, 'pid'), 'utf8')))
    expect(code).toBe(0)
    expect(Date.now() - began).toBeLessThan(300_000)
  })

  it('reads back every trial of short windows', async () => {
    const cwd = project()
    await meshbench(['run', 'line.yaml', '--blocks', '40', '--loads', 'http-100', '--quiet'], { cwd })
    const { stdout } = await meshbench(['report', '--json'], { cwd })
    const { record, validTrials, plannedTrials } = JSON.parse(stdout).analysis
    expect([record.unreadable, validTrials]).toEqual([[], plannedTrials])
  })

  it('leads with the answer: sentences, table, the report, and only then what is wrong', async () => {
    const { stdout, stderr } = await meshbench(['run', 'line.yaml'], { cwd: project() })
    const order = ['p99 of none is', 'Geometric means', 'warning: '].map((text) => stdout.indexOf(text))
    expect(order).not.toContain(-1)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(stderr).toContain('report: ')
  })
})

describe('init', () => {
  it('writes a scenario that can be planned', async () => {
    const cwd = testFolder()
    const { code } = await meshbench(['init', 'mine.yaml', '--arms', 'none,linkerd', '--rates', '100/s,200/s'], { cwd })
    expect(code).toBe(0)
    const { stdout } = await meshbench(['plan', 'mine.yaml', '--platform', 'simulated', '--json'], { cwd })
    expect(loadsOf(stdout).map(({ name }: { name: string }) => name)).toEqual(['http-100', 'http-200'])
  })

  it('begins with the meshes and rates of the default scenario', async () => {
    const cwd = testFolder()
    const { stdout } = await meshbench(['init', 'mine.yaml', '--json'], { cwd })
    const { arms, rates } = JSON.parse(stdout)
    const plan = await meshbench(['plan', 'quick', '--platform', 'kind', '--json'], { cwd })
    const { scenario } = JSON.parse(plan.stdout).plan
    expect(arms).toEqual([...new Set(scenario.arms.map(({ mesh }: { mesh: string }) => mesh))])
    expect(rates).toEqual(scenario.loads.map(({ rate }: { rate: number }) => `${rate}/s`))
  })

  it('asks on a terminal for what is not given; an empty answer takes the usual', async () => {
    const cwd = testFolder()
    const typed = { 'Which do you compare?': 'none linkerd\r', 'At which rates?': '\r' }
    const { code, stderr } = await meshbench(['init', 'mine.yaml'], { cwd, env: { CI: '' }, typed })
    expect([code, stderr]).toEqual([0, expect.stringContaining('At which rates? [250/s]')])
    expect(readFileSync(join(cwd, 'mine.yaml'), 'utf8')).toContain('  - linkerd\n')
    const stopped = await meshbench(['init', 'other.yaml'], { cwd, env: { CI: '' }, typed: { 'Which do': '\x03' } })
    expect(stopped.code).toBe(130)
    expect(readdirSync(cwd)).toEqual(['mine.yaml'])
  })

  it.each([
    [['--arms', 'linkrd'], 'Did you mean "linkerd"'],
    [['--rates', '100'], 'has no unit'],
  ])('refuses %j and writes nothing', async (options, remedy) => {
    const cwd = testFolder()
    const { code, stderr } = await meshbench(['init', 'mine.yaml', ...options], { cwd })
    expect([code, stderr]).toEqual([2, expect.stringContaining(remedy)])
    expect(readdirSync(cwd)).toEqual([])
  })

  it('replaces no file', async () => {
    const cwd = project()
    expect((await meshbench(['init', 'line.yaml'], { cwd })).code).toBe(2)
    expect(readFileSync(join(cwd, 'line.yaml'), 'utf8')).toBe(SCENARIO)
  })
})

describe('list', () => {
  it('lists scenarios, meshes and runs', async () => {
    const cwd = project()
    await meshbench(['run', 'line.yaml', '--setup', 'false'], { cwd })
    mkdirSync(join(cwd, 'results/damaged'))
    writeFileSync(join(cwd, 'results/damaged/run.json'), '{')
    const { stdout } = await meshbench(['list'], { cwd })
    for (const text of ['quick-local', 'istio-ambient-waypoint']) expect(stdout).toContain(text)
    expect(stdout).toMatch(/line on simulated, 2 arms, 2 loads, 2 blocks, unfinished/)
    expect(stdout).toMatch(/damaged +cannot be read/)
    expect((await meshbench(['list', 'mesh'], { cwd })).stderr).toContain('meshes')
  })
})

describe('completion', () => {
  const offered = async (cwd: string, ...words: string[]) => {
    const { stdout } = await meshbench(['complete', '--', ...words], { cwd })
    return stdout
      .split('\n')
      .filter((line) => line.includes('\t'))
      .map((line) => line.split('\t')[0])
  }

  it('offers commands, choices, scenarios, arms, runs and metrics', async () => {
    const cwd = project()
    await meshbench(['run', 'line.yaml', '--quiet'], { cwd })
    expect(await offered(cwd, 'pl')).toEqual(['plan'])
    expect(await offered(cwd, 'plan', '--platform', '')).toEqual(['kind', 'cluster', 'local', 'simulated'])
    expect(await offered(cwd, 'run', 'quick-')).toEqual(['quick-local'])
    expect(await offered(cwd, 'run', 'line.yaml', '--arms', 'none,ag')).toEqual(['none,again'])
    expect(await offered(cwd, 'report', '')).toEqual(readdirSync(join(cwd, 'results')))
    expect(await offered(cwd, 'compare', '--metrics', 'p50,mesh-c')).toEqual(['p50,mesh-cpu'])
    expect(await offered(cwd, 'gate', 'acc')).toEqual(['accept'])
  })

  it.each([
    ['a command', ['']],
    ['a scenario', ['run', '']],
    ['a run', ['report', '']],
    ['a platform', ['plan', '--platform', '']],
  ])('reads names only, and loads no parser for %s', (_, words) => {
    const hook = `
      import { registerHooks } from 'node:module'
      const loaded = []
      registerHooks({ load: (url, about, next) => { loaded.push(url); return next(url, about) } })
      process.argv.push('meshbench', 'complete', '--', ...${JSON.stringify(words)})
      process.on('exit', () => process.stderr.write(loaded.join('\\n')))
      await import(${JSON.stringify(String(new URL('../../src/main.ts', import.meta.url)))})`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', hook], {
      cwd: testFolder(),
      encoding: 'utf8',
    })
    expect(stdout).not.toBe('')
    expect(stderr).toContain('/src/commands/completion.ts')
    expect(stderr).not.toMatch(/[/]src[/](scenario|platforms|analyse|meshes)[/]|node_modules[/](zod|ajv|yaml)[/]/)
  })

  it('offers what a command takes where an option without a value stands before it', async () => {
    const cwd = project()
    await meshbench(['run', 'line.yaml', '--quiet'], { cwd })
    const [run] = readdirSync(join(cwd, 'results'))
    expect(await offered(cwd, 'compare', '')).toEqual(expect.arrayContaining([run, 'again']))
    expect(await offered(cwd, 'gate', '--strict', '')).toContain(run)
    expect(await offered(cwd, 'run', 'line.yaml', '--loads', '')).toEqual(['http-100', 'http-200'])
    expect(await offered(cwd, 'run', '--keep', 'quick-')).toEqual(['quick-local'])
    expect(await offered(cwd, 'list', '')).toEqual(['scenarios', 'meshes', 'runs'])
  })

  it('leaves names of files to the shell', async () => {
    expect((await meshbench(['complete', '--', 'gate', '--limits', ''])).stdout).toBe(':0\n')
  })

  it.each(['bash', 'zsh', 'fish'])('prints a script for %s that asks meshbench', async (shell) => {
    expect((await meshbench(['completion', shell])).stdout).toContain('meshbench complete --')
  })
})

describe('help', () => {
  it.each([
    'run',
    'plan',
    'report',
    'compare',
    'gate',
    'history',
    'merge',
    'init',
    'list',
    'doctor',
    'clean',
    'completion',
  ])('of %s has its options, the global ones, and one example that exists', async (command) => {
    const { code, stdout } = await meshbench([command, '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain('Global Options:')
    expect(stdout).toMatch(new RegExp(`Example:\n {2}.*meshbench ${command}`))
  })
})

it('starts in a checkout by its own command', () => {
  const file = fileURLToPath(new URL('../../bin/meshbench.js', import.meta.url))
  expect(execFileSync(process.execPath, [file, '--version'], { encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/)
})

it('prints ASCII where the locale has nothing else, but JSON as it is', async () => {
  const cwd = testFolder()
  writeFileSync(join(cwd, 'line.yaml'), SCENARIO.replace('name: line', 'name: line\ndescription: 1 µs – 2 µs'))
  const env = { LC_ALL: 'C' }
  const { stdout } = await meshbench(['plan', 'line.yaml'], { cwd, env })
  expect(stdout).toContain(' -> ')
  expect(stdout).toMatch(/^[\t\n\x20-\x7e]+$/)
  const document = await meshbench(['plan', 'line.yaml', '--json'], { cwd, env })
  expect(JSON.parse(document.stdout).plan.scenario.description).toBe('1 µs – 2 µs')
})
