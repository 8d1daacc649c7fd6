/** Why a run, or a part of it, cannot be judged. */
export interface Objection {
  /** Stable, for machines. */
  readonly rule: string
  readonly sentence: string
  readonly remedy: string
  /** Where, when it is not everywhere. */
  readonly arm?: string
  readonly load?: string
  readonly metric?: string
  /** The cells there are not judged at all: a verdict would rest on what is wrong. */
  readonly spoils: boolean
}
