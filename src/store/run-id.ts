/**
 * A run's name: sorts by time (UTC), says what it is, and is fit for a folder and for a Kubernetes label (63 characters):
 * `2026-11-22T1034-quick-k3f9`.
 * @param random a number in [0, 1)
 */
export function runId(now: Date, scenario: string, random: () => number): string {
  const minute = now.toISOString().slice(0, 16).replace(':', '')
  const name = scenario.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  const tail = Math.floor(random() * 36 ** 4)
    .toString(36)
    .padStart(4, '0')
  return [minute, name.slice(0, 40).replaceAll(/^-|-$/g, ''), tail].filter(Boolean).join('-')
}

/** Whether a folder bears a name that was made here, and so sorts by time. */
export function isRunId(name: string): boolean {
  return /^\d{4}-\d\d-\d\dT\d{4}-/.test(name)
}
