/**
 * What is wrong or worth knowing, in words. Checks of a platform, problems of a trial, findings of the gate, mistakes in a file
 * and failures all have these fields, so that terminal, page, JSON and CI say them in the same way.
 */
export interface Diagnostic {
  /** One sentence: what it is. */
  readonly message: string
  /** Why it is so. */
  readonly cause?: string | undefined
  /** What follows for the result. */
  readonly effect?: string | undefined
  /** What to do about it. */
  readonly remedy?: string | undefined
}
