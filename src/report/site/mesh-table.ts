import { metrics } from '../../analyse/metrics.ts'
import {
  LOOK_BACK_DAYS,
  MESH_METRICS,
  type MeshAnswer,
  type MeshFigure,
  type MeshVersion,
  meshAnswer,
  meshVersions,
} from '../../analyse/over-runs/mesh-versions.ts'
import { standingOfRatio } from '../../compare/standing.ts'
import type { MetricInfo } from '../../model/analysis.ts'
import { LEVEL_TEXT } from '../../model/confidence.ts'
import { type HistoryEntry, likeEntries } from '../../model/history.ts'
import { count, list } from '../../model/words.ts'
import { type ArmStyle, swatch } from '../arm-styles.ts'
import { armStyles } from '../data/styles-of-arms.ts'
import {
  formatDifference,
  formatInterval,
  formatLevel,
  formatRatio,
  formatRatioInterval,
  htmlWords,
  listed,
  strung,
  type Words,
} from '../format.ts'
import { type Html, html } from '../html.ts'
import { dayOf } from '../outputs/run-words.ts'
import { heading, headingWords, whisker, whiskerScale } from '../sections/costs.ts'
import { type TableCell, table } from '../table.ts'

/** Addresses of the pages of runs, by the id of the run. */
export type PagesOfRuns = ReadonlyMap<string, string>

/** The id of a run as a link to its page, or as it is where the site has none. */
export function runLink(run: string, pages: PagesOfRuns, text = run): Html {
  const page = pages.get(run)
  return page === undefined ? html`${text}` : html`<a href="${page}">${text}</a>`
}

/** Every mesh by version, for each kind of machine and load; the one with the newest run is open. */
export function meshesSection(entries: readonly HistoryEntry[], pages: PagesOfRuns): Html {
  const groups = likeEntries(entries).flatMap((of) => {
    const versions = meshVersions(of)
    return versions.some(({ role }) => role === 'other') ? [{ of, versions }] : []
  })
  if (groups.length === 0) return html``
  return html`<section aria-labelledby="meshes"><h2 id="meshes">Meshes and versions</h2>
<p>Runs of the ${LOOK_BACK_DAYS} days before the newest run, by mesh and version. Latencies are ratios to the baseline of the same run; CPU and memory are what the baseline does not have. With several runs the interval is that of the scatter from run to run (a t interval over runs); with one run it is that of this run, and says nothing of another one.</p>
${groups.map(({ of, versions }, index) => {
  const [first] = of
  if (!first) return html``
  const place = `${first.platform}, ${first.profile} settings, ${first.machine}`
  const inside = html`<p class="under">${place}. Load: ${first.asked}.</p>${answerOf(meshAnswer(versions, first.platform))}
<div class="compared" data-part="costs-mesh-${index}">${versionTable(versions, pages, { index, load: first.load, place })}</div>`
  return index === 0
    ? html`<h3>${first.load}</h3>${inside}`
    : html`<details><summary>${first.load} <small>${place}</small></summary>${inside}</details>`
})}</section>`
}

function answerOf(answer: MeshAnswer | undefined): Html | false {
  if (!answer) return false
  const { best, metric, others } = answer
  const figure = best.figures[metric]
  const of = (standing: string) => others.filter((one) => one.standing === standing)
  const named = (all: MeshAnswer['others']): Words => listed(all.map((one) => nameOf(one.of)))
  const level = figure
    ? `: ${formatRatio(figure.estimate.center)}${bracketed(formatRatioInterval(figure.estimate))}`
    : ''
  const [worse, same] = [of('higher'), others.filter(({ standing }) => standing !== 'higher')]
  const parts: Words[] = [
    ['Among the newest versions, ', ...nameOf(best), ` has the lowest ${metric}${level}`],
    same.length === 0 ? [] : [...named(same), ` ${same.length === 1 ? 'is' : 'are'} not told apart from it`],
    worse.length === 0 ? [] : [...named(worse), ` ${worse.length === 1 ? 'is' : 'are'} higher`],
  ]
  return html`<p class="lead">${htmlWords([...strung(parts), '.'])}</p>`
}

function bracketed(text: string | undefined): string {
  return text === undefined ? '' : ` (${text})`
}

function nameOf({ title, version }: MeshVersion): Words {
  return version === undefined ? [{ arm: title }] : [{ arm: title }, ` ${version}`]
}

