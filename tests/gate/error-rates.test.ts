import { describe, expect, it } from 'vitest'
import { type Effect, effectOf, pValueOf } from '../../src/compare/effect.ts'
import type { Compared } from '../../src/gate/compared.ts'
import { type Judgement, judgeStage, type Look, lookOf } from '../../src/gate/judge.ts'
import type { MetricInfo } from '../../src/model/analysis.ts'
import { defaultLimits } from '../../src/scenario/gate-schema.ts'
import { holm } from '../../src/stats/multiplicity.ts'
import { type Random, random } from '../../src/stats/random.ts'

const CELLS = 36
const { defaults, alpha } = defaultLimits()
const info: MetricInfo = { name: 'p99', title: 'p99', unit: 'per-second', better: 'lower' }

type Measured = Compared & { readonly effect: Effect }

function measured(ratios: readonly number[]): Measured {
  const effect = effectOf([ratios])
  if (!effect) throw new Error('two blocks have an effect')
  return {
    arm: 'a',
    reference: 'a-ref',
    load: 'l',
    metric: 'p99',
    info,
    limits: { ...defaults, level: 'error' },
    direction: 1,
    effect,
    harm: [],
    difference: { center: effect.center, n: ratios.length },
    blocks: { valid: ratios.length, planned: ratios.length, worse: 0 },
    cohorts: 1,
    lost: { candidate: 0, reference: 0 },
  }
}

/** Both stages of one night, whose first cell has a true effect. */
function nightOf(stream: Random, effect: number, deviation: number): string[] {
  const draw = (shift: number) => Array.from({ length: 10 }, () => shift + deviation * stream.normal())
  const shifts = Array.from({ length: CELLS }, (_, index) => (index === 0 ? Math.log1p(effect) : 0))
  const first = shifts.map((shift) => draw(shift))
  const stage = judgeAll(first.map(measured), () => 'first')
  const all = first.map((ratios, index) =>
    stage[index]?.suspected ? [...ratios, ...draw(shifts[index] ?? 0)] : ratios,
  )
  return judgeAll(all.map(measured), ({ blocks }) => (blocks.planned < 20 ? 'first' : 'last')).map(
    ({ verdict }) => verdict,
  )
}

function judgeAll(cells: readonly Measured[], look: (cell: Measured) => Look): Judgement[] {
  const p = cells.map((one) => pValueOf(one.effect))
  const worse = holm(p.map((one) => one.worse))
  const better = holm(p.map((one) => one.better))
  return cells.map((one, index) => {
    const adjusted = { worse: worse[index] ?? 1, better: better[index] ?? 1 }
    return judgeStage(one, { p: p[index] ?? adjusted, adjusted }, { alpha, look: look(one) })
  })
}

describe('one look', () => {
  /** Ten blocks around a mean log-ratio, whose one-sided p-value is that of t = mean / scatter · √10. */
  const around = (mean: number, scatter: number) =>
    measured([...Array(10).keys()].map((x) => mean + scatter * (x - 4.5)))
  /** Ten blocks with this one-sided p-value, which grows with the scatter. */
  const at = (p: number) => {
    let [low, high] = [0.001, 0.1]
    for (let step = 0; step < 40; step++) {
      const middle = (low + high) / 2
      if (pValueOf(around(0.1, middle).effect).worse < p) low = middle
      else high = middle
    }
    return around(0.1, low)
  }
  const judged = (cell: Measured, look: Look) => judgeAll([cell], () => look)[0]

  it('finds at once what is clear by a twentieth of alpha, and spends the rest at the last stage', () => {
    const clear = at(alpha / 25)
    const [p] = [pValueOf(clear.effect).worse]
    expect(p).toBeLessThan(alpha / 20)
    expect(judged(clear, 'first')).toEqual({ verdict: 'regression', suspected: false })
    // Between α/20 and 19α/20, and between 19α/20 and α.
    const likely = at(alpha / 2)
    expect(pValueOf(likely.effect).worse).toBeGreaterThan(alpha / 20)
    expect(pValueOf(likely.effect).worse).toBeLessThan((19 * alpha) / 20)
    expect(judged(likely, 'first')).toEqual({ verdict: 'inconclusive', suspected: true })
    expect(judged(likely, 'last')?.verdict).toBe('regression')
    const nearly = at(0.97 * alpha)
    expect(pValueOf(nearly.effect).worse).toBeGreaterThan((19 * alpha) / 20)
    expect(pValueOf(nearly.effect).worse).toBeLessThan(alpha)
    expect(judged(nearly, 'last')).toMatchObject({ verdict: 'inconclusive', unconfirmed: true })
    expect(judged(nearly, 'only')?.verdict).toBe('regression')
  })

  it('asks for no more blocks of what merely looks better', () => {
    const better = around(-0.1, 0.03)
    expect(pValueOf(better.effect).better).toBeLessThan(0.05)
    expect(judged(better, 'first')).toEqual({ verdict: 'pass', suspected: false })
    expect(judged(around(-0.1, 0.015), 'first')?.verdict).toBe('improvement')
  })

  it('is the only one where the plan itself has all blocks', () => {
    const { blocks } = defaultLimits()
    const of = (planned: number) => ({ blocks: { planned, valid: planned, worse: 0 } })
    expect(lookOf(of(10), { blocks }, false)).toBe('first')
    expect(lookOf(of(10), { blocks }, true)).toBe('first')
    expect(lookOf(of(20), { blocks }, false)).toBe('only')
    expect(lookOf(of(20), { blocks }, true)).toBe('last')
  })
})

describe('the two-stage procedure over 36 cells', () => {
  it('raises hardly any alarm in nights without a difference', () => {
    const stream = random(1, 'null nights')
    const nights = Array.from({ length: 400 }, () => nightOf(stream, 0, 0.063))
    expect(nights.filter((cells) => cells.includes('regression')).length).toBeLessThanOrEqual(4)
    expect(nights.filter((cells) => cells.includes('improvement')).length).toBeLessThanOrEqual(4)
  })

  it('finds +10 % at the noise that it is made for, and never passes what it misses', () => {
    const stream = random(2, 'worse nights')
    const first = Array.from({ length: 200 }, () => nightOf(stream, 0.1, 0.06)[0])
    expect(first.filter((verdict) => verdict === 'regression').length).toBeGreaterThanOrEqual(190)
    expect(first.filter((verdict) => verdict === 'pass')).toEqual([])
  })

  it('hardly ever passes what is worse by the margin, at any noise', () => {
    const stream = random(3, 'loud nights')
    const first = Array.from({ length: 600 }, () => nightOf(stream, 0.1, 0.12)[0])
    // 1 % at most: two looks at half a percent.
    expect(first.filter((verdict) => verdict === 'pass').length).toBeLessThanOrEqual(12)
  })
})
