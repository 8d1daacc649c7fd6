import { type PauseProbe, probePauses, SLEEP } from '../host/pause-probe.ts'
import { comeEvery, type Moment, type Pauses, pausesOf, periodOf, stallsOf } from '../loads/pauses.ts'
import { EXIT } from '../model/exit-codes.ts'
import type { Plan } from '../model/plan.ts'
import type { Finding, Platform } from '../model/platform.ts'
import { PLATFORM_TRAITS } from '../model/traits.ts'
import { formatDuration, formatLatency, formatNumber, formatShare, MICROS, type Seconds } from '../model/units.ts'
import { capital, count, list, strainWords } from '../model/words.ts'
import { findingsText } from '../ui/failure-text.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { choosePlan, type SelectionOptions } from './choose-plan.ts'
import type { CommandContext } from './command-context.ts'
import { busyFinding } from './early-stop.ts'
import { agree } from './prepare-run.ts'
import { measureThroughput, type Throughput, throughputFindings, unmeasuredFindings } from './throughput.ts'

export interface DoctorOptions extends SelectionOptions {
  /** False with `--no-pauses`. */
  readonly pauses?: boolean
  /** Measure what one load generator can send. */
  readonly throughput?: boolean
}

/** How long the host's pauses are measured. */
const WATCHED: Seconds = 10

/** `meshbench doctor`: checks whether a run can start, and whether pauses of this host affect tail latencies. */
export async function doctorCommand(
  [scenario]: readonly string[],
  options: DoctorOptions,
  context: CommandContext,
): Promise<number> {
  const { stdout, stderr, env, signal } = context
  const { plan, platform } = await choosePlan(scenario, options, context)
  const { isHere } = PLATFORM_TRAITS[platform.name]
  const checked = [...(await platform.check(plan)), ...(isHere ? await busyFinding(signal) : [])]
  const isWanted = isHere && options.pauses !== false
  if (isWanted)
    stderr.write(`measuring the pauses of this host for ${formatDuration(WATCHED)} (skip with --no-pauses)\n`)
  const probe = isWanted ? await probePauses(WATCHED, signal) : undefined
  const isReady = checked.every(({ severity }) => severity !== 'error')
  const sent = options.throughput && isReady ? await throughputOf(plan, platform, options, context) : undefined
  const findings = [
    ...checked,
    ...(probe ? [pausesFinding(probe, plan)] : []),
    ...(sent ? throughputFindings(sent, plan, platform) : unmeasuredFindings(plan)),
  ]
  const document = {
    ...{ schema: 1, command: 'doctor', platform: platform.name, findings },
    ...(probe && { pauses: pausesDocument(probe) }),
    ...(sent && { throughput: sent }),
  }
  if (options.json) stdout.writeJson(document)
  else stdout.write(findingsText(findings, styleFor(stdout, env)))
  return findings.some(({ severity }) => severity === 'error') ? EXIT.infrastructure : EXIT.ok
}

async function throughputOf(
  plan: Plan,
  platform: Platform,
  options: DoctorOptions,
  context: CommandContext,
): Promise<Throughput[]> {
  await agree(platform, plan, options, context)
  context.stderr.write('measuring what one load generator can send against the server without a mesh\n')
  return await measureThroughput(plan, platform, context)
}

/** Pauses: times when threads on at least half of the cores woke up late from a sleep of a millisecond. */
function pausesIn({ gaps, threads }: PauseProbe): Pauses {
  return pausesOf(gaps, (SLEEP * MICROS) / 1000, threads)
}

function pausesDocument(probe: PauseProbe) {
  const { seconds, threads, strain, reclaim } = probe
  return { watched: seconds, threads, ...pausesIn(probe), ...strain, ...(reclaim && { reclaim }) }
}

/** Share of the time that pauses may take: less does not affect p99.9. */
const TAIL = 0.001

/** Whether the host's pauses affect the quantiles of all requests. */
export function pausesFinding(probe: PauseProbe, plan: Plan): Finding {
  const { count: found, seconds, moments } = pausesIn(probe)
  const share = seconds / probe.seconds
  const watched = `in ${formatDuration(probe.seconds)}`
  if (share <= TAIL) {
    const message = found === 0 ? 'no pauses of this host above 10 ms' : `pauses of this host: ${sumOf(moments)}`
    return { severity: 'ok', message: `${message} ${watched}: they do not affect p99 and p99.9` }
  }
  const stalls = stallsOf(moments)
  const longest = stalls.reduce((most, { seconds }) => Math.max(most, seconds), 0)
  const window = Math.min(...plan.scenario.loads.map(({ duration }) => duration))
  const quantile = `p${formatNumber(100 * (1 - share), 3)}`
  return {
    severity: 'warning',
    message: `this host stalls: ${sumOf(stalls)} ${watched}${apartWords(stalls)}, ${formatShare(share)} of the time`,
    cause: `The longest is ${formatShare(longest / window)} of a window of ${formatNumber(window)} s, and quantiles of all requests above ${quantile} measure the host.${causeWords(probe, stalls)}`,
    remedy: `Use typical-p99 (the p99 of a typical second), and compare stalls with those of the baseline; for the p99 of all requests, use a host without such stalls.`,
  }
}

function sumOf(moments: readonly Moment[]): string {
  const lengths = moments.map(({ seconds }) => seconds)
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)].map(formatLatency)
  return `${count(moments.length, 'stall')} of ${least === most ? most : `${least} to ${most}`}`
}

/** The period of the stalls, or their distances: ten seconds are too short to prove a period of some seconds. */
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
