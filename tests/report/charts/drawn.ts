import type { TopLevelSpec } from 'vega-lite'
import { expect } from 'vitest'
import type { Analysis } from '../../../src/model/analysis.ts'
import type { Chart } from '../../../src/report/chart.ts'
import { type Frame, liveFrame, STILL } from '../../../src/report/charts/frame.ts'
import { type PageData, pageData } from '../../../src/report/data/page-data.ts'
import { type PageState, PUBLISHED } from '../../../src/report/data/page-state.ts'
import { type View, viewOf } from '../../../src/report/data/view.ts'
import { draw } from '../../../src/report/draw.ts'

/** A name that would break out of text, an attribute or an expression, if something let it. */
export const HOSTILE = `</script><img src=x onerror=alert(1)>"'&{{x}} datum.value`

export function viewFrom(analysis: Analysis, state: Partial<PageState> = {}, data: Partial<PageData> = {}): View {
  return viewOf({ ...pageData(analysis), ...data }, { ...PUBLISHED, ...state })
}

export function specOf({ drawing }: Chart, frame: Frame = STILL): TopLevelSpec {
  if ('reason' in drawing) throw new Error(`not drawn: ${drawing.reason}`)
  return drawing(frame)
}

/** Everything that a reader can point at. */
export function saidOf(chart: Chart, frame: Frame = liveFrame(480)): { series: string; say: string }[] {
  const found: { series: string; say: string }[] = []
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return
    if ('say' in value && 'series' in value) found.push(value as (typeof found)[number])
    else for (const inner of Object.values(value)) visit(inner)
  }
  visit(specOf(chart, frame))
  return found
}

/** Draws it as Node does and for a browser, narrow and wide; the answer is Node's. */
export async function drawn(chart: Chart): Promise<string> {
  const frames = [STILL, liveFrame(300), liveFrame(640)]
  const [still, ...live] = await Array.fromAsync(frames, (frame) => draw(specOf(chart, frame)))
  for (const svg of [still ?? '', ...live]) {
    expect(svg.slice(0, 4)).toBe('<svg')
    expect(/NaN|Infinity|undefined|null/.exec(svg)?.[0]).toBeUndefined()
    expect(/(?:fill|stroke)="(?!none|transparent|var\(--)/.test(svg)).toBe(false)
    expect(svg.includes('<img')).toBe(false)
  }
  expect(chart.sentence).not.toMatch(/NaN|Infinity|undefined/)
  expect(chart.sentence).toMatch(/\d.*\.$/)
  for (const row of chart.rows) expect(row).toHaveLength(chart.columns.length)
  return still ?? ''
}

export function reasonOf({ drawing, sentence }: Chart): string {
  expect(sentence).toBe('')
  return 'reason' in drawing ? drawing.reason : ''
}
