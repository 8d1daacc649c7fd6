import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeHistogram } from '../../src/loads/histogram.ts'
import { sharedFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const TEXT = `
name: generators
platform: simulated
blocks: 4
generators: 4
arms:
  - none
  - { name: none-again, mesh: none }
  - istio-sidecar
loads:
  - { name: fortio, rate: 1000/s, connections: 18, duration: 4s }
  - { name: k6, tool: k6, rate: 700/s, connections: 20, duration: 4s }
simulation:
  noise: { trial: 0, block: 0, cohort: 0 }
  faults:
    - { kind: generator-killed, arm: istio-sidecar, blocks: [1] }
    - { kind: generator-late, arm: istio-sidecar, blocks: [2] }
    - { kind: generator-clock, arm: istio-sidecar, blocks: [3] }
`

interface Shown {
  readonly status: string
  readonly problems: readonly { readonly rule: string; readonly cause: string }[]
  readonly result: {
    readonly trial: { readonly id: string; readonly arm: string; readonly block: number; readonly load: string }
  }
}

const runIn = (cwd: string) => join(cwd, 'results', readdirSync(join(cwd, 'results'))[0] ?? '')

async function runOf(text: string) {
  const cwd = sharedFolder()
  writeFileSync(join(cwd, 'my.yaml'), text)
  const ended = await meshbench(['run', 'my.yaml', '--json'], { cwd })
  expect(ended.code, ended.stderr).not.toBe(2)
  return { cwd, document: JSON.parse(ended.stdout) as { readonly analysis: { readonly trials: readonly Shown[] } } }
}

describe('several load generators', () => {
  let cwd: string
  let trials: readonly Shown[]

  beforeAll(async () => {
    const run = await runOf(TEXT)
    cwd = run.cwd
    trials = run.document.analysis.trials
  })

  const of = (arm: string, block: number, load: string) =>
    trials.find(({ result: { trial } }) => trial.arm === arm && trial.block === block && trial.load === load) as Shown
  const readingOf = (folder: string, id: string) =>
    JSON.parse(readFileSync(join(runIn(folder), 'trials', `${id}.json`), 'utf8')).outcome.reading

  it.each(['fortio', 'k6'])('are valid where nothing is wrong with them: %s', (load) => {
    for (const arm of ['none', 'none-again', 'istio-sidecar']) expect(of(arm, 4, load).status, arm).toBe('valid')
  })

  it.each([
    ['fortio', 1],
    ['k6', 1],
  ])('fail the trial with the name of the one that dies: %s', (load, block) => {
    const { status, problems } = of('istio-sidecar', block, load)
    expect(status).toBe('failed')
    expect(problems[0]?.cause).toMatch(/load generator client-3 on node node-3 ended before its window did/)
  })

  it.each([
    ['fortio', 2, /overlapped by 50 %: client-3 began 2 s late/],
    ['k6', 2, /overlapped by [\d.]+ %: client-3 began 2 s late/],
    ['fortio', 3, /The clock of client-3 is 3 s ahead/],
    ['k6', 3, /The clock of client-3 is 3 s ahead/],
  ])('make the trial invalid with its reason: %s in block %i', (load, block, reason) => {
    const { status, problems } = of('istio-sidecar', block, load)
    expect(status).toBe('invalid')
    expect(problems.find(({ rule }) => rule === 'generators-apart')?.cause).toMatch(reason)
  })

  it('send together what one sends alone, with the same latencies', async () => {
    const alone = await runOf(TEXT.replace('generators: 4', 'generators: 1'))
    for (const load of ['fortio', 'k6']) {
      const id = of('none', 4, load).result.trial.id
      const [four, one] = [readingOf(cwd, id), readingOf(alone.cwd, id)]
      expect(four.generators.each, load).toHaveLength(4)
      expect(one.generators, load).toBeUndefined()
      const counts = four.generators.each.map(({ requests }: { requests: number }) => requests)
      expect(
        counts.reduce((all: number, each: number) => all + each, 0),
        load,
      ).toBe(four.requests)
      expect(four.planned, load).toBe(one.planned)
      expect(four.requests, load).toBe(one.requests)
      expect(four.generator.connections, load).toBe(one.generator.connections)
      expect(decodeHistogram(four.latency.response).count, load).toBe(four.requests)
      for (const quantile of ['p50', 'p99']) {
        const ratio = four.latency.summary.response[quantile] / one.latency.summary.response[quantile]
        expect(ratio, `${load} ${quantile}`).toBeGreaterThan(0.9)
        expect(ratio, `${load} ${quantile}`).toBeLessThan(1.1)
      }
      expect(four.observation.evidence, load).toContainEqual(
        expect.objectContaining({ name: 'generators', seen: '4 on 4 nodes' }),
      )
    }
  })

  it('are stated by the plan and by the report', async () => {
    const plan = await meshbench(['plan', 'my.yaml'], { cwd })
    expect(plan.stdout).toMatch(/18 connections from 4 load generators/)
    expect(readFileSync(join(runIn(cwd), 'report.html'), 'utf8')).toMatch(/4 load generators/)
  })
})
