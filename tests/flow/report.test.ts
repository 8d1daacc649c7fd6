import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { sharedFolder, testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const SCENARIO = `
name: flow
platform: simulated
blocks: 2
arms: [none, { name: none-again, mesh: none }, envoy-sidecar]
loads:
  - { name: slow, tool: fortio, rate: 100/s, connections: 4, warmup: 1s, duration: 12s }
gate: { reference: { envoy-sidecar: none }, metrics: [p50] }
simulation:
  latency: 5ms
  effects: { envoy-sidecar: { latency: 1.6 } }
`
const DOCS = readFileSync(resolve(import.meta.dirname, '../../docs/json.md'), 'utf8')

let made = ''

beforeAll(async () => {
  made = sharedFolder()
  writeFileSync(join(made, 'flow.yaml'), SCENARIO)
  await meshbench(['run', 'flow.yaml'], { cwd: made })
  await meshbench(['history', 'add'], { cwd: made })
  await meshbench(['run', 'flow.yaml', '--seed', '2'], { cwd: made })
})

/** Two runs, of which the history has the first. */
function project() {
  const cwd = testFolder()
  cpSync(made, cwd, { recursive: true, preserveTimestamps: true })
  const runs = readdirSync(join(cwd, 'results'))
  const startOf = (run: string) => JSON.parse(read(cwd, 'results', run, 'run.json')).startedAt as string
  const [older, newer] = runs.toSorted((a, b) => (startOf(a) < startOf(b) ? -1 : 1)) as [string, string]
  return { cwd, older, newer }
}

const read = (...parts: string[]) => readFileSync(join(...parts), 'utf8')

/** Every file with the time of its last change, to the microsecond. */
function stamps(dir: string): Record<string, number> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(dir, name)).isFile(),
  )
  return Object.fromEntries(files.sort().map((name) => [name, statSync(join(dir, name)).mtimeMs]))
}

async function json(args: readonly string[], cwd: string) {
  const { code, stdout, stderr } = await meshbench([...args, '--json'], { cwd })
  const document = JSON.parse(stdout)
  for (const key of Object.keys(document)) expect(DOCS).toContain(`\`${key}\``)
  return { code, stderr, document }
}

