/** A kind of file that people write, as messages speak of it. */
export interface FileKind {
  readonly noun: string
  /** Where its keys are explained: the end of a sentence. */
  readonly guide: string
  /** What to write into an empty one. */
  readonly beginning: string
}

export const SCENARIO_FILE: FileKind = {
  noun: 'scenario',
  guide: 'scenarios/example.yaml explains every key',
  beginning: 'Begin with a copy of scenarios/example.yaml.',
}
