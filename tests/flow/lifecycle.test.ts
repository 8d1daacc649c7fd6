import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Analysis } from '../../src/model/analysis.ts'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

/** True effects: two seconds of errors; four seconds without an answer; slow to the end of the window; nothing. */
const SCENARIO = `
name: flow
platform: simulated
blocks: 4
arms:
  - none
  - { name: none-again, mesh: none }
  - { name: failing, mesh: linkerd }
  - { name: pausing, mesh: istio-sidecar }
  - { name: slow, mesh: istio-ambient }
loads:
  - { name: rollout, operation: server-rollout, operationAt: 6s, rate: 50/s, connections: 8, warmup: 0s, duration: 24s }
  - { name: killed, operation: proxy-killed, operationAt: 6s, rate: 50/s, connections: 8, warmup: 0s, duration: 24s }
simulation:
  latency: 12ms
  effects:
    failing: { operation: { errors: 2s } }
    pausing: { operation: { pause: 4s } }
    slow: { operation: { slow: 1m } }
`

function project(scenario = SCENARIO): string {
  const cwd = testFolder()
  writeFileSync(join(cwd, 'flow.yaml'), scenario)
  return cwd
}

describe('a run with operations', () => {
  it('finds the true errors, late requests and times until normal, and ranks no latencies', async () => {
    const cwd = project()
    const { code, stdout } = await meshbench(['run', 'flow.yaml', '--json'], { cwd })
    expect(code).toBe(0)
    const { cells, rankings, trials, missing, problems } = (JSON.parse(stdout) as { analysis: Analysis }).analysis
    expect(missing).toEqual([])
    expect(trials.filter(({ status }) => status !== 'valid')).toEqual([])
    expect(problems.filter(({ severity }) => severity === 'invalid')).toEqual([])
    expect(rankings).toEqual([])
    expect(cells.every(({ metric }) => metric.startsWith('operation-'))).toBe(true)
    const mean = (arm: string, metric: string, load = 'rollout') =>
      cells.find((one) => one.arm === arm && one.load === load && one.metric === `operation-${metric}`)?.estimate
        ?.center
    expect(mean('none', 'errors')).toBe(0)
    expect(mean('none', 'recovery')).toBe(0)
    expect(mean('failing', 'errors')).toBeGreaterThanOrEqual(98)
    expect(mean('failing', 'errors')).toBeLessThanOrEqual(101)
    expect(mean('failing', 'late')).toBe(0)
    expect(mean('failing', 'recovery')).toBe(2)
    // Of four seconds at 50/s those that were due in the first three wait for more than one; then the queue drains.
    expect(mean('pausing', 'late')).toBeGreaterThanOrEqual(150)
    expect(mean('pausing', 'late')).toBeLessThanOrEqual(165)
    expect(mean('pausing', 'errors')).toBe(0)
    expect(mean('pausing', 'recovery')).toBeGreaterThanOrEqual(4)
    expect(mean('pausing', 'recovery')).toBeLessThanOrEqual(5)
    // A bound is no number.
    expect(mean('slow', 'recovery')).toBeUndefined()
    const difference = cells.find(({ arm, load, metric }) => {
      return arm === 'failing' && load === 'rollout' && metric === 'operation-errors'
    })?.difference
    expect(difference?.lo).toBeGreaterThan(90)
    const [id] = readdirSync(join(cwd, 'results'))
    const page = readFileSync(join(cwd, 'results', id as string, 'report.html'), 'utf8')
    expect(page).toContain('<h2 id="lifecycle">')
    expect(page).toContain('data-chart="operation-0"')
    expect(page).not.toContain('id="differences"')
    expect(page).toContain('more than 18 s in 4 of 4 trials')
    const summary = readFileSync(join(cwd, 'results', id as string, 'summary.md'), 'utf8')
    expect(summary).toContain('| pausing | 0 | ')
  })

  it('leaves out arms that cannot have an operation, with the reason', async () => {
    const cwd = project()
    const { stdout } = await meshbench(['plan', 'flow.yaml'], { cwd })
    expect(stdout).toMatch(/killed +none +there is no mesh/)
    const { stdout: json } = await meshbench(['plan', 'flow.yaml', '--json'], { cwd })
    expect(json).not.toContain('-none-killed"')
  })

  it('goes on where it was broken off, and is not compared by its latencies', async () => {
    const cwd = project(SCENARIO.replace('blocks: 4', 'blocks: 1'))
    await meshbench(['run', 'flow.yaml'], { cwd })
    const [id] = readdirSync(join(cwd, 'results')) as [string]
    const again = await meshbench(['run', '--resume', id], { cwd })
    expect(again.code).toBe(0)
    expect(readdirSync(join(cwd, 'results', id, 'trials'))).toHaveLength(8)
    const { code, stderr } = await meshbench(['compare', id, id], { cwd })
    expect(code).not.toBe(0)
    expect(stderr).toContain('had operations')
  })
})
