import { describe, expect, it } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import { compareSides } from '../../src/compare/compare-runs.ts'
import type { Contrast, Side } from '../../src/compare/contrast.ts'
import type { Analysis, WholeRun } from '../../src/model/analysis.ts'
import type { Scenario } from '../../src/model/scenario.ts'
import { random } from '../../src/stats/random.ts'
import { recordOf } from '../build/run.ts'
import { http, none, noneAgain, scenarioOf, sidecar } from '../build/scenario.ts'

/** A run whose sidecar is slower by a factor; trials scatter by 2 %. */
function runOf(id: string, factor: number, scenario: Partial<Scenario> = {}, shift = 1): WholeRun {
  const draw = random(1, id)
  const record = recordOf(scenarioOf({ blocks: 8, ...scenario }), ({ arm }) => ({
    latency: Number((shift * (arm === sidecar.name ? factor : 1) * Math.exp(0.02 * draw.normal())).toFixed(4)),
  }))
  return { ...record, run: { ...record.run, id } }
}

const side = (analysis: Analysis, arm: string): Side => ({ analysis, arm })
const p50 = (contrasts: readonly Contrast[]) => contrasts.find(({ metric }) => metric === 'p50')

describe('two arms of one run', () => {
  const analysis = analyse(runOf('a', 1.3))

  it('are paired within blocks', () => {
    const { method, contrasts, changed } = compareSides([[side(analysis, none.name), side(analysis, sidecar.name)]])
    expect(method).toBe('paired')
    expect(changed).toEqual([])
    const found = p50(contrasts)
    expect(found).toMatchObject({ pairs: 16, higherIn: 16, standing: 'higher' })
    expect(found?.ratio?.center).toBeCloseTo(1.3, 1)
    expect(found?.adjusted).toBeLessThan(0.05)
  })

  it('give the inverse the other way round', () => {
    const [there, back] = [
      compareSides([[side(analysis, none.name), side(analysis, sidecar.name)]]),
      compareSides([[side(analysis, sidecar.name), side(analysis, none.name)]]),
    ].map(({ contrasts }) => p50(contrasts)?.ratio)
    expect((there?.center ?? 0) * (back?.center ?? 0)).toBeCloseTo(1, 12)
    expect((there?.lo ?? 0) * (back?.hi ?? 0)).toBeCloseTo(1, 12)
  })

  it('that are equal are not told apart', () => {
    const { contrasts } = compareSides([[side(analysis, none.name), side(analysis, noneAgain.name)]])
    expect(contrasts.filter(({ standing }) => standing === 'higher' || standing === 'lower')).toEqual([])
  })

  it('carry the caution of a single cohort', () => {
    const one = analyse(runOf('one', 1.3, { cohorts: 1 }))
    const { cautions } = compareSides([[side(one, none.name), side(one, sidecar.name)]])
    expect(cautions[0]).toContain('one provisioning')
  })
})

