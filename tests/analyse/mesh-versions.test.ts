import { describe, expect, it } from 'vitest'
import { type MeshVersion, meshAnswer, meshVersions } from '../../src/analyse/over-runs/mesh-versions.ts'
import { trendsOf } from '../../src/analyse/over-runs/trends.ts'
import type { HistoryEntry } from '../../src/model/history.ts'
import { type Course, NONE, nightsOf, type Truth } from '../report/site/history-of.ts'

const SEEDS = 300
const mesh = (name: string, latency: number): Truth => ({
  arm: name,
  mesh: name,
  version: '1.0',
  latency,
  cpu: 100,
  memory: 5e7,
})
const always =
  (...truths: readonly Truth[]): Course =>
  () => [NONE, ...truths]

function versionsOf(course: Course, runs: number, seed = 1): MeshVersion[] {
  return meshVersions(nightsOf({ runs, course, seed }).entries)
}

function shareOf(holds: (seed: number) => boolean): number {
  return Array.from({ length: SEEDS }, (_, seed) => seed).filter(holds).length / SEEDS
}

const others = (versions: readonly MeshVersion[]) => versions.filter(({ role }) => role === 'other')

describe('meshes by version', () => {
  it('hold the truth in about 95 % of histories, for ratios and for what is added', () => {
    const course = always(mesh('linkerd', 1.4))
    const holds = (metric: string, truth: number) =>
      shareOf((seed) => {
        const { lo = 0, hi = 0 } = others(versionsOf(course, 6, seed))[0]?.figures[metric]?.estimate ?? {}
        return lo <= truth && truth <= hi
      })
    for (const [metric, truth] of [['p99', 1.4] as const, ['mesh-cpu', 100] as const]) {
      expect(holds(metric, truth), metric).toBeGreaterThan(0.91)
      expect(holds(metric, truth), metric).toBeLessThan(0.985)
    }
  })

  it('keep the versions of a mesh apart, the newest first', () => {
    const found = meshVersions(nightsOf({ runs: 40 }).entries)
    expect(found.map(({ mesh, version, role, runs }) => [mesh, version, role, runs.length])).toEqual([
      ['none', undefined, 'baseline', 40],
      ['none', undefined, 'repeat', 40],
      ['istio-sidecar', '1.29.1', 'other', 15],
      ['istio-sidecar', '1.28.0', 'other', 25],
      ['istio-ambient', '1.29.1', 'other', 15],
      ['istio-ambient', '1.28.0', 'other', 25],
      ['linkerd', '2.18', 'other', 40],
    ])
    const [newer, older] = others(found)
    const of = (one: MeshVersion | undefined) => one?.figures['p99']?.estimate.center ?? 0
    expect(of(newer) / of(older)).toBeCloseTo(1.2, 1)
  })

  it('show one run by its own interval', () => {
    const [only] = others(versionsOf(always(mesh('linkerd', 1.4)), 1))
    const { center = 0, lo = 0, hi = 0, n } = only?.figures['p99']?.estimate ?? {}
    expect([lo / center, hi / center, n].map((value) => Number(value?.toFixed(3)))).toEqual([0.98, 1.02, 1])
  })

  it('leave out runs of more than a year before the newest', () => {
    const found = versionsOf(always(mesh('linkerd', 1.4)), 60)
    expect(found[0]?.runs).toHaveLength(53)
    expect(found[0]?.runs.at(-1)?.run).toBe('2027-02-22T0200-nightly')
  })

  it('count arms of one run that are alike as one value', () => {
    const twice = always(mesh('linkerd', 1.4), { ...mesh('linkerd', 1.4), arm: 'linkerd-again' })
    const [only] = others(versionsOf(twice, 5))
    expect(only?.arms).toEqual(['linkerd', 'linkerd-again'])
    expect(only?.figures['p99']?.estimate.n).toBe(5)
  })

  it('keep arms apart whose placement, replicas, entrance or feature differ', () => {
    const linkerd = mesh('linkerd', 1.4)
    const course = always(
      linkerd,
      { ...linkerd, arm: 'near', placement: 'same-node', latency: 1.1 },
      { ...linkerd, arm: 'many', replicas: 12, latency: 2 },
      { ...linkerd, arm: 'outside', entrance: 'gateway', latency: 2 },
      { ...linkerd, arm: 'retrying', feature: 'retries', latency: 2 },
    )
    const found = others(versionsOf(course, 5))
    expect(found.map(({ arms, settings, runs }) => [arms, settings, runs.length])).toEqual([
      [['linkerd'], undefined, 5],
      [['near'], 'same-node', 5],
      [['many'], '12 replicas', 5],
      [['outside'], 'entrance gateway', 5],
      [['retrying'], 'with retries', 5],
    ])
    const near = found[1]?.figures['p50']?.estimate.center
    expect(near).toBeCloseTo(1.1, 1)
  })

  it('take a level without a ratio from the baseline of the same run', () => {
    const course: Course = () => [{ ...NONE, cpu: 40 }, mesh('linkerd', 1.4)]
    const [only] = others(versionsOf(course, 20))
    expect(only?.figures['mesh-cpu']?.estimate.center).toBeCloseTo(60, -1)
  })
})