describe('report', () => {
  it('writes the page and its summary, and prints where the page is', async () => {
    const { cwd, newer } = project()
    const dir = join(cwd, 'results', newer)
    for (const name of ['report.html', 'summary.md']) rmSync(join(dir, name))
    const { code, stdout, stderr } = await meshbench(['report', newer], { cwd })
    expect(code).toBe(0)
    expect(stdout).toBe(`${join(dir, 'report.html')}\n`)
    expect(stderr).toContain(`summary: ${join(dir, 'summary.md')}`)
    expect(read(dir, 'summary.md')).toContain('[Full report](report.html)')
    const { document } = await json(['report', newer], cwd)
    expect(document).toMatchObject({ schema: 1, command: 'report', report: join(dir, 'report.html') })
    expect(document.summary).toBe(join(dir, 'summary.md'))
    expect(document.analysis.trials).toHaveLength(6)
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([])
  })

  it('names the summary like the page, and replaces no file that is another’s', async () => {
    const { cwd } = project()
    writeFileSync(join(cwd, 'README.md'), 'mine')
    expect((await meshbench(['report', '--output', 'README.html'], { cwd })).code).toBe(0)
    expect(read(cwd, 'README.md')).toBe('mine')
    expect(read(cwd, 'README.summary.md')).toContain('[Full report](README.html)')
  })

  it('replaces nothing but pages, whatever names meshbench at its beginning', async () => {
    const { cwd, newer } = project()
    const history = read(cwd, 'history/history.jsonl')
    writeFileSync(join(cwd, 'notes.md'), '# Notes on meshbench\n')
    mkdirSync(join(cwd, 'site'))
    writeFileSync(join(cwd, 'site/history.html'), '<title>mine</title>')
    for (const args of [
      ['report', '--output', 'history/history.jsonl'],
      ['report', '--output', 'notes.md'],
      ['compare', `${newer}:none`, `${newer}:envoy-sidecar`, '--html', 'history/history.jsonl'],
      ['report', '--site', 'site'],
    ]) {
      const { code, stderr } = await meshbench(args, { cwd })
      expect({ args, code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(/Name an/) })
    }
    expect(read(cwd, 'history/history.jsonl')).toBe(history)
    expect(read(cwd, 'notes.md')).toBe('# Notes on meshbench\n')
    expect(read(cwd, 'site/history.html')).toBe('<title>mine</title>')
  })

  it('writes charts as pictures, all or those that are named', async () => {
    const { cwd, newer } = project()
    const { document } = await json(['report', newer, '--charts'], cwd)
    const files: string[] = document.charts
    expect(files.length).toBeGreaterThan(8)
    expect(files.filter((file) => file.endsWith('.svg')).map((file) => file.replace(/svg$/, 'png'))).toEqual(
      files.filter((file) => file.endsWith('.png')),
    )
    expect(files).toContain(join(cwd, 'results', newer, 'charts', 'cpu-0.svg'))
    for (const file of files) expect(statSync(file).size).toBeGreaterThan(1000)
    const picked = ['report', '--chart', 'cpu-0', '--chart', 'memory-0', '--charts', 'pics', '--dark']
    expect((await meshbench(picked, { cwd })).code).toBe(0)
    const names = ['cpu-0-dark.png', 'cpu-0-dark.svg', 'memory-0-dark.png', 'memory-0-dark.svg']
    expect(readdirSync(join(cwd, 'pics')).sort()).toEqual(names)
  })

  it.each([
    [['--chart', 'cpu-9'], 'Did you mean "cpu-0"?'],
    [['--dark'], 'Add --charts'],
    [['--site', 'site', '--charts'], '--site and --charts exclude each other'],
    [['--site', 'site', '--output', 'x.html'], '--site and --output exclude each other'],
    [['--folder', 'a', '--branch', 'b'], '--folder and --branch exclude each other'],
    [['--chrts'], '--charts'],
  ])('refuses %j, and says what to do', async (args, said) => {
    const { cwd } = project()
    const { code, stderr } = await meshbench(['report', ...args], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain(said)
    expect(existsSync(join(cwd, 'site'))).toBe(false)
  })

  it('notices a run that stands where a folder is expected', async () => {
    const { cwd, older } = project()
    const { code, stderr } = await meshbench(['report', '--charts', older], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain(`meshbench report ${older} --charts`)
  })

  it('shows the history that ends in the run, also right after the run', async () => {
    const { cwd, older, newer } = project()
    expect(read(cwd, 'results', newer, 'report.html')).toContain('<h2 id="history"')
    expect(read(cwd, 'results', older, 'report.html')).not.toContain('<h2 id="history"')
    await meshbench(['report', older], { cwd })
    expect(read(cwd, 'results', older, 'report.html')).not.toContain('<h2 id="history"')
    await meshbench(['report', newer, '--folder', 'elsewhere'], { cwd })
    expect(read(cwd, 'results', newer, 'report.html')).not.toContain('<h2 id="history"')
  })

  it('goes without a history that cannot be trusted, and says so', async () => {
    const { cwd, newer } = project()
    const file = join(cwd, 'history/history.jsonl')
    writeFileSync(file, readFileSync(file, 'utf8').replace('"validTrials":2', '"validTrials":1'))
    const { code, stderr } = await meshbench(['report', newer], { cwd })
    expect(code).toBe(0)
    expect(stderr).toContain('the report has no history: line 1')
    expect(read(cwd, 'results', newer, 'report.html')).not.toContain('<h2 id="history"')
  })
})

it('does not rewrite the page of an example that git tracks, unless it is named', async () => {
  const { cwd, older, newer } = project()
  rmSync(join(cwd, 'results', newer), { recursive: true })
  renameSync(join(cwd, 'results', older), join(cwd, 'results/example'))
  const before = read(cwd, 'results/example/report.html')
  for (const args of [
    ['init', '--quiet'],
    ['add', '--force', 'results/example/run.json'],
  ])
    execFileSync('git', args, { cwd })
  const { code, stderr } = await meshbench(['report'], { cwd })
  expect(code).toBe(2)
  expect(stderr).toContain('meshbench report example')
  expect(read(cwd, 'results/example/report.html')).toBe(before)
  expect((await meshbench(['report', '--output', 'page.html'], { cwd })).code).toBe(0)
  expect((await meshbench(['report', 'example'], { cwd })).code).toBe(0)
})

describe('report --site', () => {
  it('renders every run that can be read, and writes nothing the second time', async () => {
    const { cwd, older, newer } = project()
    mkdirSync(join(cwd, 'results/broken/trials'), { recursive: true })
    mkdirSync(join(cwd, 'results/torn'))
    writeFileSync(join(cwd, 'results/torn/run.json'), '{"schema":1')
    const { code, stderr, document } = await json(['report', '--site', 'site'], cwd)
    expect(code).toBe(0)
    const { site } = document
    expect(site.written.toSorted()).toEqual([newer, older].toSorted())
    expect(site.unreadable.map(({ run }: { run: string }) => run)).toEqual(['broken', 'torn'])
    expect(stderr).toContain('torn could not be read: run.json cannot be used: not JSON')
    const index = read(site.index)
    for (const run of [newer, older]) {
      expect(index).toContain(`href="${run}/report.html"`)
      expect(read(cwd, 'site', run, 'report.html')).toContain('envoy-sidecar')
      expect(existsSync(join(cwd, 'site', run, 'summary.md'))).toBe(true)
    }
    expect(index.indexOf(newer)).toBeLessThan(index.indexOf(older))
    expect(index).toMatch(/<span class="verdict (regression|inconclusive|pass|invalid)">/)
    expect(index).toContain('run.json cannot be used')
    expect(index).not.toContain(cwd)
    expect(read(site.history)).toContain('1 run')
    const before = stamps(join(cwd, 'site'))
    expect(Object.keys(before)).toHaveLength(2 * 3 + 2)
    const again = await json(['report', '--site', 'site'], cwd)
    expect(again.document.site).toMatchObject({ written: [], kept: 2 })
    expect(stamps(join(cwd, 'site'))).toEqual(before)
  })

  it('makes anew what has other data, and nothing else', async () => {
    const { cwd, older, newer } = project()
    await meshbench(['report', '--site', 'site'], { cwd })
    const before = stamps(join(cwd, 'site'))
    const trials = join(cwd, 'results', older, 'trials')
    rmSync(join(trials, readdirSync(trials)[0] as string))
    const { document } = await json(['report', '--site', 'site'], cwd)
    expect(document.site.written).toEqual([older])
    const after = stamps(join(cwd, 'site'))
    expect(after[`${newer}/report.html`]).toBe(before[`${newer}/report.html`])
    expect(read(cwd, 'site/index.html')).toContain('5 of 6 trials valid: 1 not run')
  })

  it('keeps what it has when results are gone or spoilt, and draws the history of all', async () => {
    const { cwd, older, newer } = project()
    rmSync(join(cwd, 'history'), { recursive: true })
    await meshbench(['report', '--site', 'site'], { cwd })
    const history = read(cwd, 'site/history.html')
    expect(history).toContain('2 runs.')
    rmSync(join(cwd, 'results', older), { recursive: true })
    writeFileSync(join(cwd, 'results', newer, 'run.json'), 'spoilt')
    const { code, document } = await json(['report', '--site', 'site'], cwd)
    expect(code).toBe(0)
    expect(document.site.unreadable).toHaveLength(1)
    const index = read(cwd, 'site/index.html')
    for (const run of [older, newer]) expect(index).toContain(`href="${run}/report.html"`)
    expect(index).toContain('Unreadable folders')
    expect(read(cwd, 'site/history.html')).toBe(history)
  })

  it('is made without a run only where it has some already, and never over the page of somebody else', async () => {
    const { cwd } = project()
    const none = await meshbench(['report', '--site', 'site', '--results', 'nothing'], { cwd })
    expect(none.code).toBe(2)
    expect(none.stderr).toContain('there is no run to publish')
    mkdirSync(join(cwd, 'web'))
    writeFileSync(join(cwd, 'web/index.html'), 'mine')
    const foreign = await meshbench(['report', '--site', 'web'], { cwd })
    expect(foreign.code).toBe(2)
    expect(foreign.stderr).toContain('is not a page of meshbench')
    expect(readdirSync(join(cwd, 'web'))).toEqual(['index.html'])
  })
})

describe('an output', () => {
  it.each([
    ['run.json', (run: string) => ['report', run, '--output', join('results', run, 'run.json')]],
    ['a trial', (run: string) => ['report', run, '--output', join('results', run, 'trials', 'c1-b01-none-slow.json')]],
    ['raw output', (run: string) => ['report', run, '--charts', join('results', run, 'raw')]],
    ['events', (run: string) => ['gate', run, '--junit', join('results', run, 'events.jsonl')]],
    ['trials, by the gate', (run: string) => ['gate', run, '--markdown', join('results', run, 'trials', 'x.md')]],
    [
      'run.json, as a reference',
      (run: string) => [...['gate', 'accept', run, '--reason', 'test', '--output', join('results', run, 'run.json')]],
    ],
  ])('never replaces a file of a run: %s', async (_, argsOf) => {
    const { cwd, newer } = project()
    const before = stamps(join(cwd, 'results', newer))
    const { code, stderr } = await meshbench(argsOf(newer), { cwd })
    expect(stderr).toContain('never replaced')
    expect(code).toBe(2)
    expect(stamps(join(cwd, 'results', newer))).toEqual(before)
  })

  it('replaces a page that it wrote, and no other file', async () => {
    const { cwd } = project()
    writeFileSync(join(cwd, 'notes.html'), 'my notes')
    const refused = await meshbench(['report', '--output', 'notes.html'], { cwd })
    expect(refused.code).toBe(2)
    expect(read(cwd, 'notes.html')).toBe('my notes')
    // A device without an end is not read.
    expect((await meshbench(['report', '--output', '/dev/zero'], { cwd })).code).toBe(2)
    for (let time = 0; time < 2; time++) {
      expect((await meshbench(['report', '--output', 'page.html'], { cwd })).code).toBe(0)
    }
  })
})
