import { describe, expect, it } from 'vitest'
import type { Load } from '../../../src/model/scenario.ts'
import { ratioAxis, ratioTick } from '../../../src/report/charts/axes.ts'
import { forestChart } from '../../../src/report/charts/forest.ts'
import { type Frame, liveFrame, STILL, WIDE } from '../../../src/report/charts/frame.ts'
import { formatRatio } from '../../../src/report/format.ts'
import { analysisOf, scenario } from '../fixture.ts'
import { drawn, HOSTILE, reasonOf, saidOf, specOf, viewFrom } from './drawn.ts'

const analysis = analysisOf()
const view = viewFrom(analysis)
const load = view.loads[0] as Load

describe('forestChart', () => {
  it('has the CPU and memory of the mesh where the baseline has a mesh too', () => {
    const metrics = (arms: typeof scenario.arms) => {
      const own = viewFrom(analysisOf({ scenario: { arms } }))
      return new Set(forestChart(own, own.loads[0] as Load).rows.map(([, metric]) => metric))
    }
    expect(metrics(scenario.arms)).not.toContain('CPU of the mesh per million requests')
    expect(metrics(scenario.arms.slice(2))).toContain('CPU of the mesh per million requests')
  })

  it('has a row for each arm but the baseline by each metric, and a mark for each row that has a ratio', async () => {
    const chart = forestChart(view, load)
    const svg = await drawn(chart)
    expect(chart.rows).toHaveLength(4 * 3)
    const said = saidOf(chart).map(({ say }) => say)
    const withRatio = chart.rows.filter((row) => row[2] !== undefined)
    expect(said).toHaveLength(withRatio.length)
    for (const [index, [arm, metric, ratio]] of withRatio.entries()) {
      expect(said[index]).toContain(`${arm}, ${metric}: ${formatRatio(ratio as number)}`)
    }
    expect(svg).toContain('none-again (A/A)')
    expect(svg.length).toBeLessThan(12_000)
  })

  it('says what the analysis found, by cell.standing and nothing else', () => {
    const undecided = viewFrom({
      ...analysis,
      cells: analysis.cells.map((cell) =>
        cell.standing === 'baseline' ? cell : { ...cell, standing: 'undecided' as const },
      ),
    })
    expect(forestChart(view, load).sentence).toMatch(/^Against none, p99 is higher with envoy-sidecar \(\+\d+\s%\)/)
    const { sentence } = forestChart(undecided, load)
    expect(sentence).toMatch(/^Against none, too noisy to say for envoy-sidecar .*\.$/)
    expect(JSON.stringify(specOf(forestChart(undecided, load)))).not.toMatch(
      /"(?:fill|color)":"var\(--worse\)","?(?:x|of)/,
    )
    expect(saidOf(forestChart(undecided, load)).every(({ say }) => say.endsWith('too noisy to say'))).toBe(true)
  })

  it('shades what equal arms differ by, and leaves an arm without data in its place', async () => {
    const without = viewFrom({
      ...analysis,
      cells: analysis.cells.filter(({ arm, metric }) => arm !== 'envoy-node' || metric !== 'application-cpu'),
    })
    const chart = forestChart(without, load)
    expect(await drawn(chart)).toContain('>no data<')
    expect(chart.rows).toContainEqual([
      'envoy-node', 'CPU of the application per million requests', undefined, undefined, undefined, 'no data', undefined, undefined, undefined,
    ]) // biome-ignore format: one row
    expect(await drawn(forestChart(viewFrom({ ...analysis, noise: [] }), load))).not.toContain('A/A noise')
  })

  it('follows the reader: baseline, percentile, hidden arms', () => {
    const chart = forestChart(viewFrom(analysis, { quantile: 'p90', hidden: ['envoy-node'] }), load)
    expect(new Set(chart.rows.map(([arm]) => arm))).toEqual(
      new Set(['none-again', 'envoy-sidecar', 'envoy-node-waypoint']),
    )
    expect(chart.rows.map(([, metric]) => metric)).toContain('p90 latency')
  })

  it('keeps to its axis however wide an interval is', async () => {
    const wide = { center: 1.2, lo: 1e-9, hi: 1e12, n: 2 }
    const cells = analysis.cells.map((cell) => (cell.ratio ? { ...cell, ratio: wide } : cell))
    const svg = await drawn(forestChart(viewFrom({ ...analysis, cells }), load))
    const numbers = [...svg.matchAll(/[ML](-?[\d.]+),/g)].map(([, x]) => Number(x))
    expect(Math.max(...numbers)).toBeLessThan(STILL.width)
  })

  it('gives a reason where nothing can be compared', () => {
    const alone = viewFrom(analysis, { hidden: scenario.arms.slice(1).map(({ name }) => name) })
    expect(reasonOf(forestChart(alone, load))).toMatch(/^No chart: no arm is shown/)
    const cells = analysis.cells.map(({ ratio: _, ...cell }) => cell)
    expect(reasonOf(forestChart(viewFrom({ ...analysis, cells }), load))).toMatch(/^No chart: no block/)
  })

  it('stands in one line where there is room, alike in Node and in a browser, and keeps hostile names inert', async () => {
    const [first, ...others] = scenario.arms
    const arms = [first, ...others.map((arm, index) => ({ ...arm, name: `${HOSTILE}${index}` }))]
    const hostile = viewFrom(analysisOf({ scenario: { arms: arms as typeof scenario.arms } }))
    await drawn(forestChart(hostile, load))
    const heightAt = (frame: Frame) => (specOf(forestChart(view, load), frame) as { height: number }).height
    expect(heightAt(WIDE)).toBeLessThan(heightAt(STILL) * 0.7)
    expect(heightAt(liveFrame(1136))).toBe(heightAt(WIDE))
    expect(heightAt(liveFrame(288))).toBeGreaterThan(heightAt(STILL))
  })
})

describe('ratioAxis', () => {
  it('holds its ratios and no difference, with ticks that have room', () => {
    const axis = ratioAxis([0.4, 5.5], () => 0.2)
    expect(axis.domain[0]).toBeLessThan(0.4)
    expect(axis.domain[1]).toBeGreaterThan(5.5)
    expect(axis.ticks).toEqual([0.5, 1, 2, 5])
    expect(axis.ticks.map(ratioTick)).toEqual(['−50 %', 'same', '×2', '×5'])
    expect(ratioAxis([], () => 0.2).ticks).toContain(1)
  })
})
