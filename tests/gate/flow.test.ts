import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { GateCell, GateResult } from '../../src/model/verdict.ts'
import { meshbench } from '../flow/surroundings.ts'
import { type Night, night, withScenario } from './night.ts'

async function verdictOf(of: Night, ...args: string[]): Promise<{ code: number; gate: GateResult }> {
  const { code, stdout } = await of.gate('--json', ...args)
  return { code, ...(JSON.parse(stdout) as { gate: GateResult }) }
}

/** Worse, but not so clearly that the first look finds it. */
const LIKELY = { effect: 1.08, noise: 0.07, seed: 2 }

const cell = ({ cells }: GateResult, metric: string) => cells.find((one) => one.metric.name === metric) as GateCell

describe('meshbench gate', () => {
  it('confirms a regression with fresh blocks only, and only once', async () => {
    const slower = await night(LIKELY)
    const first = await verdictOf(slower)
    expect(first).toMatchObject({ code: 11, gate: { verdict: 'inconclusive', stage: 1 } })
    expect(cell(first.gate, 'p50')).toMatchObject({ suspected: true, needed: { blocks: 20 } })
    expect(first.gate.next).toBe(`meshbench run --extend ${first.gate.run.id}`)

    const { code, stderr } = await meshbench(['run', '--extend'], { cwd: slower.cwd })
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('adding 10 blocks of sidecar against sidecar-ref under web'),
    })
    const trials = readdirSync(join(slower.dir, 'trials'))
    expect(trials).toHaveLength(10 * 3 + 10 * 2)
    expect(trials.filter((name) => name.includes('-none-'))).toHaveLength(10)

    const second = await verdictOf(slower)
    expect(second).toMatchObject({ code: 10, gate: { verdict: 'regression', exit: 10, stage: 2 } })
    const p50 = cell(second.gate, 'p50')
    expect(p50).toMatchObject({ verdict: 'regression', blocks: { valid: 20, planned: 20 } })
    expect(p50.ratio?.lo).toBeGreaterThan(1.02)
    expect(p50.ratio?.hi).toBeLessThan(1.2)
    expect(p50.adjusted?.worse).toBeLessThan(0.01)
    expect(p50.message).toMatch(
      /^p50 latency of sidecar under web is worse: \+\d+(\.\d)? % against sidecar-ref \(95 % interval/,
    )
    expect(p50.reproduce).toContain(
      'meshbench run night.yaml --platform simulated --arms sidecar,sidecar-ref --loads web',
    )
    expect(cell(second.gate, 'mesh-cpu').verdict).toBe('pass')

    const again = await meshbench(['run', '--extend'], { cwd: slower.cwd })
    expect(again).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('is already extended: no blocks are added'),
    })
  })

  it('finds at the first look what needs no more blocks, and asks for none', async () => {
    const slower = await night({ effect: 1.12 })
    const { code, gate } = await verdictOf(slower)
    expect({ code, gate }).toMatchObject({ code: 10, gate: { verdict: 'regression', stage: 1 } })
    expect(cell(gate, 'p50')).toMatchObject({ verdict: 'regression', suspected: false, blocks: { planned: 10 } })
    expect(gate.next).toBeUndefined()
    const { stderr } = await meshbench(['run', '--extend'], { cwd: slower.cwd })
    expect(stderr).toContain('suspects nothing')
  })

  it('measures nothing again that merely looks better', async () => {
    const faster = await night({ effect: 0.92, noise: 0.07, seed: 2 })
    const { code, gate } = await verdictOf(faster)
    expect(cell(gate, 'p50')).toMatchObject({ verdict: 'pass', suspected: false })
    expect(cell(gate, 'p50').p?.better).toBeLessThan(0.05)
    expect(code).toBe(0)
  })

  it('adds nothing where nothing is suspected', async () => {
    const equal = await night()
    const { code, stderr } = await meshbench(['run', '--extend'], { cwd: equal.cwd })
    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('suspects nothing') })
    expect(existsSync(join(equal.dir, 'extension.json'))).toBe(false)
  })

  it('judges nothing by too few blocks, and says how many would do', async () => {
    const few = await verdictOf(await night({ blocks: 4 }))
    expect(few).toMatchObject({ code: 12, gate: { verdict: 'invalid', next: 'meshbench run … --blocks 8' } })
    expect(cell(few.gate, 'p50')).toMatchObject({ verdict: 'invalid', rule: 'too-few-blocks', needed: { blocks: 8 } })
  })

  it('says how many blocks would decide what too noisy ones leave open', async () => {
    const { gate: loud } = await verdictOf(await night({ noise: 0.25 }))
    const p50 = cell(loud, 'p50')
    expect(p50.verdict).not.toBe('pass')
    expect(p50.needed?.blocks).toBeGreaterThan(10)
  })

  it('calls a real gain an improvement, and is green', async () => {
    const faster = await night({ effect: 0.85 })
    const limits = faster.write('limits.yaml', 'blocks: { initial: 10, extendTo: 10 }')
    const { code, gate } = await verdictOf(faster, '--limits', limits)
    expect({ code, verdict: gate.verdict, p50: cell(gate, 'p50').verdict }).toEqual({
      code: 0,
      verdict: 'improvement',
      p50: 'improvement',
    })
  })

  it('lets a waiver cover what it names, and says so', async () => {
    const nextMonth = new Date(Date.now() + 30 * 86_400_000).toISOString().slice(0, 10)
    const slower = await night({ effect: 1.12 })
    const waiver = (match: string) => `
blocks: { extendTo: 10 }
waivers: [{ match: "${match}", until: "${nextMonth}", reason: issue 123 }]
`
    const all = await verdictOf(slower, '--limits', slower.write('all.yaml', waiver('sidecar/web/*p*')))
    expect(all).toMatchObject({ code: 0, gate: { verdict: 'pass', waivers: [{ state: 'used' }] } })
    expect(cell(all.gate, 'p50')).toMatchObject({ verdict: 'regression', waived: true })
    const other = await verdictOf(slower, '--limits', slower.write('other.yaml', waiver('sidecar/web/cpu')))
    expect(other).toMatchObject({ code: 10, gate: { waivers: [{ state: 'unused' }] } })
  })

  it('holds budgets against the bound of the interval, by the unit of the metric', async () => {
    const equal = await night()
    const budgets = (p50: string) =>
      equal.write('limits.yaml', `budgets: { "*/web/p50": ${p50}, "sidecar/web/throughput": 150/s }`)
    expect(await verdictOf(equal, '--limits', budgets('20ms'))).toMatchObject({ code: 0, gate: { verdict: 'pass' } })
    const broken = await verdictOf(equal, '--limits', budgets('1.3ms'))
    expect(broken).toMatchObject({ code: 13, gate: { verdict: 'budget' } })
    expect(broken.gate.budgets.filter(({ verdict }) => verdict === 'broken').map(({ arm }) => arm)).toEqual([
      'sidecar',
      'sidecar-ref',
    ])
  })

  it('wants a breach of a pinned reference twice', async () => {
    const before = await night()
    await meshbench(['gate', 'accept', '--reason', 'the release'], { cwd: before.cwd })
    const slower = await night({ effect: 1.12, seed: 2 })
    cpSync(join(before.cwd, 'reference.json'), join(slower.cwd, 'reference.json'))
    const known = 'defaults: { night: { deviation: 1%, runs: 20 } }'
    const equal = await night({ seed: 3 })
    cpSync(join(before.cwd, 'reference.json'), join(equal.cwd, 'reference.json'))
    for (const one of [before, equal, slower]) one.write('limits.yaml', known)
    const pinned = ['--reference', 'reference.json', '--limits', 'limits.yaml']
    expect(await verdictOf(equal, ...pinned)).toMatchObject({ code: 0, gate: { verdict: 'pass', mode: 'pinned' } })
    expect((await verdictOf(before, ...pinned)).gate.findings).toContainEqual(
      expect.objectContaining({ rule: 'same-run' }),
    )
    const first = await slower.gate('--json', ...pinned)
    expect(first.code).toBe(11)
    const { gate } = JSON.parse(first.stdout) as { gate: GateResult }
    expect(cell(gate, 'p50')).toMatchObject({ verdict: 'inconclusive', breach: true })
    const extended = await meshbench(['run', '--extend', ...pinned], { cwd: slower.cwd })
    expect(extended).toMatchObject({ code: 0, stderr: expect.stringContaining('the next run confirms') })
    // A night does not confirm itself, and a breach of another reference confirms nothing.
    expect((await slower.gate(...pinned, '--previous', slower.write('last.json', first.stdout))).code).toBe(2)
    const otherwise = (change: object) => slower.write('last.json', JSON.stringify({ gate: { ...gate, ...change } }))
    const last = { run: { ...gate.run, id: 'last-night' } }
    const cells = gate.cells.map((one) => ({ ...one, reference: 'another-run' }))
    expect((await verdictOf(slower, ...pinned, '--previous', otherwise({ ...last, cells }))).code).toBe(11)
    const second = await verdictOf(slower, ...pinned, '--previous', otherwise(last))
    expect(second).toMatchObject({ code: 10, gate: { verdict: 'regression' } })
    expect(cell(second.gate, 'mesh-cpu').verdict).toBe('pass')
  })

  it('takes what nights differ by from several accepted runs, and from the history', async () => {
    const nights = await Promise.all([2, 3, 4, 5].map((seed) => night({ seed })))
    const tonight = await night({ seed: 6 })
    const dirs = nights.map(({ dir }) => dir)
    const accepted = (...runs: string[]) =>
      meshbench(['gate', 'accept', ...runs, '--reason', 'the release'], { cwd: tonight.cwd })
    expect((await accepted(dirs[0] ?? '')).stderr).toContain('One run does not show')
    const unknown = await verdictOf(tonight, '--reference', 'reference.json')
    expect(unknown.gate.findings[0]).toMatchObject({ rule: 'run-spread-unknown' })
    for (const dir of dirs) await meshbench(['history', 'add', dir], { cwd: tonight.cwd })
    expect(cell((await verdictOf(tonight, '--reference', 'reference.json')).gate, 'p50').verdict).not.toBe('invalid')
    rmSync(join(tonight.cwd, 'history'), { recursive: true })
    expect((await accepted(...dirs)).stdout).toContain('are now the reference')
    expect(cell((await verdictOf(tonight, '--reference', 'reference.json')).gate, 'p50').verdict).not.toBe('invalid')
    const other = await night({ blocks: 9 })
    expect((await accepted(dirs[0] ?? '', other.dir)).code).toBe(0)
    other.plan((run) => withScenario(run, { profile: 'defaults' }))
    expect(await accepted(dirs[0] ?? '', other.dir)).toMatchObject({ code: 12 })
  })

  it('finds nothing in two equal arms whose simulated clusters differ', async () => {
    const equal = await night({ clusters: 0.05, cohorts: 2, blocks: 5, seed: 3 })
    const { code, gate } = await verdictOf(equal)
    expect(code).not.toBe(10)
    expect(cell(gate, 'p50').basis).toBe('cohorts')
    await meshbench(['run', '--extend'], { cwd: equal.cwd })
    expect((await verdictOf(equal)).code).not.toBe(10)
    expect((await verdictOf(await night({ clusters: 0.05 }))).code).toBe(12)
  })

  it('keeps why a reference was accepted, and accepts none without a reason or with a hole', async () => {
    const equal = await night()
    expect((await meshbench(['gate', 'accept'], { cwd: equal.cwd })).code).toBe(2)
    equal.edit(
      ({ block }) => block === 1,
      (result) => ({ ...result, run: 'another' }),
    )
    expect((await meshbench(['gate', 'accept', '--reason', 'x'], { cwd: equal.cwd })).code).toBe(12)
  })

  it('names every mistake in a file of limits with its line', async () => {
    const equal = await night()
    const limits = equal.write('limits.yaml', 'metrics: [p50]\ndefaults: { margin: 10 }\nwaiver: []\n')
    const { code, stderr } = await equal.gate('--limits', limits)
    expect(code).toBe(2)
    expect(stderr).toContain('limits.yaml:2:21: margin: 10 is not a share')
    expect(stderr).toContain('limits.yaml:3:1: unknown key "waiver"')
  })

  it('prints the verdict, every cell and what to do next', async () => {
    const slower = await night(LIKELY)
    const { stdout } = await slower.gate()
    expect(stdout).toContain('inconclusive (3 cells:')
    expect(stdout).toMatch(/sidecar\/web\/p50\s+\+\S+ %.*\d\/10\s+inconclusive/)
    expect(stdout).toContain('meshbench run --extend')
  })
})
