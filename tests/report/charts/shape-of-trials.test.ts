import { describe, expect, it } from 'vitest'
import type { Load } from '../../../src/model/scenario.ts'
import { blockGroups, blocksChart } from '../../../src/report/charts/blocks.ts'
import { ecdfChart } from '../../../src/report/charts/ecdf.ts'
import { heatClasses, heatMapChart } from '../../../src/report/charts/heat-map.ts'
import { latenessChart } from '../../../src/report/charts/lateness.ts'
import { formatLevel } from '../../../src/report/format.ts'
import { analysisOf, scenario } from '../fixture.ts'
import { drawn, HOSTILE, reasonOf, saidOf, viewFrom } from './drawn.ts'

const analysis = analysisOf()
const view = viewFrom(analysis)
const load = view.loads[0] as Load
const [first, ...others] = scenario.arms
const hostileArms = [
  first,
  ...others.map((arm, index) => ({ ...arm, name: `${HOSTILE}${index}` })),
] as typeof scenario.arms
const hostile = viewFrom(analysisOf({ scenario: { arms: hostileArms } }))

describe('ecdfChart', () => {
  it('marks what its table lists, and names every arm', async () => {
    const chart = ecdfChart(view, load)
    const svg = await drawn(chart)
    const said = saidOf(chart).map(({ say }) => say)
    expect(said).toHaveLength(chart.rows.length * 5)
    const [arm, , median] = chart.rows[0] ?? []
    expect(said).toContain(
      `${arm}, p50 of all requests of all blocks together: ${formatLevel('seconds', median as number)}`,
    )
    for (const { name } of view.arms) expect(svg).toContain(`>${name}<`)
    expect(chart.sentence).toMatch(
      /^Of all requests of all blocks together, the middle half took .* with none, .* with envoy-node-waypoint\.$/,
    )
    expect(svg.length).toBeLessThan(12_000)
  })

  it('has the clock that the reader asks for, a linear scale, and a reason without data', async () => {
    expect(ecdfChart(viewFrom(analysis, { clock: 'service' }), load).title).toMatch(/service time/)
    await drawn(ecdfChart(viewFrom(analysis, { scale: 'linear' }), load))
    await drawn(ecdfChart(hostile, load))
    expect(reasonOf(ecdfChart(viewFrom(analysis, {}, { distributions: [] }), load))).toMatch(/^No chart: no trial/)
  })
})

describe('heatMapChart', () => {
  it('has a row for each trial and a rectangle for each run of one class, grouped by arm in the order of blocks', async () => {
    const chart = heatMapChart(view, load)
    const svg = await drawn(chart)
    const seconds = view.data.seconds.filter((one) => one.load === load.name)
    expect(chart.rows).toHaveLength(seconds.length)
    expect([...new Set(chart.rows.map(([arm]) => arm))]).toEqual(view.arms.map(({ name }) => name))
    const covered = saidOf(chart).reduce((sum, { say }) => {
      const [, from = 0, to = 0] = /, (\d+) to (\d+) s:/.exec(say) ?? []
      return sum + Number(to) - Number(from)
    }, 0)
    expect(covered).toBe(seconds.reduce((sum, { p99 }) => sum + p99.filter((value) => value > 0).length, 0))
    expect(svg.length).toBeLessThan(10_000)
    expect(chart.sentence).toMatch(/^The worst second had a p99 of .* times the usual .* in block \d+/)
  })

  it('leaves out trials as the reader does, and bins long windows by their worst second', () => {
    const id = view.data.seconds.find((one) => one.load === load.name)?.trial as string
    const without = heatMapChart(viewFrom(analysis, { excluded: [id] }), load)
    expect(without.rows).toHaveLength(heatMapChart(view, load).rows.length - 1)
    const p99 = Array.from({ length: 300 }, (_, second) => (second === 77 ? 0.5 : 0.001))
    const seconds = view.data.seconds.map((one) => ({ ...one, p99 }))
    const long = heatMapChart(viewFrom(analysis, {}, { seconds }), load)
    expect(long.sentence).toMatch(/^The worst 5 seconds had a p99 of 500\sms, 500 times the usual 1\sms: .* 75 s into/)
    expect(String(long.rows[0]?.at(-1)).split(' ')).toHaveLength(60)
  })

  it('stays small and says so where there are many trials', async () => {
    const one = view.data.seconds.find(({ load: of }) => of === load.name)
    if (!one) throw new Error('no trial')
    const wave = (block: number) =>
      Array.from({ length: 60 }, (_, second) => 1e-3 * (1 + ((second * 7 + block * 3) % 11)))
    const seconds = view.arms.flatMap(({ name: arm }) =>
      Array.from({ length: 200 }, (_, block) => ({
        ...one,
        trial: `${arm}-${block}`,
        arm,
        block: block + 1,
        p99: wave(block),
      })),
    )
    const trial = view.data.trials[0]
    if (!trial) throw new Error('no trial')
    const trials = seconds.map(({ trial: id, arm, block }) => ({
      ...trial,
      id,
      arm,
      block,
      load: load.name,
      status: 'valid' as const,
    }))
    const chart = heatMapChart(viewFrom(analysis, {}, { seconds, trials }), load)
    expect(chart.sentence).toMatch(/Shown are 100 of 1,000 trials/)
    expect((await drawn(chart)).length).toBeLessThan(130_000)
  })

  it('gives a reason without data, and keeps hostile names inert', async () => {
    await drawn(heatMapChart(hostile, load))
    expect(reasonOf(heatMapChart(viewFrom(analysis, {}, { seconds: [] }), load))).toMatch(/^No chart: no trial/)
  })

  it('has classes whose inner edges one standstill does not move', () => {
    const usual = Array.from({ length: 1000 }, (_, index) => 1e-3 * (1 + index / 1000))
    const { edges, of } = heatClasses([...usual, 3])
    expect(edges).toHaveLength(7)
    expect(edges[5]).toBeLessThan(2e-3)
    expect(edges.at(-1)).toBe(3)
    expect([of(1e-3), of(3), of(1e-9)]).toEqual([0, 5, 0])
  })
})

