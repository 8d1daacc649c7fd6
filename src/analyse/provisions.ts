import type { RunRecord } from '../model/analysis.ts'

/** Platforms whose cohorts are clusters: two of the same arm differ, and blocks of one cannot show by how much. */
const PROVISIONED: ReadonlySet<string> = new Set(['kind', 'cluster'])

/** Simulated clusters are clusters where they are told to differ. */
export function provisions({ run }: Pick<RunRecord, 'run'>): boolean {
  const { platform } = run.provenance
  return PROVISIONED.has(platform) || (platform === 'simulated' && run.plan.scenario.simulation.noise.cohort > 0)
}
