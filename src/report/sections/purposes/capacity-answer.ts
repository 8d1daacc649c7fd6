import {
  boundsOfArm,
  capacityStatements,
  goalWords,
  rateInterval,
  shortRate,
} from '../../../analyse/capacity/capacity-words.ts'
import type { Analysis, CapacityEnding, CapacityOfLoad, Cell } from '../../../model/analysis.ts'
import { LEVEL_TEXT } from '../../../model/confidence.ts'
import { blockCount } from '../../../model/plan.ts'
import type { Load } from '../../../model/scenario.ts'
import { SHOWN } from '../../../model/shown-metrics.ts'
import { formatDuration, formatNumber, formatShare } from '../../../model/units.ts'
import { capital, connectionWords, count, STANDING_WORDS, validityWords } from '../../../model/words.ts'
import { armLegend, swatch } from '../../arm-styles.ts'
import type { View } from '../../data/view.ts'
import { formatLevel, formatRatio, formatRatioInterval } from '../../format.ts'
import { type Fragment, type Html, html } from '../../html.ts'
import { table } from '../../table.ts'
import { ofLoad } from '../chart-sections.ts'

/** What the page says of a run that searched capacities: the answer of each load, the curve, and every search. */
export async function capacity(view: View, analysis: Analysis): Promise<Html> {
  const parts = await Array.fromAsync(view.loads, (load) => {
    const one = analysis.capacities.find((each) => each.load === load.name)
    return one ? ofOneLoad(view, analysis, { load, one }) : html``
  })
  return html`<section class="first" aria-labelledby="capacity"><h2 id="capacity">Capacity</h2>${parts}
<p>Each search measures one arm in one block: short trials first, then full ones between the bounds that the short ones left, until the upper bound is at most ${shownWidth(analysis)} above the lower one (after MLRsearch, RFC 9971). The capacity of a block is the middle of its bounds, in the logarithm. Blocks are the replicates: the interval of an arm and the ratio to ${view.baseline.name} come from them, paired within blocks.</p></section>`
}

function shownWidth({ capacities }: Analysis): string {
  return [...new Set(capacities.map(({ goal }) => formatShare(goal.width)))].join(' or ')
}

interface OfLoad {
  readonly load: Load
  readonly one: CapacityOfLoad
}

async function ofOneLoad(view: View, analysis: Analysis, { load, one }: OfLoad): Promise<Html> {
  const { scenario } = analysis.record.run.plan
  const sentences = capacityStatements(scenario, one, analysis.cells)
  const how = `${load.name}: the highest rate with ${goalWords(one.goal)}, ${connectionWords(load)}, driven by ${load.tool}`
  return html`<h3>${how}</h3>
<p class="lead">${sentences[0]}</p>${sentences.slice(1).map((sentence) => html`<p class="second">${sentence}</p>`)}
${knees(view, analysis, one)}
<p class="under">${trustWords(view, analysis, one)}</p>
${armLegend(view.arms)}${await ofLoad(view, load, 'capacity')}
${searchTable(view, one)}`
}

/** "94 of 94 trials valid; 5 blocks in 1 cohort; …": how far to trust the table above. */
function trustWords(view: View, analysis: Analysis, { load, searches }: CapacityOfLoad): string {
  const { plan } = analysis.record.run
  const found = searches.filter((search) => search.capacity !== undefined).length
  const band = view.noise(load, 'capacity')
  const noise =
    band === undefined
      ? 'there is no A/A pair with capacities, so the noise is unknown'
      : `two equal arms differ by up to ${formatRatio(band)}`
  return `${validityWords(analysis)}; ${found} of ${searches.length} searches found a capacity; ${count(blockCount(plan), 'block')} in ${count(plan.cohorts.length, 'cohort')}; ${noise}.`
}

/** A row for each arm: the knee with its interval, the bounds, what it answered there, and the cores that the mesh used there. */
function knees(view: View, { cells, metrics }: Analysis, one: CapacityOfLoad): Html {
  const cellOf = (arm: string, metric: string) =>
    cells.find((cell) => cell.arm === arm && cell.load === one.load && cell.metric === metric)
  const level = (cell: Cell | undefined): Fragment => {
    const unit = metrics.find(({ name }) => name === cell?.metric)?.unit
    return cell?.estimate && unit ? formatLevel(unit, cell.estimate.center) : '–'
  }
  return table({
    id: `capacity-of-${one.load}`,
    caption: `Geometric means over blocks, with ${LEVEL_TEXT} intervals. Answered requests and cores of the mesh are those at the lower bound`,
    head: [
      { content: 'Arm' },
      { content: 'Capacity', numeric: true },
      { content: `${LEVEL_TEXT} interval`, numeric: true },
      { content: 'Bounds', numeric: true },
      ...SHOWN.capacity.slice(1).map(([, head]) => ({ content: capital(head), numeric: true })),
      { content: 'Ratio', numeric: true },
      { content: 'Standing' },
    ],
    rows: view.arms.map((style) => {
      const cell = cellOf(style.name, 'capacity')
      const bounds = boundsOfArm(one, style.name)
      const interval = cell?.ratio && formatRatioInterval(cell.ratio)
      return [
        html`<span class="arm">${swatch(style)}<span>${style.name}</span></span>`,
        level(cell),
        (cell?.estimate && rateInterval(cell.estimate)) ?? '–',
        bounds ? `${shortRate(bounds.lower)} and ${shortRate(bounds.upper)}` : '–',
        ...SHOWN.capacity.slice(1).map(([metric]) => level(cellOf(style.name, metric))),
        cell?.ratio ? html`${formatRatio(cell.ratio.center)}${interval && html`<small>${interval}</small>`}` : '–',
        cell ? STANDING_WORDS[cell.standing] : '–',
      ]
    }),
  })
}

const ENDINGS: Readonly<Record<CapacityEnding, string>> = {
  width: 'bounds as close as asked',
  'above-max': 'met the goal at the highest rate',
  'below-min': 'missed the goal at the lowest rate',
  budget: 'budget spent',
  disturbed: 'disturbed',
  failed: 'failed',
}

function searchTable({ arms }: View, { load, searches }: CapacityOfLoad): Html {
  const shown = new Set(arms.map(({ name }) => name))
  const rate = (value: number | undefined) => (value === undefined ? '–' : shortRate(value))
  return html`<details><summary>${searches.length} searches, one by one</summary>${table({
    id: `searches-of-${load}`,
    caption: 'Every search',
    head: [
      { content: 'Arm' },
      ...[
        'Block',
        'Trials',
        'Under load',
        'Lower bound',
        'Upper bound',
        'Answered at the lower bound',
        'Mesh cores',
      ].map((content) => ({ content, numeric: true })),
      { content: 'Ended' },
    ],
    rows: searches
      .filter(({ arm }) => shown.has(arm))
      .map((search) => [
        search.arm,
        String(search.block),
        String(search.trials.length),
        formatDuration(Math.round(search.seconds)),
        rate(search.lower),
        rate(search.upper),
        rate(search.throughput),
        search.cores === undefined ? '–' : formatNumber(search.cores),
        search.ended ? ENDINGS[search.ended] : 'not ended',
      ]),
  })}</details>`
}
