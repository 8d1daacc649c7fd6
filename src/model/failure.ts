import type { Diagnostic } from './diagnostic.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { withoutTerminalCodes } from './foreign-text.ts'
import { redactText } from './secrets.ts'

/** A failure as data, as stored in a trial's file. Without a schema here: every start of meshbench loads this file. */
export interface FailureData extends Diagnostic {
  readonly code: string
}

/** Failure codes that end the program with the exit code `usage`. Codes in neither set are `infrastructure`. */
const USAGE = new Set([
  'usage',
  'scenario',
  'limits',
  'site',
  'unknown-run',
  'plan-changed',
  'not-resumable',
  'no-results',
  'not-mergeable',
  'already-merged',
])

/** The code of a failure that a signal of the user is the cause of. */
const INTERRUPTED = 'interrupted'

/** Failure codes for data that cannot be judged: with these, a gate must not pass. */
const INVALID = new Set(['no-valid-data', 'too-few-valid-trials', 'no-reference', 'not-comparable', 'history-damaged'])

/** Failure codes of a cluster that could not be asked, or dropped a connection: what is measured in it is not the cause. */
const OF_CLUSTER = new Set(['exec-broken', 'cluster-busy', 'cluster-unreachable', 'node-gone'])

/** Whether a trial failed by the cluster that it stands in, and not by its arm. */
export function isOfCluster({ code }: Pick<FailureData, 'code'>): boolean {
  return OF_CLUSTER.has(code)
}

/**
 * An error with what happened, why, and what to do about it, without secrets.
 * `code` is stable, for programs; `message` is one sentence for people.
 */
export class Failure extends Error {
  readonly code: string
  readonly why: string | undefined
  readonly remedy: string | undefined

  constructor(code: string, message: string, about: { cause?: unknown; remedy?: string } = {}) {
    super(redactText(withoutTerminalCodes(message)), { cause: about.cause })
    this.name = 'Failure'
    this.code = code
    this.why = about.cause === undefined ? undefined : redactText(withoutTerminalCodes(causeText(about.cause)))
    this.remedy = about.remedy === undefined ? undefined : redactText(about.remedy)
  }

  get exitCode(): ExitCode {
    if (this.code === INTERRUPTED) return EXIT.interrupted
    if (INVALID.has(this.code)) return EXIT.invalid
    return USAGE.has(this.code) ? EXIT.usage : EXIT.infrastructure
  }

  toData(): FailureData {
    return {
      code: this.code,
      message: this.message,
      ...(this.why === undefined ? {} : { cause: this.why }),
      ...(this.remedy === undefined ? {} : { remedy: this.remedy }),
    }
  }

  /** The same as a finding that keeps a run from starting. */
  toFinding(): Diagnostic & { readonly severity: 'error' } {
    const { code: _, ...diagnostic } = this.toData()
    return { severity: 'error', ...diagnostic }
  }

  /** Makes a Failure of any error, with the original as its cause. */
  static from(error: unknown, code = 'unexpected', message?: string): Failure {
    const interruption = interruptionIn(error)
    if (interruption) return interruption
    if (error instanceof Failure) return error
    if (message !== undefined) return new Failure(code, message, { cause: error })
    if (code === 'unexpected' && isDefect(error)) return new Failure(code, DEFECT.message, { remedy: DEFECT.remedy })
    return new Failure(code, causeText(error))
  }
}

/** How far a cause may lie within causes. */
const DEEPEST = 10

/**
 * What a wait, a download or a program throws when a signal ends it is about itself ("The operation was aborted"). The cause
 * within says what happened.
 */
function interruptionIn(error: unknown): Failure | undefined {
  let inner = error
  for (let depth = 0; depth < DEEPEST && inner instanceof Error; depth++) {
    if (inner instanceof Failure && inner.code === INTERRUPTED) return inner
    inner = inner.cause
  }
  return undefined
}

const DEFECT = {
  message: 'meshbench came upon a case that it does not handle',
  remedy: 'This is a defect: please report it, with what the same command prints with MESHBENCH_DEBUG=1.',
}

/** What the language itself throws, such as "x is not a function", says nothing to a user. */
function isDefect(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError
}

function causeText(cause: unknown): string {
  if (cause instanceof Failure) return [cause.message, cause.why].filter(Boolean).join(': ')
  if (isSystemError(cause)) return systemText(cause)
  if (cause instanceof Error) return cause.message
  return String(cause)
}

type SystemError = Error & { readonly code: string; readonly path?: string }

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string'
}

/** "ENOENT: no such file or directory, open '/a'" → "no such file or directory: /a". */
function systemText({ message, path }: SystemError): string {
  const words = /^E[A-Z0-9]+: ([^,]+),/.exec(message)?.[1]
  if (words === undefined) return message
  return path === undefined ? words : `${words}: ${path}`
}