describe('the answer', () => {
  it('finds the mesh that costs least, and those that cost more', () => {
    const course = always(mesh('istio-sidecar', 1.9), mesh('linkerd', 1.4), mesh('istio-ambient', 1.6))
    const right = shareOf((seed) => {
      const answer = meshAnswer(versionsOf(course, 8, seed), 'kind')
      return answer?.best.mesh === 'linkerd' && answer.others.every(({ standing }) => standing === 'higher')
    })
    expect(right).toBeGreaterThan(0.95)
  })

  it('tells equal meshes apart in no more histories than chance allows', () => {
    const course = always(mesh('istio-sidecar', 1.5), mesh('linkerd', 1.5), mesh('istio-ambient', 1.5))
    const wrong = shareOf((seed) => {
      const answer = meshAnswer(versionsOf(course, 8, seed), 'kind')
      return answer?.others.some(({ standing }) => standing === 'higher') ?? true
    })
    expect(wrong).toBeLessThan(0.06)
  })

  it('needs runs that measured both', () => {
    const course: Course = (run) => [NONE, run % 2 === 0 ? mesh('istio-sidecar', 3) : mesh('linkerd', 1.2)]
    const answer = meshAnswer(versionsOf(course, 12), 'kind')
    expect(answer?.others.map(({ standing }) => standing)).toEqual(['undecided'])
  })

  it('is of arms that are placed as the baseline is', () => {
    const near = { ...mesh('linkerd', 1.1), placement: 'same-node' }
    const course = always(near, mesh('linkerd', 2), mesh('istio-ambient', 1.5))
    const answer = meshAnswer(versionsOf(course, 20), 'kind')
    expect([answer?.best.mesh, answer?.others.map(({ of }) => of.mesh)]).toEqual(['istio-ambient', ['linkerd']])
  })

  it('is of the newest versions', () => {
    const course: Course = (run) => [
      NONE,
      run < 10 ? mesh('linkerd', 1.1) : { ...mesh('linkerd', 2), version: '2.0' },
      mesh('istio-ambient', 1.5),
    ]
    expect(meshAnswer(versionsOf(course, 20), 'kind')?.best.mesh).toBe('istio-ambient')
  })

  it('is none for one mesh, and for what are not released meshes', () => {
    const two = always(mesh('linkerd', 1.4), mesh('istio-ambient', 1.5))
    const custom = always(mesh('linkerd', 1.4), { ...mesh('istio-ambient', 1.5), version: '1.0, images tagged mine' })
    expect(meshAnswer(versionsOf(always(mesh('linkerd', 1.4)), 8), 'kind')).toBeUndefined()
    expect(meshAnswer(versionsOf(custom, 8), 'kind')).toBeUndefined()
    expect(meshAnswer(versionsOf(two, 8), 'local')).toBeUndefined()
    expect(meshAnswer(versionsOf(two, 8), 'kind')).toBeDefined()
  })
})

describe('trends', () => {
  const { entries } = nightsOf({ runs: 40 })
  const of = (arm: string, all: readonly HistoryEntry[] = entries) =>
    trendsOf(all, 'p99').find((trend) => trend.arm === arm)

  it('begin anew where an arm is placed otherwise', () => {
    const moved: Course = (run) => [NONE, { ...mesh('linkerd', 1.4), ...(run >= 10 && { placement: 'same-node' }) }]
    const trends = trendsOf(nightsOf({ runs: 20, course: moved }).entries, 'p99')
    expect(trends.map(({ arm, points }) => [arm, points.length])).toEqual([
      ['none', 20],
      ['linkerd', 10],
      ['linkerd', 10],
    ])
  })

  it('mark the first run of another version, whether or not it changed anything', () => {
    const first = entries.find(({ versions }) => versions['version'] === '1.29.1')
    const marks = [{ run: first?.run, at: first?.startedAt, from: '1.28.0', to: '1.29.1' }]
    expect(of('istio')).toMatchObject({ versions: marks, changes: [{ after: first?.run }] })
    expect(of('ambient')).toMatchObject({ versions: marks, changes: [] })
    expect(of('linkerd')).not.toHaveProperty('versions')
  })
})
