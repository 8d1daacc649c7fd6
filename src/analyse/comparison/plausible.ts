import { meshes } from '../../meshes/index.ts'
import type { Cell } from '../../model/analysis.ts'
import { baselineOf, type Load } from '../../model/scenario.ts'
import { formatChange, formatLatency, formatNumber, formatSize } from '../../model/units.ts'
import { cpuPerMillion } from '../metrics.ts'
import { provisions } from '../provisions.ts'
import type { TrialView } from '../trial-view.ts'
import { list } from '../wording.ts'
import { type Band, OFFICIAL, type Published, RANKS } from './bands.ts'
import type { Comparison, ComparisonRule } from './comparison.ts'

/** Proxies on the way cost time and CPU, whatever they are: less of either than without them is a sign of something else. */
export const fasterThanNothing: ComparisonRule = {
  name: 'faster-than-nothing',
  title: 'No arm with proxies is faster or cheaper than the baseline without',
  judge({ record, cells }) {
    const { scenario } = record.run.plan
    if (meshes[baselineOf(scenario).mesh]?.layer !== 'none') return []
    const proxied = new Set(
      scenario.arms.flatMap(({ name, mesh }) => ((meshes[mesh]?.layer ?? 'none') === 'none' ? [] : [name])),
    )
    return cells
      .filter(({ arm, metric, standing }) => proxied.has(arm) && standing === 'lower' && /^(p50|cpu)$/.test(metric))
      .map(({ arm, load, metric, ratio }) => ({
        severity: 'warning' as const,
        cause: `${metric === 'cpu' ? 'CPU' : metric} of ${arm} under ${load} is ${formatChange(ratio?.center ?? Number.NaN)} of a path without any proxy.`,
        effect:
          'A path with proxies cannot take less; what differs is something else, and it may be in every other figure.',
        remedy:
          'Look at the evidence of mTLS and path, at the placement of the pods, and at what the A/A pair differs by.',
        arm,
        load,
      }))
  },
}

/** Figures far off what others have published are shown as such, not corrected. */
export const unlikePublished: ComparisonRule = {
  name: 'unlike-published',
  title: 'Figures lie where others have found them',
  judge(comparison) {
    const { record } = comparison
    // Made-up effects are as their scenario states them.
    if (!provisions(record) || record.run.provenance.platform === 'simulated') return []
    return record.run.plan.scenario.loads.filter(isUsual).flatMap(({ name: load }) => {
      const seen = [...strays(comparison, load), ...disorder(comparison, load)]
      if (seen.length === 0) return []
      return [
        {
          severity: 'warning' as const,
          cause: `Under ${load}: ${seen.join('; ')}.`,
          effect: 'Published figures are of other machines and versions, so this may be right; it is rarely by chance.',
          remedy:
            'Check versions, limits and placement, and whether the machine was busy, before you quote these figures.',
          load,
        },
      ]
    })
  },
}

/** Bands are of small requests over few connections at a rate that leaves the machine idle most of the time. */
function isUsual({ rate, payload, protocol, connections }: Load): boolean {
  return rate !== 'max' && rate <= 2000 && payload <= 8192 && protocol === 'http' && connections <= 64
}

function strays({ record, cells, valid }: Comparison, load: string): string[] {
  return record.run.plan.scenario.arms.flatMap(({ name: arm, mesh }) => {
    const bands = OFFICIAL[mesh]
    if (!bands) return []
    const p50 = cells.find((cell) => cell.arm === arm && cell.load === load && cell.metric === 'p50')
    const views = valid.filter((view) => view.arm.name === arm && view.load.name === load)
    return [...added(arm, bands, p50), ...bands.proxies.flatMap((proxy) => proxyStrays(arm, proxy, views))]
  })
}

/** Only an interval that lies outside as a whole is outside. */
function added(arm: string, { added }: Published, cell: Cell | undefined): string[] {
  const { lo, hi } = cell?.difference ?? {}
  if (lo === undefined || hi === undefined || (hi >= added.lo && lo <= added.hi)) return []
  return [
    `${arm} adds ${formatLatency(lo)} to ${formatLatency(hi)} to p50, published are ${bandText(added, formatLatency)}`,
  ]
}

function proxyStrays(arm: string, proxy: Published['proxies'][number], views: readonly TrialView[]): string[] {
  const used = views.flatMap(({ reading }) =>
    reading.observation.usage
      .filter(({ role }) => role === proxy.role)
      .map((usage) => ({ cores: cpuPerMillion(usage, reading.requests) / 1000, memory: usage.memoryBytes })),
  )
  if (used.length === 0) return []
  const cores = used.reduce((sum, one) => sum + one.cores, 0) / views.length / proxy.traversals
  const memory = used.reduce((sum, one) => sum + one.memory, 0) / used.length
  const name = `${arm}, ${proxy.role}`
  return [
    ...(inside(cores, proxy.cores)
      ? []
      : [
          `${name}: ${formatNumber(cores)} cores for 1,000/s and traversal, published are ${bandText(proxy.cores, formatNumber)}`,
        ]),
    ...(inside(memory, proxy.memory)
      ? []
      : [`${name}: ${formatSize(memory)} of memory, published are ${bandText(proxy.memory, formatSize)}`]),
  ]
}

/** The consensus at low rates: no mesh, ambient at L4, Linkerd and ambient at L7, sidecars. */
function disorder({ record, cells }: Comparison, load: string): string[] {
  const ranked = record.run.plan.scenario.arms.flatMap(({ name, mesh }) => {
    const rank = RANKS[mesh]
    const ratio = cells.find((cell) => cell.arm === name && cell.load === load && cell.metric === 'p50')?.ratio
    return rank === undefined || ratio?.lo === undefined || ratio.hi === undefined
      ? []
      : [{ name, rank, lo: ratio.lo, hi: ratio.hi }]
  })
  const swapped = ranked.flatMap((one) =>
    ranked
      .filter((other) => one.rank < other.rank && one.lo > other.hi)
      .map((other) => `${one.name} above ${other.name}`),
  )
  return swapped.length === 0 ? [] : [`p50 puts ${list(swapped)}, which is not the order that others found`]
}

function inside(value: number, { lo, hi }: Band): boolean {
  return value >= lo && value <= hi
}

function bandText({ lo, hi }: Band, format: (value: number) => string): string {
  return `${format(lo)} to ${format(hi)}`
}
