import type { FortioFlags } from './fortio-flags.ts'
import type { FortioRun } from './fortio-schedule.ts'

/** What fortio says to people: warnings that matter to a judge of the trial, and its summary. */
export function fortioStderr(
  flags: FortioFlags,
  run: FortioRun,
  codes: Readonly<Record<string, number>>,
  start: number,
): string {
  const { calls, threads, callsPerThread, elapsed, behind } = run
  const asked = `${flags.seconds}s`
  const rate = flags.qps === 0 ? 'max' : String(flags.qps)
  const each = flags.qps === 0 ? '' : ` : ${callsPerThread} calls each (total ${callsPerThread * threads})`
  const qps = (calls.length / elapsed).toPrecision(5)
  const mean = calls.reduce((sum, { sentAt, answeredAt }) => sum + answeredAt - sentAt, 0) / Math.max(1, calls.length)
  const warnings = run.cutShort.map(({ thread, calls }) => {
    const name = `T${String(thread).padStart(3, '0')}`
    const msg = `${name} warning only did ${calls} out of ${callsPerThread} calls before reaching ${asked}`
    return JSON.stringify({ ts: start + elapsed, level: 'warn', r: thread, file: 'periodic.go', line: 846, msg })
  })
  return [
    `Fortio 1.68.0 running at ${rate} queries per second, 2->2 procs, for ${asked}: ${flags.url}`,
    `Starting at ${rate} qps with ${threads} thread(s) [gomax 2] for ${asked}${each}`,
    ...warnings,
    `Ended after ${elapsed.toFixed(9)}s : ${calls.length} calls. qps=${qps}`,
    ...(behind > 0.05 ? [`WARNING ${(100 * behind).toFixed(2)}% of sleep were falling behind`] : []),
    `Aggregated Function Time : count ${calls.length} avg ${mean.toPrecision(8)}`,
    `Uniform: ${flags.uniform}, Jitter: false, Catchup allowed: true`,
    ...Object.entries(codes).map(
      ([code, count]) => `Code ${code} : ${count} (${((100 * count) / calls.length).toFixed(1)} %)`,
    ),
    `All done ${calls.length} calls (plus ${threads} warmup) ${(1000 * mean).toFixed(3)} ms avg, ${qps} qps`,
    '',
  ].join('\n')
}
