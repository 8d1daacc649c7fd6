import type { RunRecord } from '../model/analysis.ts'

/** Platforms whose cohorts are clusters: two of the same arm differ, and blocks of one cannot show by how much. */
const PROVISIONED: ReadonlySet<string> = new Set(['kind', 'cluster'])

export function provisions({ run }: Pick<RunRecord, 'run'>): boolean {
  return PROVISIONED.has(run.provenance.platform)
}
