import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Analysis, Cell } from '../../src/model/analysis.ts'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

/** True costs: retries a fifth of the latency, and half of the CPU; timeouts nothing. The second mesh is much slower by itself. */
const SCENARIO = `
name: cost
platform: simulated
blocks: 6
arms:
  - istio-sidecar
  - { name: istio-sidecar-again, mesh: istio-sidecar }
  - { name: i-retries, mesh: istio-sidecar, feature: retries }
  - { name: i-circuit-breaking, mesh: istio-sidecar, feature: circuit-breaking }
  - linkerd
  - { name: l-retries, mesh: linkerd, feature: retries }
loads: [{ name: http, rate: 200/s, connections: 4, warmup: 0s, duration: 6s }]
simulation:
  noise: { trial: 0.01, block: 0.05, cohort: 0 }
  effects:
    i-retries: { latency: 1.2, cpu: 1.5 }
    linkerd: { latency: 3 }
    l-retries: { latency: 3.3 }
`

function project(): string {
  const cwd = testFolder()
  writeFileSync(join(cwd, 'cost.yaml'), SCENARIO)
  return cwd
}

describe('meshbench features --cost', () => {
  it('finds the true cost of a feature on its own mesh, and none of equal arms', async () => {
    const cwd = project()
    const { code, stdout, stderr } = await meshbench(['features', 'cost.yaml', '--cost', '--json'], { cwd })
    expect(code, stderr).toBe(0)
    const { featureCosts = [], trials, cells: all } = (JSON.parse(stdout) as { analysis: Analysis }).analysis
    expect(trials.filter(({ status }) => status !== 'valid')).toEqual([])
    expect(featureCosts.map(({ without, arms }) => [without, arms.map(({ feature }) => feature)])).toEqual([
      ['istio-sidecar', [undefined, 'retries', 'circuit-breaking']],
      ['linkerd', ['retries']],
    ])
    const cells = featureCosts.flatMap((costs) => costs.cells)
    const ratio = (arm: string, metric: string) => {
      const { lo = Number.NaN, hi = Number.NaN } =
        (cells.find((cell) => cell.arm === arm && cell.metric === metric) as Cell).ratio ?? {}
      return { lo, hi, holds: (truth: number) => lo <= truth && truth <= hi }
    }
    for (const metric of ['p50', 'p99']) {
      expect(ratio('i-retries', metric).holds(1.2)).toBe(true)
      expect(ratio('i-retries', metric).lo).toBeGreaterThan(1)
      // By the mesh itself it would be 3.3.
      expect(ratio('l-retries', metric).holds(1.1)).toBe(true)
      for (const equal of ['istio-sidecar-again', 'i-circuit-breaking'])
        expect(ratio(equal, metric).holds(1)).toBe(true)
    }
    expect(ratio('i-retries', 'proxy-cores').lo).toBeGreaterThan(1)
    const level = (those: readonly Cell[], metric: string) =>
      those.find((cell) => cell.arm === 'istio-sidecar' && cell.metric === metric)?.estimate?.center
    // The simulated mesh has no control plane: cores at a thousand requests a second are a thousandth of CPU-seconds of a million.
    expect(level(cells, 'proxy-cores')).toBeCloseTo((level(all, 'mesh-cpu') ?? 0) / 1000, 9)
    for (const equal of ['istio-sidecar-again', 'i-circuit-breaking'])
      expect(ratio(equal, 'proxy-cores').holds(1)).toBe(true)
  })

  it('prints a table for each mesh, and writes it into the page and the summary', async () => {
    const cwd = project()
    const { stdout } = await meshbench(['features', 'cost.yaml', '--cost', '--blocks', '3'], { cwd })
    expect(stdout).toContain('What features cost on istio-sidecar')
    expect(stdout).toMatch(/^istio-sidecar-again \(A\/A\)/m)
    expect(stdout).toMatch(/^retries +\+[\d.]+ µs \(\+\d+ %\)/m)
    const read = (name: string) => readFileSync(globSync(join(cwd, 'results', '*', name))[0] ?? '', 'utf8')
    expect(read('report.html')).toContain('<h2 id="feature-cost">What features cost</h2>')
    expect(read('summary.md')).toContain('What features of istio-sidecar cost under http')
    const [trial = ''] = globSync(join(cwd, 'results', '*', 'trials', '*i-retries*'))
    expect(readFileSync(trial, 'utf8')).toContain('"name":"feature","holds":true')
  })

  it('a trial in which the feature was not in force is not used', async () => {
    const cwd = testFolder()
    writeFileSync(join(cwd, 'cost.yaml'), `${SCENARIO}  faults: [{ kind: bypass, arm: i-retries }]\n`)
    const { stdout } = await meshbench(['features', 'cost.yaml', '--cost', '--blocks', '3', '--json'], { cwd })
    const { trials } = (JSON.parse(stdout) as { analysis: Analysis }).analysis
    const invalid = trials.filter(({ status }) => status === 'invalid')
    expect(new Set(invalid.map(({ result }) => result.trial.arm))).toEqual(new Set(['i-retries']))
    expect(invalid[0]?.problems.map(({ cause }) => cause).join()).toContain('The check of feature failed')
  })

  it('makes arms of the meshes and features that are named, and says what it leaves out', async () => {
    const args = ['--cost', '--arms', 'istio-sidecar,istio-ambient', '--probes', 'retries', '--blocks', '1', '--json']
    const { stdout, stderr } = await meshbench(['features', 'cost.yaml', ...args], { cwd: project() })
    const { record } = (JSON.parse(stdout) as { analysis: Analysis }).analysis
    expect(record.run.plan.scenario.arms.map(({ name }) => name)).toEqual([
      'istio-sidecar',
      'istio-sidecar-again',
      'istio-sidecar-retries',
    ])
    expect(stderr).toContain('left out: retries on istio-ambient. A ztunnel works at layer 4')
  })

  it('goes on where it was interrupted', async () => {
    const cwd = project()
    const stopped = await meshbench(['features', 'cost.yaml', '--cost'], { cwd, abortOn: 'block 3' })
    expect(stopped.code).toBe(130)
    const [, id = ''] = /--resume (\S+)/.exec(stopped.stderr) ?? []
    const { code, stdout, stderr } = await meshbench(['features', '--cost', '--resume', id], { cwd })
    expect(code, stderr).toBe(0)
    expect(stdout).toContain('36 of 36 trials valid')
  })

  it('is what --blocks, --rate and --duration are for, and has no expectations of verdicts', async () => {
    const cwd = project()
    expect((await meshbench(['features', 'cost.yaml', '--blocks', '3'], { cwd })).code).toBe(2)
    expect((await meshbench(['features', 'cost.yaml', '--cost', '--expect', 'x.json'], { cwd })).code).toBe(2)
  })
})
