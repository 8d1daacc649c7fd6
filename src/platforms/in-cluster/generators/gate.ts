import { throughCuts } from '../../../kubernetes/lasting.ts'
import { Failure } from '../../../model/failure.ts'
import type { ClockReading } from '../../../model/platform.ts'
import { MICROS, type Seconds } from '../../../model/units.ts'
import { IN_NANOSECONDS, WALL_CLOCK, wallOf } from '../node-snapshot.ts'
import { type Files, HELPER } from './execute.ts'

/*
 * How commands in several pods begin at one time. A load generator reads a file before it begins, and that file is a pipe: a helper in
 * the container beside it opens the pipe, which lasts until the load generator has opened it too, and so knows that it is ready. It
 * then waits for a time, and closes the pipe at that time by the clock of its node. No image of a load generator needs a shell for it.
 */

/** The clock in microseconds, from what `wall` prints. */
const MICROS_NOW = `micros() {
  wall | { read -r _ seconds fraction status
    if [ -z "$fraction" ]; then echo $((seconds / 1000))
    elif [ $((status & ${IN_NANOSECONDS})) -ne 0 ]; then echo $((seconds * 1000000 + fraction / 1000))
    else echo $((seconds * 1000000 + fraction))
    fi; }
}`

/** Sleeps up to just before the time, since a sleep may last too long, and looks at the clock from there on. */
const WAIT = `waitUntil() {
  left=$(($1 - $(micros) - 20000))
  [ $left -le 0 ] || sleep $((left / 1000000)).$(printf %06d $((left % 1000000))) || sleep $((left / 1000000))
  while [ $(micros) -lt $1 ]; do :; done
}`

const MAKE = `${WALL_CLOCK}
${MICROS_NOW}
${WAIT}
gate=$1
rm -f "$gate" "$gate.at" "$gate.ready"
mkfifo "$gate" "$gate.at" || exit
{
  exec 3>"$gate"
  : >"$gate.ready"
  read -r at <"$gate.at"
  waitUntil "$at"
  [ ! -e "$gate.body" ] || cat "$gate.body" >&3
} </dev/null >/dev/null 2>&1 &`

/** Lets a helper wait at the gate for the load generator. */
export async function makeGate(files: Files, path: string, signal: AbortSignal): Promise<void> {
  await inShell(files, MAKE, [path], signal)
}

const READY = `until [ -e "$1.ready" ]; do sleep 0.05 2>/dev/null || sleep 1; done`

/** Until the load generator waits at its gate. */
export async function untilWaiting(files: Files, path: string, signal: AbortSignal): Promise<void> {
  await throughCuts(() => inShell(files, READY, [path], signal), signal)
}

/** Tells the helper when to open the gate: in seconds since the epoch, by the clock of its node. */
export async function openGate(files: Files, path: string, at: Seconds, signal: AbortSignal): Promise<void> {
  await inShell(files, 'echo "$2" >"$1.at"', [path, `${Math.round(at * MICROS)}`], signal)
}

/** A reading this close is not repeated. */
const CLOSE: Seconds = 0.03
const ATTEMPTS = 3

/**
 * Compares the clock of a pod's node with that of this process: it was read at some time between question and answer (Cristian's
 * algorithm), so what it is ahead by is known to within half of what the answer took. Of up to three readings the closest.
 */
export async function compareClock(
  files: Files,
  signal: AbortSignal,
): Promise<ClockReading & { readonly took: Seconds }> {
  let best: (ClockReading & { readonly took: Seconds }) | undefined
  for (let attempt = 0; attempt < ATTEMPTS && (best?.bound ?? CLOSE) >= CLOSE; attempt++) {
    const asked = Date.now() / 1000
    const text = await inShell(files, `${WALL_CLOCK}\nwall`, [], signal)
    const answered = Date.now() / 1000
    const at = wallOf(text.trim().replace(/^wall /, ''))
    if (!Number.isFinite(at)) throw noClock(files, text)
    const reading = { offset: at - (asked + answered) / 2, bound: (answered - asked) / 2, took: answered - asked }
    if (!best || reading.bound < best.bound) best = reading
  }
  return best as NonNullable<typeof best>
}

function noClock({ pod }: Files, text: string): Failure {
  return new Failure('no-clock', `the clock of pod ${pod} cannot be read`, {
    cause: `neither date nor adjtimex of its helper told the time: ${text.slice(0, 100)}`,
    remedy: 'Check that the busybox image of the site file has adjtimex, or a date that knows %N.',
  })
}

async function inShell(
  { cluster, namespace, pod }: Files,
  script: string,
  more: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const command = ['sh', '-c', script, 'sh', ...more]
  const { exitCode, stdout, stderr } = await cluster.exec({ namespace, pod, container: HELPER, command }, signal)
  if (exitCode === 0) return stdout
  throw new Failure('no-gate', `load generators cannot be started together in pod ${pod}`, {
    cause: stderr.trim() || `the shell ended with exit code ${exitCode}`,
    remedy: 'Check that the busybox image of the site file has mkfifo.',
  })
}
