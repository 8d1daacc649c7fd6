import { describe, expect, it } from 'vitest'
import type { Chart } from '../../../src/report/chart.ts'
import { allCharts } from '../../../src/report/charts/index.ts'
import { pageData } from '../../../src/report/data/page-data.ts'
import { viewOf } from '../../../src/report/data/view.ts'
import { shortCaveat } from '../../../src/report/outputs/run-words.ts'
import { standaloneSvg, wrapped } from '../../../src/report/outputs/standalone-svg.ts'
import { DARK, LIGHT } from '../../../src/report/page-style.ts'
import { analysisOf, CAVEAT, scenario } from '../fixture.ts'

const view = viewOf(pageData(analysisOf()))
const about = { run: view.data.run, caveat: CAVEAT }
const charts = allCharts(view)
const chart = charts.find(({ id }) => id === 'cpu-0') as Chart

describe('a picture that stands alone', () => {
  it('has the colours of one theme on paper of its own, and no variable is left', async () => {
    for (const [theme, palette] of [
      ['light', LIGHT],
      ['dark', DARK],
    ] as const) {
      const svg = (await standaloneSvg(chart, about, theme)) ?? ''
      expect(svg).toContain(`<rect width="680" height="${/height="(\d+)"/.exec(svg)?.[1]}" fill="${palette.paper}"/>`)
      expect(svg).toContain(palette['role-application'])
      expect(svg).not.toContain('var(')
      expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" [^>]*font-family="[^"]*sans-serif"/)
    }
  })

  it('says what it is, what it shows and where it comes from', async () => {
    const svg = (await standaloneSvg(chart, about, 'light')) ?? ''
    expect(svg).toContain(`<title>${chart.title}</title>`)
    expect(svg).toContain('<desc>')
    const words = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text).join(' ')
    expect(words).toContain(chart.title)
    expect(words).toContain(`meshbench · ${view.data.run.id} · 2026-03-01 · local: ${shortCaveat(CAVEAT)}`)
    expect(words).toContain('not Istio or Linkerd')
  })

  it('is drawn of every chart that has something to draw', async () => {
    for (const one of charts) {
      const svg = await standaloneSvg(one, about, 'light')
      expect(svg === undefined).toBe('reason' in one.drawing)
      expect(svg ?? '').not.toContain('var(')
    }
  })

  it('is no picture where there is only a reason', async () => {
    expect(
      await standaloneSvg({ ...chart, drawing: { reason: 'No chart: too short.' } }, about, 'light'),
    ).toBeUndefined()
  })

  it('takes names for words, whatever they hold', async () => {
    const name = '</text><script>x</script>&var(--ink)\u0007"\uD800'
    const arms = [scenario.arms[0], { name, mesh: 'envoy-sidecar' }].flatMap((arm) => arm ?? [])
    const hostile = viewOf(pageData(analysisOf({ scenario: { arms } })))
    for (const one of allCharts(hostile)) {
      const svg = (await standaloneSvg({ ...one, title: `${one.title} ${name}` }, about, 'light')) ?? ''
      expect(svg).not.toContain('<script')
      expect(svg).not.toContain('\u0007')
      expect(svg.isWellFormed()).toBe(true)
      expect(svg).toContain('var(--ink)')
    }
  })

  it('refuses a colour that the theme has not', async () => {
    const drawing = () => ({ data: { values: [{}] }, mark: { type: 'rect', color: 'var(--nothing)' } }) as never
    await expect(standaloneSvg({ ...chart, drawing }, about, 'light')).rejects.toThrow('var(--nothing)')
  })
})

describe('lines', () => {
  it('are filled word by word, and a long word is cut', () => {
    expect(wrapped('one two  three', 7)).toEqual(['one two', 'three'])
    expect(wrapped('abcdefghij k', 4)).toEqual(['abcd', 'efgh', 'ij k'])
    expect(wrapped('', 4)).toEqual([])
  })
})

describe('a caveat in short', () => {
  it.each([
    [CAVEAT, 'These are architectures built from one proxy on this machine, not Istio or Linkerd'],
    ['Simulated: no mesh was measured; the true effects are stated.', 'Simulated: no mesh was measured'],
    ['', ''],
  ])('%j', (caveat, short) => {
    expect(shortCaveat(caveat)).toBe(short)
  })
})
