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
} as const
