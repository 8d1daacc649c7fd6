import { meshes } from '../../meshes/index.ts'
import type { Analysis } from '../../model/analysis.ts'
import { TAIL } from '../../model/quantiles.ts'
import type { Run } from '../../model/result.ts'
import { formatSize } from '../../model/units.ts'
import { costAnswer } from '../data/answers.ts'
import { latencyMetric, type View } from '../data/view.ts'
import { formatRatio, plainWords } from '../format.ts'

/** Formats a time as "2026-03-01"; other text is returned unchanged. */
export function dayOf(iso: string): string {
  return /^\d{4}-\d\d-\d\d/.test(iso) ? iso.slice(0, 10) : iso
}

/** Formats a time as "2026-03-01 20:15 UTC"; other text is returned unchanged. */
export function minuteOf(iso: string): string {
  return /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(iso) ? `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC` : iso
}

/** The first clause of a caveat for places with little room, but more than one word. */
export function shortCaveat(caveat: string): string {
  return /^(?:\S+: )?[^.:;]*/.exec(caveat)?.[0].trim() ?? ''
}

export function machineWords({ cpu, cores, memoryBytes, virtual }: Run['provenance']['machine']): string {
  return [cpu, `${cores} cores`, formatSize(memoryBytes), virtual].filter(Boolean).join(', ')
}

/** The cost of the arms by the tail under the first load, in one sentence. */
export function headlineWords(view: View): string {
  const [load] = view.loads
  const metric = load && view.metric(latencyMetric(view, load, TAIL))
  return load && metric ? `${load.name}: ${plainWords(costAnswer(view, load, metric))}` : 'No latency was measured.'
}

/** How far equal arms strayed in p99, load by load. */
export function noiseWords(view: View): string {
  const bands = view.loads.flatMap((load) => {
    const band = view.noise(load.name, latencyMetric(view, load, TAIL))
    return band === undefined ? [] : [`up to ${formatRatio(band)} under ${load.name}`]
  })
  return bands.length === 0
    ? 'unknown: no A/A pair with valid data'
    : `tail of ${view.baseline.name} in the A/A pair: ${bands.join(', ')}`
}

/** What ran: this program, the tools, the meshes as asked for and as seen. */
export function versionWords({ record, trials }: Analysis): string {
  const { provenance, plan } = record.run
  const tools = provenance.tools.map(({ name, version }) => `${name} ${version}`)
  const asked = plan.scenario.arms.flatMap(({ name, mesh, version }) =>
    version === undefined ? [] : [`${name}: ${meshes[mesh]?.title ?? mesh} ${version}`],
  )
  const seen = trials.flatMap(({ result: { trial, outcome } }) =>
    outcome.status === 'failed'
      ? []
      : outcome.reading.observation.evidence.flatMap((one) =>
          one.name === 'version' ? [`${trial.arm}: ${one.seen}`] : [],
        ),
  )
  return [...new Set([`meshbench ${provenance.meshbench}`, ...tools, ...asked, ...seen])].join(', ')
}
