import { provisions } from '../../compare/standing.ts'
import { gatewayOf } from '../../meshes/gateway-of.ts'
import { meshes } from '../../meshes/index.ts'
import type { Cell } from '../../model/analysis.ts'
import type { Band, Published } from '../../model/mesh.ts'
import type { HeldReading } from '../../model/result.ts'
import { type Arm, baselineOf, type Load } from '../../model/scenario.ts'
import { traitsOf } from '../../model/traits.ts'
import { formatChange, formatLatency, formatNumber, formatSize } from '../../model/units.ts'
import { list } from '../../model/words.ts'
import { type Spent, spentIn } from '../cost-model.ts'
import type { HeldView } from '../trial-view.ts'
import type { Comparison, ComparisonRule } from './comparison.ts'

/** Proxies cost time and CPU. An arm with proxies that takes less than one without shows that something else differs. */
export const fasterThanNothing: ComparisonRule = {
  name: 'faster-than-nothing',
  title: 'No arm with proxies is faster or cheaper than a baseline without proxies',
  problem: 'A mesh seems faster or cheaper than no mesh',
  judge({ record, cells }) {
    const { scenario } = record.run.plan
    if (meshes[baselineOf(scenario).mesh]?.layer !== 'none') return []
    const proxied = new Set(
      scenario.arms.flatMap(({ name, mesh }) => ((meshes[mesh]?.layer ?? 'none') === 'none' ? [] : [name])),
    )
    return cells
      .filter(
        ({ arm, metric, standing }) => proxied.has(arm) && standing === 'lower' && /^(p50|mesh-cpu)$/.test(metric),
      )
      .map(({ arm, load, metric, ratio }) => ({
        severity: 'warning' as const,
        cause: ratio
          ? `${metric} of ${arm} under ${load} differs by ${formatChange(ratio.center)} from the path without proxies.`
          : `${metric} of ${arm} under ${load} is below 0: its proxies used less CPU under load than idle.`,
        effect: 'A path with proxies cannot take less. Something else differs, and it may affect every other figure.',
        remedy: 'Check the evidence of mTLS and path, the placement of the pods, and the difference of the A/A pair.',
        arm,
        load,
      }))
  },
}

/** Reports figures far from published ones. It does not correct them. */
export const unlikePublished: ComparisonRule = {
  name: 'unlike-published',
  title: 'Figures are in the range of published ones',
  problem: 'Figures are far from published ones',
  judge(comparison) {
    const { record } = comparison
    // Simulated effects come from the scenario.
    if (!provisions(record) || traitsOf(record.run.provenance.platform)?.arms === 'effects') return []
    return record.run.plan.scenario.loads.filter(isUsual).flatMap(({ name: load }) => {
      const seen = [...strays(comparison, load), ...disorder(comparison, load)]
      if (seen.length === 0) return []
      return [
        {
          severity: 'warning' as const,
          cause: `Under ${load}: ${seen.join('; ')}.`,
          effect:
            'Published figures come from other machines and versions, so this may be correct, but it is rarely chance.',
          remedy:
            'Check versions, limits and placement, and whether the machine was busy, before you quote these figures.',
          load,
        },
      ]
    })
  },
}

/** Whether published figures apply: small requests over few connections, at a rate that leaves the machine mostly idle. */
function isUsual({ rate, payload, protocol, connections, capacity, operation }: Load): boolean {
  return (
    !capacity &&
    operation === undefined &&
    rate !== 'max' &&
    rate <= 2000 &&
    payload <= 8192 &&
    protocol === 'http' &&
    connections <= 64
  )
}

/** Nobody publishes figures of meshes behind their gateway. */
function publishedArms({ record }: Pick<Comparison, 'record'>): readonly Arm[] {
  return record.run.plan.scenario.arms.filter((arm) => !gatewayOf(arm))
}

function strays({ record, cells, valid }: Comparison, load: string): string[] {
  return publishedArms({ record }).flatMap(({ name: arm, mesh }) => {
    const bands = meshes[mesh]?.published
    if (!bands) return []
    const p50 = cells.find((cell) => cell.arm === arm && cell.load === load && cell.metric === 'p50')
    const views = valid.filter((view) => view.arm.name === arm && view.load.name === load)
    return [...added(arm, bands, p50), ...bands.proxies.flatMap((proxy) => proxyStrays(arm, proxy, views))]
  })
}

/** Reports an interval only where all of it lies outside the published band. */
function added(arm: string, { added }: Published, cell: Cell | undefined): string[] {
  const { lo, hi } = cell?.difference ?? {}
  if (lo === undefined || hi === undefined || (hi >= added.lo && lo <= added.hi)) return []
  return [
    `${arm} adds ${formatLatency(lo)} to ${formatLatency(hi)} to p50, published: ${bandText(added, formatLatency)}`,
  ]
}

function proxyStrays(arm: string, proxy: Published['proxies'][number], views: readonly HeldView[]): string[] {
  const used = views.flatMap(({ reading }) =>
    spentIn(reading)
      .filter(({ role }) => role === proxy.role)
      .map((spent) => ({ cores: coresAt(1000, spent, reading), memory: spent.bytes })),
  )
  if (used.length === 0) return []
  const cores = used.reduce((sum, one) => sum + one.cores, 0) / views.length / proxy.traversals
  const memory = used.reduce((sum, one) => sum + one.memory, 0) / used.length
  const name = `${arm}, ${proxy.role}`
  return [
    ...(inside(cores, proxy.cores)
      ? []
      : [
          `${name}: ${formatNumber(cores)} cores per 1,000/s and traversal, published: ${bandText(proxy.cores, formatNumber)}`,
        ]),
    ...(inside(memory, proxy.memory)
      ? []
      : [`${name}: ${formatSize(memory)} of memory, published: ${bandText(proxy.memory, formatSize)}`]),
  ]
}

/** Cores at a rate in requests per second. Without an idle window, all CPU is assumed to grow with the rate. */
function coresAt(rate: number, { cores, idle, perRequest }: Spent, { requests, observation }: HeldReading): number {
  return idle && perRequest !== undefined
    ? idle.cores + rate * perRequest
    : (rate * cores * observation.seconds) / requests
}

/** The consensus at low rates: no mesh, ambient at L4, Linkerd and ambient at L7, sidecars. */
function disorder({ record, cells }: Comparison, load: string): string[] {
  const ranked = publishedArms({ record }).flatMap(({ name, mesh }) => {
    const rank = meshes[mesh]?.published?.rank
    const ratio = cells.find((cell) => cell.arm === name && cell.load === load && cell.metric === 'p50')?.ratio
    return rank === undefined || ratio?.lo === undefined || ratio.hi === undefined
      ? []
      : [{ name, rank, lo: ratio.lo, hi: ratio.hi }]
  })
  const swapped = ranked.flatMap((one) =>
    ranked
      .filter((other) => one.rank < other.rank && one.lo > other.hi)
      .map((other) => `${one.name} is slower than ${other.name}`),
  )
  return swapped.length === 0 ? [] : [`by p50, ${list(swapped)}, unlike in published results`]
}

function inside(value: number, { lo, hi }: Band): boolean {
  return value >= lo && value <= hi
}

function bandText({ lo, hi }: Band, format: (value: number) => string): string {
  return `${format(lo)} to ${format(hi)}`
}
