import { unpairedContrast } from '../../compare/contrast.ts'
import type { Analysis, Cell } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { SHOWN } from '../../model/shown-metrics.ts'
import { list, STANDING_WORDS } from '../../model/words.ts'
import { formatDifference, formatInterval, formatLevel, formatRatio, formatRatioInterval } from '../format.ts'
import { type Fragment, type Html, html } from '../html.ts'
import { table } from '../table.ts'
import type { PageData } from './page-data.ts'
import { PAGE_SCHEMA } from './page-state.ts'

/** A quick comparison with another run's report; `meshbench compare` is more thorough. */
export function otherRun(own: PageData, other: PageData): Html {
  const rows = rowsOf(own, other)
  return html`<h2 id="other-run-title" tabindex="-1">Comparison with another run</h2>
<p>Left: this run, <code>${own.run.id}</code>. Right: <code>${other.run.id}</code> of ${other.run.startedAt.slice(0, 10)}. The comparison is unpaired, trial against trial, by the Hodges–Lehmann shift with its ${LEVEL_TEXT} interval. It includes everything that changed between the runs. <code>meshbench compare</code> shows more.</p>
${differences(own, other)}
${
  rows.length === 0
    ? html`<p class="reason">No table: the two runs have no arm and load with the same names.</p>`
    : table({
        id: 'other-run-table',
        caption: 'Unpaired, two runs',
        head: [
          { content: 'Arm' },
          { content: 'Load' },
          { content: 'Metric' },
          { content: 'This run', numeric: true },
          { content: 'Other run', numeric: true },
          { content: 'Change', numeric: true },
          { content: `${LEVEL_TEXT} interval`, numeric: true },
          { content: 'Standing' },
        ],
        rows,
      })
}
<p><button type="button">Close</button></p>`
}

/** The differences between the two runs. */
function differences(own: PageData, other: PageData): Html {
  const found = [...runFacts(own, other), ...loadFacts(own, other), ...onlyIn(own, other)]
  if (found.length === 0) return html``
  return html`<div class="differs" role="note"><p><b>These runs also differ in:</b></p><ul>${found.map((one) => html`<li>${one}</li>`)}</ul></div>`
}

/** The facts of a run without those that always differ. */
function runFacts({ run }: PageData, { run: other }: PageData): string[] {
  const { id: _a, startedAt: _b, ...facts } = run
  const [mine, theirs] = [facts, other].map((one) => new Map(Object.entries(one)))
  return Object.keys(facts).flatMap((key) => {
    const [a, b] = [mine, theirs].map((one) => String(one?.get(key) ?? 'unknown'))
    return a === b ? [] : [`${key}: ${a} here, ${b} there`]
  })
}

function loadFacts({ loads }: PageData, { loads: others }: PageData): string[] {
  return loads.flatMap((load) => {
    const other = others.find(({ name }) => name === load.name)
    if (!other) return []
    const theirs = new Map(Object.entries(other))
    return Object.entries(load).flatMap(([key, value]) => {
      const there = String(theirs.get(key) ?? 'absent')
      return String(value) === there ? [] : [`load ${load.name}, ${key}: ${value} here, ${there} there`]
    })
  })
}

function onlyIn(own: PageData, other: PageData): string[] {
  const missing = (a: PageData, b: PageData) => [
    ...lacking(a.arms, b.arms).map((name) => `arm ${name}`),
    ...lacking(a.loads, b.loads).map((name) => `load ${name}`),
  ]
  const [here, there] = [missing(own, other), missing(other, own)]
  return [
    ...(here.length === 0 ? [] : [`only here: ${list(here)}`]),
    ...(there.length === 0 ? [] : [`only there: ${list(there)}`]),
  ]
}

function lacking(of: readonly { name: string }[], others: readonly { name: string }[]): string[] {
  const known = new Set(others.map(({ name }) => name))
  return of.map(({ name }) => name).filter((name) => !known.has(name))
}

