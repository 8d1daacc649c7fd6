import { judgeTrial } from '../analyse/judge-trial.ts'
import { noisyNeighbour, TOO_MUCH } from '../analyse/rules/noisy-neighbour.ts'
import { howBusy } from '../host/strain.ts'
import type { JudgedTrial } from '../model/analysis.ts'
import type { Event } from '../model/event.ts'
import { Failure } from '../model/failure.ts'
import type { Finding, Platform } from '../model/platform.ts'
import type { Run } from '../model/result.ts'
import { PLATFORM_TRAITS } from '../model/traits.ts'
import { formatDuration, formatNumber, type Seconds } from '../model/units.ts'
import { agrees, asking } from './ask.ts'
import type { CommandContext } from './command-context.ts'

/** Above this share of the cores, other programs will make trials invalid. */
const BUSY = 0.25
/** How long the machine is watched for what other programs use. */
const WATCHED: Seconds = 1

/** Whether other programs keep this machine busy: their cause is known before the first trial. */
export async function busyFinding(signal: AbortSignal): Promise<Finding[]> {
  const { others, cores } = await howBusy(WATCHED, signal)
  const use = `${formatNumber(others, 2)} of ${formatNumber(cores)} cores`
  if (others / cores <= BUSY) return [{ severity: 'ok', message: `other programs use ${use}` }]
  return [
    {
      severity: 'warning',
      message: `this machine is busy: other programs use ${use}`,
      cause: 'A trial beside them is invalid, since they take CPU time from the arms, and not equally.',
      remedy: 'Stop other programs, then start again.',
    },
  ]
}

/** How long the machine is watched for whether other programs still run. */
const LOOK: Seconds = 2
/** So many trials in a row that other programs made invalid are enough: the rest of a block would tell nothing else. */
const ENOUGH = 3

/**
 * Looks at the first block that is measured, and at its first trials if other programs run on this machine. If none of them is
 * valid, the rest will hardly be, and the run should stop with the cause that most of them share, unless that was other programs
 * which have ended since. It decides before an arm is brought up, so that a question is never asked within a window.
 */
export function earlyStop(
  { id, plan }: Run,
  platform: Pick<Platform, 'name'>,
  { stderr, signal }: Pick<CommandContext, 'stderr' | 'signal'>,
  { watch = howBusy, goOn }: { readonly watch?: typeof howBusy; readonly goOn?: GoOn } = {},
) {
  const { isHere } = PLATFORM_TRAITS[platform.name]
  const judged: JudgedTrial[] = []
  let block: number | undefined
  let isOver = false
  let hasLooked = false
  return async (event: Event): Promise<Failure | undefined> => {
    if (isOver) return undefined
    if (event.type === 'result') judged.push(judgeTrial(event.result, plan))
    if (event.type !== 'visit') return undefined
    block ??= event.block
    isOver = event.block !== block && judged.length > 0
    const isDisturbed = isHere && !hasLooked && judged.length >= ENOUGH && judged.every(isBesideOthers)
    if ((!isOver && !isDisturbed) || judged.some(({ status }) => status === 'valid')) return undefined
    const which = isOver ? 'no trial of the first block is valid' : `none of the first ${judged.length} trials is valid`
    const cause = commonCause(judged)
    if (isHere && cause.rule === noisyNeighbour.name) {
      hasLooked = true
      const { others, cores } = await watch(LOOK, signal)
      if (others / cores <= TOO_MUCH) {
        stderr.alert(`${which}; the other programs have ended, so the run goes on\n`)
        return undefined
      }
    }
    if (await goOn?.(`${which}: ${cause.cause}`)) {
      isOver = true
      return undefined
    }
    return new Failure('no-valid-data', `the run stopped: ${which}`, {
      cause: cause.cause,
      remedy: `${cause.remedy} Then start again, or go on with: meshbench run --resume ${id}. To measure in any case, add --keep-going.`,
    })
  }
}

/** Whether the run goes on all the same; it is told what is wrong, and asked once. */
type GoOn = (trouble: string) => Promise<boolean>

/** A terminal may belong to a script that nobody watches, and clusters are held meanwhile. */
const PATIENCE: Seconds = 120

/** Asks on the terminal whether to go on. Without an answer the run stops. */
export function askToGoOn(context: CommandContext): GoOn {
  return (trouble) =>
    asking(context, async (ask) => {
      context.stderr.alert(`${trouble}\n`)
      const late = AbortSignal.timeout(1000 * PATIENCE)
      return agrees(ask, `Measure on all the same? (no after ${formatDuration(PATIENCE)})`, late)
    })
}

function isBesideOthers({ problems }: JudgedTrial): boolean {
  return problems.some(({ rule, severity }) => rule === noisyNeighbour.name && severity === 'invalid')
}

/** What most trials have against them: of several causes in one trial, other programs come first, since the rest may follow from them. */
function commonCause(judged: readonly JudgedTrial[]): { rule: string; cause: string; remedy: string } {
  const causes = judged.flatMap(({ problems, result: { outcome } }) => {
    if (outcome.status === 'failed') {
      const { code, message, cause, remedy = '' } = outcome.failure
      return [{ rule: code, cause: cause === undefined ? message : `${message}: ${cause}`, remedy }]
    }
    const against = problems.filter(({ severity }) => severity === 'invalid')
    return [against.find(({ rule }) => rule === noisyNeighbour.name) ?? against[0] ?? []].flat()
  })
  const [first] = [...Map.groupBy(causes, ({ rule }) => rule).values()].toSorted((a, b) => b.length - a.length)
  return first?.[0] ?? { rule: '', cause: 'its trials have no results', remedy: '' }
}
