/** What a run's folder, `results/<run>/`, holds. No other file spells these names. */
export const RUN_FOLDER = {
  /** Plan, provenance and state: what makes a folder a run. */
  run: 'run.json',
  /** What `--extend` has added to the plan. */
  extension: 'extension.json',
  /** One file for each finished trial. */
  trials: 'trials',
  /** The tools' own output, compressed. */
  raw: 'raw',
  /** What was installed in each arm. */
  arms: 'arms',
  events: 'events.jsonl',
  report: 'report.html',
  summary: 'summary.md',
  /** What `--export` writes. */
  figures: 'figures.csv',
  analysis: 'analysis.json',
  /** What makes a folder a run of probes, and one file for each feature of an arm. */
  featureRun: 'features.json',
  features: 'features',
  /** What `claims` writes. */
  claims: 'claims.html',
  claimsSummary: 'claims.md',
} as const

/**
 * Whether a name of a run, trial, arm or load is fit to be a part of a path: one component, which neither leads elsewhere nor is
 * hidden, whatever the file system. A run may come from elsewhere, and these names become files that are written and removed.
 */
export function isPathName(name: unknown): name is string {
  return typeof name === 'string' && /^[A-Za-z0-9][\w.-]{0,199}$/.test(name)
}
