import { type PauseProbe, probePauses, SLEEP } from '../host/pause-probe.ts'
import { comeEvery, type Moment, type Pauses, pausesOf, periodOf, stallsOf } from '../loads/pauses.ts'
import { EXIT } from '../model/failure.ts'
import type { Plan } from '../model/plan.ts'
import type { Finding } from '../model/platform.ts'
import { PLATFORM_TRAITS } from '../model/traits.ts'
import { formatDuration, formatLatency, formatNumber, formatShare, MICROS, type Seconds } from '../model/units.ts'
import { capital, count, list, strainWords } from '../model/words.ts'
import { findingsText } from '../ui/failure-text.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { choosePlan, type SelectionOptions } from './choose-plan.ts'
import type { CommandContext } from './command-context.ts'

export interface DoctorOptions extends SelectionOptions {
  /** False where the host's pauses are not to be measured. */
  readonly pauses?: boolean
}

/** For how long the host's pauses are measured. */
const WATCHED: Seconds = 10

/** `meshbench doctor`: what stands in the way of a run, and what the tail of a latency is worth on this host. */
export async function doctorCommand(
  [scenario]: readonly string[],
  options: DoctorOptions,
  context: CommandContext,
): Promise<number> {
  const { stdout, stderr, env, signal } = context
  const { plan, platform } = await choosePlan(scenario, options, context)
  const checked = await platform.check(plan)
  const isWanted = PLATFORM_TRAITS[platform.name].isHere && options.pauses !== false
  if (isWanted) stderr.write(`measuring the pauses of this host for ${formatDuration(WATCHED)} (--no-pauses: not)\n`)
  const probe = isWanted ? await probePauses(WATCHED, signal) : undefined
  const findings = probe ? [...checked, pausesFinding(probe, plan)] : checked
  const document = {
    ...{ schema: 1, command: 'doctor', platform: platform.name, findings },
    ...(probe && { pauses: pausesDocument(probe) }),
  }
  stdout.write(options.json ? `${JSON.stringify(document, null, 2)}\n` : findingsText(findings, styleFor(stdout, env)))
  return findings.some(({ severity }) => severity === 'error') ? EXIT.infrastructure : EXIT.ok
}

/** Moments in which at least half of the cores did not let a thread go on that had slept for a millisecond. */
function pausesIn({ gaps, threads }: PauseProbe): Pauses {
  return pausesOf(gaps, (SLEEP * MICROS) / 1000, threads)
}

function pausesDocument(probe: PauseProbe) {
  const { seconds, threads, strain, reclaim } = probe
  return { watched: seconds, threads, ...pausesIn(probe), ...strain, ...(reclaim && { reclaim }) }
}

/** Of the requests of a window, that quantiles must not depend on. */
const TAIL = 0.001

/** What the host's own pauses leave of the quantiles of all requests. */
export function pausesFinding(probe: PauseProbe, plan: Plan): Finding {
  const { count: found, seconds, moments } = pausesIn(probe)
  const share = seconds / probe.seconds
  const watched = `in ${formatDuration(probe.seconds)}`
  if (share <= TAIL) {
    const what = found === 0 ? 'no pause of this host above 10 ms' : `pauses of this host: ${sumOf(moments)}`
    return { severity: 'ok', what: `${what} ${watched}: p99 and p99.9 are not made by it` }
  }
  const stalls = stallsOf(moments)
  const longest = stalls.reduce((most, { seconds }) => Math.max(most, seconds), 0)
  const window = Math.min(...plan.scenario.loads.map(({ duration }) => duration))
  const quantile = `p${formatNumber(100 * (1 - share), 3)}`
  return {
    severity: 'warning',
    what: `this host stands still: ${sumOf(stalls)} ${watched}${apartWords(stalls)}, ${formatShare(share)} of the time`,
    why: `Of a window of ${formatNumber(window)} s the longest is ${formatShare(longest / window)}, and quantiles of all requests above ${quantile} measure the host.${causeWords(probe, stalls)}`,
    fix: `Judge by typical-p99, the p99 of a typical second, and by stalls against those of the baseline; for p99 of all requests use a host without such stalls.`,
  }
}

function sumOf(moments: readonly Moment[]): string {
  const lengths = moments.map(({ seconds }) => seconds)
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)].map(formatLatency)
  return `${count(moments.length, 'stall')} of ${least === most ? most : `${least} to ${most}`}`
}

/** In ten seconds a period of some seconds shows two or three times, which proves none: then only how far apart they were is told. */
function apartWords(stalls: readonly Moment[]): string {
  const period = periodOf([stalls])
  if (period !== undefined) return ` every ${formatNumber(period, 2)} s`
  const gaps = stalls.slice(1).map(({ at }, index) => at - (stalls[index]?.at ?? 0))
  if (gaps.length === 0 || gaps.length > 3) return ''
  return `, ${list(gaps.map((gap) => formatNumber(gap, 2)))} s apart`
}

function causeWords({ strain, reclaim, seconds, threads }: PauseProbe, stalls: readonly Moment[]): string {
  const strained = strainWords({ cores: threads, busyCores: 0, ...strain }, seconds)
  return [
    strained.length > 0 && ` Meanwhile there was ${list(strained)}.`,
    reclaim?.every !== undefined &&
      comeEvery(reclaim.every, [stalls]) &&
      ` ${capital(reclaim.what)} runs every ${formatNumber(reclaim.every, 2)} s and may be the cause.`,
  ]
    .filter(Boolean)
    .join('')
}
