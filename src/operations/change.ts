import { Failure } from '../model/failure.ts'
import type { Operated, PreparedOperation } from '../model/platform.ts'
import type { Load, Protocol } from '../model/scenario.ts'
import { formatDuration, type Seconds } from '../model/units.ts'
import { count } from '../model/words.ts'
import type { OperationSite, TimedAnswer } from './operation-steps.ts'

interface Change {
  /** What is asked, beside the load. */
  readonly protocol: Protocol
  readonly isNew: (answer: TimedAnswer) => boolean
  /** An answer that is neither old nor new, such as none, may be there after the change only. */
  readonly isOld: (answer: TimedAnswer) => boolean
  apply(signal: AbortSignal): Promise<void>
  restore(): Promise<void>
}

/** Answers at the end that all have to be of the new kind, before it is said that every answer is. */
const SETTLED = 10
/** Asked before the change, to see that answers are of the old kind then. */
const BEFORE: Seconds = 1
/** From the end of asking to the end of the window: what was printed has to arrive. */
const RESERVE: Seconds = 2

/** A change of configuration, whose effect is seen in answers to requests beside the load. */
export function changing(site: OperationSite, { duration, operationAt = 0 }: Load, change: Change): PreparedOperation {
  return {
    carryOut: async (signal): Promise<Operated> => {
      const asked = site.ask(change.protocol, Math.max(1, duration - operationAt - RESERVE), signal)
      // Where the change is refused, nobody waits for these answers.
      asked.catch(() => undefined)
      const began = await site.clock(signal)
      await site.wait(BEFORE, signal)
      const at = await site.clock(signal)
      await change.apply(signal)
      let answers: readonly TimedAnswer[]
      try {
        answers = await asked
      } catch (error) {
        if (!signal.aborted) throw error
        return { seen: ['The window ended before the answers could be read.'], ended: false }
      }
      const told = changeIn(answers, at, change)
      const { until } = told
      const end = until === undefined ? { ended: false } : { ended: true, after: at - began + until }
      return { seen: [changeWords(told)], change: told, ...end }
    },
    restore: () => change.restore(),
  }
}

/** @internal `at`: when the change was made, by the clock of the answers. */
export function changeIn(
  answers: readonly TimedAnswer[],
  at: Seconds,
  { isNew, isOld }: Pick<Change, 'isNew' | 'isOld'>,
): NonNullable<Operated['change']> {
  const before = answers.filter((answer) => answer.at < at)
  if (before.length === 0 || !before.every(isOld)) {
    throw new Failure(
      'nothing-to-change',
      `${before.filter(isOld).length} of ${count(before.length, 'answer')} before the change were of the old kind, so that nothing shows the change`,
      {
        remedy: 'Run the arm alone with --keep, and ask its server with kubectl exec from the pod client.',
      },
    )
  }
  const after = answers.filter(({ sentAt }) => sentAt >= at)
  const kinds = after.map(isNew)
  const [first, last] = [kinds.indexOf(true), kinds.lastIndexOf(false)]
  const settled = kinds.length - 1 - last >= SETTLED
  const from = after[last + 1]
  return {
    ...(settled && from && { until: from.at - at }),
    mixed: first === -1 ? 0 : kinds.slice(first).filter((kind) => !kind).length,
    answers: after.length,
  }
}

function changeWords({ until, mixed, answers }: NonNullable<Operated['change']>): string {
  const old = `${count(mixed, 'answer')} of the old kind came after the first one of the new`
  const looked = `of ${count(answers, 'answer')} that were looked at`
  return until === undefined
    ? `Not every answer was of the new kind by the end of the window; ${old}, ${looked}.`
    : `Every answer was of the new kind ${formatDuration(until)} after the change; ${old}, ${looked}.`
}
