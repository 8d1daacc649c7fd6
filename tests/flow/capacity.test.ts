import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../src/model/analysis.ts'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const SCENARIO = `
name: flow
platform: simulated
blocks: 4
arms: [none, { name: none-again, mesh: none }, envoy-sidecar]
loads:
  - name: capacity
    capacity: { p99: 40ms, min: 50/s, max: 1000/s }
    connections: 4
    warmup: 1s
    duration: 4s
simulation:
  latency: 10ms
  effects: { envoy-sidecar: { latency: 1.5 } }
  noise: { cohort: 0 }
`

function project(scenario = SCENARIO): string {
  const cwd = testFolder()
  writeFileSync(join(cwd, 'flow.yaml'), scenario)
  return cwd
}

function runIn(cwd: string): string {
  const [id] = readdirSync(join(cwd, 'results'))
  return join(cwd, 'results', id as string)
}

const trialsIn = (run: string) => readdirSync(join(run, 'trials')).sort()

function analysisOf(stdout: string): Analysis {
  return (JSON.parse(stdout) as { analysis: Analysis }).analysis
}

/** By the D/G/1 queues of four connections: see bench/capacity/truth.ts. */
const TRUE = { none: 352.5, ratio: 1 / 1.5 }

describe('a run that searches capacities', () => {
  it('finds the true capacities, and says them on the terminal, in JSON, on the page and in the summary', async () => {
    const cwd = project()
    const { code, stdout } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
    expect(code).toBe(0)
    const { cells, capacities, problems, missing } = analysisOf(stdout)
    expect(missing).toEqual([])
    expect(problems.filter(({ severity }) => severity === 'invalid')).toEqual([])
    const cellOf = (arm: string, metric: string) => cells.find((one) => one.arm === arm && one.metric === metric)
    const base = cellOf('none', 'capacity')?.estimate
    expect(base?.n).toBe(4)
    expect(Math.abs(Math.log((base?.center ?? 0) / TRUE.none))).toBeLessThan(0.15)
    expect(cellOf('envoy-sidecar', 'capacity')?.standing).toBe('lower')
    const ratio = cellOf('envoy-sidecar', 'capacity')?.ratio
    expect(ratio?.lo).toBeLessThan(TRUE.ratio)
    expect(ratio?.center).toBeGreaterThan(TRUE.ratio * 0.85)
    expect(ratio?.hi).toBeLessThan(1)
    expect(cellOf('envoy-sidecar', 'capacity-cores')?.estimate?.center).toBeGreaterThan(0)
    // No metric of loads at one rate: a search has many.
    expect(new Set(cells.map(({ metric }) => metric))).toEqual(
      new Set(['capacity', 'capacity-throughput', 'capacity-cores']),
    )
    const searches = capacities[0]?.searches ?? []
    expect(searches).toHaveLength(12)
    for (const { lower = 0, upper = 0, ended, trials, throughput = 0 } of searches) {
      expect(ended).toBe('width')
      expect(upper / lower).toBeLessThanOrEqual(1.0501)
      expect(throughput).toBeLessThanOrEqual(lower * 1.01)
      expect(trials.length).toBeLessThan(20)
    }
    const run = runIn(cwd)
    expect(trialsIn(run)).toHaveLength(searches.reduce((sum, { trials }) => sum + trials.length, 0))
    const page = readFileSync(join(run, 'report.html'), 'utf8')
    expect(page).toContain('<h2 id="capacity">')
    expect(page).toContain('data-chart="capacity-p99-0"')
    expect(page).not.toContain('id="costs"')
    expect(readFileSync(join(run, 'summary.md'), 'utf8')).toContain('mesh cores there')
    const table = await meshbench(['report', '--export', 'csv'], { cwd })
    expect(table.code).toBe(0)
    expect(readFileSync(join(run, 'figures.csv'), 'utf8')).toContain('capacity')
  })

  it('goes on where it was broken off, and comes to the same end', async () => {
    const cwd = project(SCENARIO.replace('blocks: 4', 'blocks: 2'))
    const whole = analysisOf((await meshbench(['run', 'flow.yaml', '--json'], { cwd })).stdout)
    const run = runIn(cwd)
    const all = trialsIn(run)
    const kept = all.filter((name) => name.startsWith('c1-b01') || name === 'c1-b02-none-capacity_01.json')
    for (const name of all) if (!kept.includes(name)) rmSync(join(run, 'trials', name))
    for (const name of readdirSync(join(run, 'raw'))) {
      if (!kept.some((trial) => name.startsWith(trial.replace('json', '')))) rmSync(join(run, 'raw', name))
    }
    const journal = join(run, 'events.jsonl')
    writeFileSync(
      journal,
      readFileSync(journal, 'utf8')
        .split('\n')
        .filter((line) => !line.includes('"done"'))
        .join('\n'),
    )
    const partial = analysisOf((await meshbench(['report', '--json'], { cwd })).stdout)
    expect(partial.missing).toHaveLength(3)
    const { code, stdout } = await meshbench(['run', '--resume', '--json'], { cwd })
    expect(code).toBe(0)
    const resumed = analysisOf(stdout)
    expect(trialsIn(run)).toEqual(all)
    expect(resumed.capacities).toEqual(whole.capacities)
    expect(resumed.cells).toEqual(whole.cells)
  })

  it('says what it found where an arm misses the goal at every rate, or cannot be raised', async () => {
    const faults = 'faults: [{ kind: errors, arm: envoy-sidecar }, { kind: raise, arm: none-again, blocks: [2] }]'
    const cwd = project(SCENARIO.replace('latency: 10ms', `latency: 10ms\n  ${faults}`))
    const { stdout } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
    const { capacities, cells, problems, missing } = analysisOf(stdout)
    const endings = (arm: string) => capacities[0]?.searches.filter((one) => one.arm === arm).map(({ ended }) => ended)
    expect(endings('envoy-sidecar')).toEqual(['below-min', 'below-min', 'below-min', 'below-min'])
    expect(endings('none-again')).toEqual(['width', 'failed', 'width', 'width'])
    expect(missing).toEqual([])
    expect(cells.find(({ arm, metric }) => arm === 'envoy-sidecar' && metric === 'capacity')?.standing).toBe('no-data')
    const found = problems.filter(({ rule }) => rule === 'capacity-unknown')
    expect(found.map(({ arm, severity }) => [arm, severity])).toEqual([
      ['none-again', 'warning'],
      ['envoy-sidecar', 'invalid'],
    ])
  })

  it('tries an arm that broke once more, and then gives its search up', async () => {
    const cwd = project(
      SCENARIO.replace(
        'latency: 10ms',
        'latency: 10ms\n  faults: [{ kind: trial, arm: none-again, blocks: [1] }]',
      ).replace('blocks: 4', 'blocks: 2'),
    )
    const { stdout } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
    const { searches = [] } = analysisOf(stdout).capacities[0] ?? {}
    const broken = searches.find(({ arm, block }) => arm === 'none-again' && block === 1)
    expect(broken?.ended).toBe('failed')
    expect(broken?.trials).toHaveLength(2)
    expect(searches.filter(({ ended }) => ended === 'width')).toHaveLength(5)
  })

  it('is refused by what reads figures at given rates', async () => {
    const cwd = project(SCENARIO.replace('blocks: 4', 'blocks: 2'))
    await meshbench(['run', 'flow.yaml'], { cwd })
    for (const argv of [
      ['gate'],
      ['compare', ':none', ':none-again'],
      ['history', 'add'],
      ['gate', 'accept', '--reason', 'x'],
    ]) {
      const { code, stderr } = await meshbench(argv, { cwd })
      expect([argv[0], code]).toEqual([argv[0], 12])
      expect(stderr).toContain('which searched capacities')
    }
  })

  it('measures at one rate where --rate names it', async () => {
    const cwd = project(SCENARIO.replace('blocks: 4', 'blocks: 2'))
    const { stdout } = await meshbench(['run', 'flow.yaml', '--rate', '100/s', '--json'], { cwd })
    const { capacities, cells } = analysisOf(stdout)
    expect(capacities).toEqual([])
    expect(cells.some(({ metric }) => metric === 'p99')).toBe(true)
  })

  it('says beforehand how many searches it plans, and about how long they take', async () => {
    const cwd = project(SCENARIO.replace('platform: simulated', 'platform: local'))
    const { stdout } = await meshbench(['plan', 'flow.yaml', '--json'], { cwd })
    const { description } = JSON.parse(stdout) as { description: { trials: number; time: { seconds: number } } }
    expect(description.trials).toBe(12)
    // Each of twelve searches has several trials of seven seconds and less.
    expect(description.time.seconds).toBeGreaterThan(12 * 3 * 7)
    expect(description.time.seconds).toBeLessThan(12 * 15 * 8)
    const text = await meshbench(['plan', 'flow.yaml'], { cwd })
    expect(text.stdout).toContain('12 searches')
  })

  it.each([
    ['both a rate and a capacity', 'connections: 4', 'connections: 4\n    rate: 100/s', 'not both'],
    ['no range', 'max: 1000/s', 'max: 52/s', 'nothing to search'],
    ['too narrow a width', 'max: 1000/s', 'max: 1000/s, width: 0.1%', 'width of 0.1 %'],
    ['too small a budget', 'max: 1000/s', 'max: 1000/s, budget: 10s', 'too small for a search'],
    ['a rate that is no number', 'max: 1000/s', 'max: max', 'is not a rate'],
    ['a load at a rate beside it', 'simulation:', '  - { rate: 100/s }\nsimulation:', 'either searches capacities'],
    ['a script', 'connections: 4', 'tool: k6\n    script: own.js\n    connections: 4', 'not searched with a script'],
    ['a gate', 'simulation:', 'gate: { reference: "*-ref" }\nsimulation:', 'does not judge capacities'],
  ])('refuses a scenario with %s', async (_, from, to, message) => {
    const cwd = project(SCENARIO.replace(from, to))
    const { code, stderr } = await meshbench(['plan', 'flow.yaml'], { cwd })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