function rowsOf(own: PageData, other: PageData) {
  const theirs = new Map(other.cells.map((cell) => [keyOf(cell), cell]))
  return own.arms.flatMap(({ name: arm }) =>
    own.loads.flatMap(({ name: load }) =>
      SHOWN.otherRun.flatMap((metric) => {
        const here = own.cells.find((cell) => keyOf(cell) === keyOf({ arm, load, metric }))
        const there = theirs.get(keyOf({ arm, load, metric }))
        return here && there ? [row(own, other, here, there)] : []
      }),
    ),
  )
}

function keyOf({ arm, load, metric }: Pick<Cell, 'arm' | 'load' | 'metric'>): string {
  return JSON.stringify([arm, load, metric])
}

function row(own: PageData, other: PageData, here: Cell, there: Cell) {
  const metric = own.metrics.find(({ name }) => name === here.metric)
  const unit = metric?.unit ?? 'seconds'
  const { arm } = here
  const { ratio, difference, standing, notes } = unpairedContrast(
    { analysis: analysisOf(own), arm },
    here,
    { analysis: analysisOf(other), arm },
    there,
  )
  const number = (content: Fragment) => ({ numeric: true, content: content ?? '–' })
  const change = difference && formatDifference(unit, difference.center)
  const interval = difference && formatInterval(difference, (value) => formatDifference(unit, value))
  return [
    { content: arm },
    { content: here.load },
    { content: metric?.title ?? here.metric },
    number(here.estimate && formatLevel(unit, here.estimate.center)),
    number(there.estimate && formatLevel(unit, there.estimate.center)),
    number(ratio ? formatRatio(ratio.center) : change),
    number(ratio ? formatRatioInterval(ratio) : interval),
    { content: html`${STANDING_WORDS[standing]}${notes.length > 0 && html` <small>${notes.join(' ')}</small>`}` },
  ]
}

/** What an unpaired comparison needs of an analysis: cells, noise floors and the baseline, all of which the page has. */
function analysisOf({ cells, noise, arms, run: { minEffect } }: PageData): Analysis {
  const inOrder = arms.toSorted((a, b) => Number(b.role === 'baseline') - Number(a.role === 'baseline'))
  const scenario = {
    arms: inOrder.map(({ name, mesh }) => ({ name, mesh })),
    ...(minEffect !== undefined && { minEffect }),
  }
  return { cells, noise, record: { run: { plan: { scenario } } } } as unknown as Analysis
}

type Read = { readonly data: PageData } | { readonly reason: string }

/**
 * Reads the data of another page. They are not trusted: the shape is checked, and texts are always escaped.
 */
export function readPageData(text: string): Read {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return { reason: 'its data are damaged' }
  }
  if (!isRecord(found)) return { reason: 'its data are damaged' }
  if (found['schema'] !== PAGE_SCHEMA) {
    return { reason: `it was written by another version of meshbench (schema ${String(found['schema']).slice(0, 20)})` }
  }
  return isPageData(found) ? { data: found as unknown as PageData } : { reason: 'its data are damaged' }
}

function isPageData({ run, arms, loads, metrics, cells, noise }: Record<string, unknown>): boolean {
  return (
    isRecord(run) &&
    ['id', 'scenario', 'startedAt', 'platform', 'profile'].every((key) => typeof run[key] === 'string') &&
    each(arms, ({ name, mesh, role }) => [name, mesh, role].every(isText)) &&
    each(loads, ({ name }) => isText(name)) &&
    each(metrics, ({ name, title, unit }) => [name, title, unit].every(isText)) &&
    each(cells, isCell) &&
    each(noise, ({ load, metric, ratio }) => isText(load) && isText(metric) && isEstimate(ratio))
  )
}

function isCell({ arm, load, metric, values, estimate }: Record<string, unknown>): boolean {
  return (
    [arm, load, metric].every(isText) &&
    each(values, ({ cohort, block, value }) => [cohort, block, value].every(Number.isFinite)) &&
    (estimate === undefined || isEstimate(estimate))
  )
}

function isEstimate(value: unknown): boolean {
  if (!isRecord(value)) return false
  const { center, n, lo = 0, hi = 0 } = value
  return [center, n, lo, hi].every(Number.isFinite)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function each(list: unknown, holds: (one: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(list) && list.every((one) => isRecord(one) && holds(one))
}
