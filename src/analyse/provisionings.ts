import type { JudgedTrial } from '../model/analysis.ts'

/**
 * The provisioning that a trial was measured on: its cluster's name and the time it was made. Undefined where there are no
 * clusters, and in results of before it was kept.
 */
export function provisioningOf({ result }: Pick<JudgedTrial, 'result'>): string | undefined {
  const { outcome } = result
  if (outcome.status !== 'measured') return undefined
  const seen = outcome.reading.observation.evidence.find(({ name }) => name === 'cluster')?.seen
  return seen?.includes(', made ') ? seen.split(', kept from ')[0] : undefined
}

/** All provisionings of some trials. */
export function provisioningsOf(trials: readonly Pick<JudgedTrial, 'result'>[]): ReadonlySet<string> {
  return new Set(trials.flatMap((trial) => provisioningOf(trial) ?? []))
}