describe('latenessChart', () => {
  it('says for every arm how late the generator was, beside the response time', async () => {
    const chart = latenessChart(view, load)
    const svg = await drawn(chart)
    expect(chart.rows.map(([arm, p50, p99, max]) => [arm, p50, p99, max])).toEqual(
      view.arms.map(({ name }) => [name, 4e-5, 3e-4, 2e-3]),
    )
    expect(saidOf(chart)).toHaveLength(view.arms.length * 5)
    for (const { name } of view.arms) expect(svg).toContain(`>${name}<`)
    expect(chart.sentence).toMatch(/^Median lateness is 40\sµs with none/)
    expect(svg.length).toBeLessThan(12_000)
  })

  it('gives a reason where nothing was late or nothing is known, and keeps hostile names inert', async () => {
    await drawn(latenessChart(hostile, load))
    expect(reasonOf(latenessChart(viewFrom(analysis, {}, { lateness: [] }), load))).toMatch(
      /no trial of this load has the lateness/,
    )
    const punctual = (view.data.lateness ?? []).map((one) => ({ ...one, late: { p50: 0, p99: 0, max: 0 } }))
    expect(reasonOf(latenessChart(viewFrom(analysis, {}, { lateness: punctual }), load))).toMatch(
      /within a microsecond of its due time/,
    )
  })
})

describe('blocksChart', () => {
  it('has a mark for each valid trial, in the order of the run, with cohorts apart', async () => {
    const chart = blocksChart(view, load)
    const svg = await drawn(chart)
    const values = view.arms.flatMap(({ name }) => view.cell(name, load.name, 'p99')?.values ?? [])
    expect(saidOf(chart)).toHaveLength(values.length)
    expect(chart.rows.flatMap((row) => row.slice(2)).filter((value) => value !== undefined)).toHaveLength(values.length)
    expect(svg).toContain('>cohort 2<')
    expect(chart.sentence).toMatch(/ in 6 blocks\. Over all arms, the second half of the run is .* the first\.$/)
    expect(svg.length).toBeLessThan(9000)
  })

  it('puts neighbouring blocks together where there are many, never over cohorts', async () => {
    const values = Array.from({ length: 200 }, (_, index) => ({
      cohort: index < 97 ? 1 : 2,
      block: index + 1,
      value: 1e-3,
    }))
    const groups = blockGroups(values)
    expect(groups.length).toBeLessThanOrEqual(42)
    expect(groups.find(({ from, to }) => from < 98 && to >= 98)).toBeUndefined()
    expect(groups[0]?.name).toBe('1–5')
    const cells = analysis.cells.map((cell) => ({ ...cell, values }))
    const chart = blocksChart(viewFrom({ ...analysis, cells }), load)
    expect(chart.sentence).toMatch(/geometric mean/)
    expect((await drawn(chart)).length).toBeLessThan(20_000)
  })

  it('gives a reason for a single block, and keeps hostile names inert', async () => {
    const svg = await drawn(blocksChart(hostile, load))
    expect(svg).toContain('&lt;/script')
    const cells = analysis.cells.map((cell) => ({
      ...cell,
      values: cell.values.slice(0, 1).map((one) => ({ ...one, block: 1 })),
    }))
    expect(reasonOf(blocksChart(viewFrom({ ...analysis, cells }), load))).toMatch(/^No chart: fewer than two blocks/)
  })
})
