import { Resvg } from '@resvg/resvg-js'
import { describe, expect, it } from 'vitest'
import { PNG_SCALE, pngOf } from '../../src/commands/report.ts'
import { allCharts } from '../../src/report/charts/index.ts'
import { pageData } from '../../src/report/data/page-data.ts'
import { viewOf } from '../../src/report/data/view.ts'
import { standaloneSvg } from '../../src/report/outputs/standalone-svg.ts'
import { analysisOf } from '../report/fixture.ts'

/** Pixels of a PNG as it is on disk: drawn once more, as an image in a picture of its size. */
function pixelsOf(png: Buffer) {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  const image = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><image width="${width}" height="${height}" href="data:image/png;base64,${png.toString('base64')}"/></svg>`
  const { pixels } = new Resvg(image).render()
  /** How many colours there are in a part of it. */
  const colors = (left: number, top: number, right: number, bottom: number) => {
    const found = new Set<number>()
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++) found.add(pixels.readUInt32BE((y * width + x) * 4))
    return found.size
  }
  return { width, height, colors }
}

const view = viewOf(pageData(analysisOf()))
/** One load is enough: the other has charts of the same kinds. */
const charts = allCharts(view).filter(({ id }) => !/-1(-|$)/.test(id))
const pictures = await Promise.all(
  charts.map(async (chart) => ({ id: chart.id, svg: await standaloneSvg(chart, { run: view.data.run }, 'light') })),
)

describe('PNG', () => {
  it.each(pictures.flatMap(({ id, svg }) => (svg === undefined ? [] : [{ id, svg }])))(
    'of $id is whole, of twice the size, and has its title in it',
    async ({ svg }) => {
      const png = await pngOf(svg)
      expect(png.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
      expect(png.subarray(-8, -4).toString()).toBe('IEND')
      const { width, height, colors } = pixelsOf(png)
      const [, w, h] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? []
      expect([width, height]).toEqual([Number(w) * PNG_SCALE, Number(h) * PNG_SCALE])
      // The margin is paper alone; smooth letters have many shades; so has the source line at the bottom.
      expect(colors(0, 0, width, 30)).toBe(1)
      expect(colors(40, 40, 400, 84)).toBeGreaterThan(20)
      expect(colors(40, height - 70, 400, height - 36)).toBeGreaterThan(20)
      expect(colors(0, 90, width, height - 80)).toBeGreaterThan(50)
    },
  )

  it('draws letters with the face that is carried along: without them there are none', async () => {
    const text = (words: string) =>
      `<svg xmlns="http://www.w3.org/2000/svg" width="100" height="30" font-family="'No Such Face', sans-serif"><rect width="100" height="30" fill="#fff"/><text x="5" y="20" font-size="14">${words}</text></svg>`
    const [some, none] = [pixelsOf(await pngOf(text('p99 ×2 µs'))), pixelsOf(await pngOf(text('')))]
    expect(none.colors(0, 0, 200, 60)).toBe(1)
    expect(some.colors(0, 0, 200, 60)).toBeGreaterThan(20)
  })
})