interface TableAbout {
  readonly index: number
  readonly load: string
  readonly place: string
}

function versionTable(versions: readonly MeshVersion[], pages: PagesOfRuns, { index, load, place }: TableAbout): Html {
  const infos = MESH_METRICS.flatMap((name) => metrics.find(({ info }) => info.name === name)?.info ?? [])
  const styles = stylesOf(versions)
  const scales = infos.map(({ name }) =>
    whiskerScale(versions.flatMap(({ figures }) => (figures[name]?.of === 'ratio' ? [figures[name].estimate] : []))),
  )
  return table({
    id: `meshes-${index}`,
    kind: 'costs',
    caption: html`<span class="unseen">${load}, ${place}. </span>The newest version of each mesh first, with ${LEVEL_TEXT} intervals. Colours mark decided differences; fewer than four runs decide nothing.`,
    head: [
      { content: 'Mesh' },
      { content: 'Version' },
      { content: 'Runs', numeric: true },
      ...infos.map((info) => ({ content: heading(info, 'response'), numeric: true })),
    ],
    rows: versions.map((one) => [
      html`<span class="arm">${swatch(styles.get(one.mesh) ?? ANY)}<span>${one.title}</span></span><small>${roleWords(one)}</small>`,
      { label: 'Version', content: html`${one.version ?? '–'}${one.settings && html`<small>${one.settings}</small>`}` },
      { label: 'Runs', content: runsOf(one, pages) },
      ...infos.map((info, at) => figureCell(one.figures[info.name], info, scales[at] ?? [0.9, 1.1])),
    ]),
  })
}

const ANY = armStyles({ arms: [{ name: 'any', mesh: 'none' }] })[0] as ArmStyle

/** By mesh, so that all versions of one look the same. */
function stylesOf(versions: readonly MeshVersion[]): ReadonlyMap<string, ArmStyle> {
  const names = [...new Set(versions.map(({ mesh }) => mesh))]
  return new Map(armStyles({ arms: names.map((mesh) => ({ name: mesh, mesh })) }).map((style) => [style.mesh, style]))
}

function roleWords({ role, arms, title }: MeshVersion): string {
  const others = arms.filter((arm) => arm !== title)
  const named = others.length === 0 ? '' : list(others)
  if (role === 'baseline') return `${named}, the baseline`
  return role === 'repeat' ? `${named}: the baseline again, for the noise` : named
}

function runsOf({ runs }: MeshVersion, pages: PagesOfRuns): Html {
  const [first, last] = [runs[0], runs.at(-1)]
  if (!first || !last) return html`0`
  const newest = runLink(last.run, pages, dayOf(last.startedAt))
  if (runs.length === 1) return html`<span class="count">1</span><small class="date">${newest}</small>`
  const links = runs.toReversed().map(({ run, startedAt }) => html`<li>${runLink(run, pages, dayOf(startedAt))}</li>`)
  return html`<span class="count">${runs.length}</span><small class="date">newest: ${newest}</small><details><summary>All runs<span class="unseen"> since ${dayOf(first.startedAt)}</span></summary><ul>${links}</ul></details>`
}

function figureCell(figure: MeshFigure | undefined, info: MetricInfo, scale: readonly [number, number]): TableCell {
  const [label] = headingWords(info, 'response')
  if (!figure) return { label, tone: 'faint', content: html`–<small>no figure</small>` }
  const { of, estimate } = figure
  if (of === 'ratio') {
    const { standing } = standingOfRatio(estimate, { band: undefined })
    const tone = standing === 'higher' ? 'worse' : standing === 'lower' ? 'better' : 'faint'
    return {
      label,
      tone,
      content: html`<span class="level">${formatRatio(estimate.center)}</span>${whisker(estimate, scale)}<small>${formatRatioInterval(estimate) ?? 'no interval'}</small>`,
    }
  }
  const format = (value: number) =>
    of === 'added' ? formatDifference(info.unit, value) : formatLevel(info.unit, value)
  if (estimate.center === 0) return { label, tone: 'faint', content: html`${of === 'added' ? 'none' : '0'}` }
  return {
    label,
    content: html`<span class="level">${format(estimate.center)}</span><small>${formatInterval(estimate, format) ?? 'no interval'}</small>`,
  }
}

/** For the lead of a page. */
export function runCount(entries: readonly HistoryEntry[]): string {
  return count(new Set(entries.map(({ run }) => run)).size, 'run')
}