describe('two runs', () => {
  const a = analyse(runOf('a', 1.2))
  const pair = (b: Analysis, arm = sidecar.name) => compareSides([[side(a, arm), side(b, arm)]])

  it('are compared trial against trial, with all three measures, and cautiously', () => {
    const { method, contrasts, cautions } = pair(analyse(runOf('b', 1.5)))
    expect(method).toBe('unpaired')
    const found = p50(contrasts)
    expect(found).toMatchObject({ standing: 'higher', delta: 1 })
    expect(found?.ratio?.center).toBeCloseTo(1.25, 1)
    // 16 and 16 trials without overlap: 2 / C(32, 16), exactly.
    expect(found?.p).toBeCloseTo(2 / 601080390, 15)
    expect(found?.pairs).toBeUndefined()
    expect(cautions[0]).toContain('different times')
  })

  it('of a machine that has become slower say so, and claim nothing that the baseline shows too', () => {
    const slower = analyse(runOf('b', 1.2, {}, 1.25))
    const found = p50(pair(slower).contrasts)
    expect(found?.ratio?.center).toBeCloseTo(1.25, 1)
    expect(found?.standing).not.toBe('higher')
    expect(found?.notes.join()).toContain('none, the same in both runs, changed by +')
  })

  it('with few trials decide nothing, however far apart', () => {
    const small = { cohorts: 1, blocks: 3 }
    const [one, other] = [analyse(runOf('a', 1, small)), analyse(runOf('b', 3, small))]
    const { contrasts } = compareSides([[side(one, sidecar.name), side(other, sidecar.name)]])
    expect(p50(contrasts)).toMatchObject({ standing: 'undecided' })
    expect(p50(contrasts)?.notes.join()).toContain('at least 4')
  })

  it('tell what changed besides', () => {
    const b = runOf('b', 1.2)
    const provenance = { ...b.run.provenance, machine: { ...b.run.provenance.machine, kernel: '7' } }
    const { changed } = pair(analyse({ ...b, run: { ...b.run, provenance } }))
    expect(changed).toEqual([{ what: 'kernel', a: '6', b: '7' }])
  })

  describe('whose arms were set otherwise', () => {
    /** The same arms, each with a version of its own. */
    const versioned = (id: string, version: string) => {
      const arms = scenarioOf().arms.map((arm, nth) => (nth === 0 ? arm : { ...arm, version }))
      return analyse(runOf(id, 1.2, { arms }))
    }
    const [older, newer] = [versioned('a', '1'), versioned('b', '2')]
    const whats = (pairs: [string, string][]) =>
      compareSides(pairs.map(([one, other]) => [side(older, one), side(newer, other)])).changed.map(({ what }) => what)

    it('tell the changes of the arms that are compared, and of no others', () => {
      expect(whats([[sidecar.name, sidecar.name]])).toEqual([`arm ${sidecar.name}: version`])
      expect(whats([sidecar, noneAgain].map(({ name }) => [name, name]))).toEqual([
        `arm ${noneAgain.name}: version`,
        `arm ${sidecar.name}: version`,
      ])
    })

    it('hold arms of two names against each other', () => {
      const both = `arm ${noneAgain.name} and ${sidecar.name}`
      expect(whats([[noneAgain.name, sidecar.name]])).toEqual([`${both}: mesh`, `${both}: version`])
    })

    it('tell those of the baseline that shows whether the machine changed', () => {
      const seen = (version: string) => {
        const evidence = [{ name: 'version', seen: version, source: 'test' }]
        const record = recordOf(scenarioOf(), ({ arm }) =>
          arm === noneAgain.name ? {} : { observation: { evidence } },
        )
        return { ...record, run: { ...record.run, id: version } }
      }
      const [one, other] = [analyse(seen('1')), analyse(seen('2'))]
      const { changed } = compareSides([[side(one, sidecar.name), side(other, sidecar.name)]])
      expect(changed.map(({ what }) => what).toSorted()).toEqual([
        `arm ${sidecar.name}: version seen`,
        `arm ${none.name}: version seen`,
      ])
    })
  })

  const machine = { os: 'linux', kernel: '6', arch: 'x64', cpu: 'test', cores: 8, memoryBytes: 1, load: 0 }
  it.each<[string, Partial<Scenario>, Partial<WholeRun['run']['provenance']>]>([
    ['cores: 8 in A, 4 in B', {}, { machine: { ...machine, cores: 4 } }],
    ['processor: test in A, other in B', {}, { machine: { ...machine, cpu: 'other' } }],
    ['memory: 0 GiB in A, 16 GiB in B', {}, { machine: { ...machine, memoryBytes: 16 * 2 ** 30 } }],
    ['frequency governor: not shown in A, powersave in B', {}, { machine: { ...machine, governor: 'powersave' } }],
    ['platform: simulated in A, kind in B', {}, { platform: 'kind' }],
    ['profile: equalised in A, defaults in B', { profile: 'defaults' }, {}],
    ['load http-2k: rate: 2000 in A, 1000 in B', { loads: [{ ...http, rate: 1000 }] }, {}],
    ['load http-2k: connections: 16 in A, 8 in B', { loads: [{ ...http, connections: 8 }] }, {}],
    ['loads: http-2k in A, other in B', { loads: [{ ...http, name: 'other' }] }, {}],
  ])('are refused where they differ: %s', (difference, scenario, about) => {
    const b = runOf('b', 1.2, scenario)
    const run = { ...b.run, provenance: { ...b.run.provenance, ...about } }
    expect(() => pair(analyse({ ...b, run }))).toThrow(
      expect.objectContaining({ code: 'not-comparable', exitCode: 12, why: difference }),
    )
  })

  it('without an arm in common are refused', () => {
    expect(() => compareSides([])).toThrow(expect.objectContaining({ code: 'not-comparable' }))
  })
})
