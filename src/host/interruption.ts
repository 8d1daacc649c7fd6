import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import { printable } from '../model/foreign-text.ts'
import type { Seconds } from '../model/units.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** How the signals of this process are answered. */
interface Interruption {
  /** Aborted by the first signal, with a Failure as its reason. */
  readonly signal: AbortSignal
  /** Whether a signal came. */
  readonly began: boolean
  /** Gives the signals their default action again. */
  settled(): void
}

/**
 * The first SIGINT, SIGTERM or SIGHUP aborts `signal`; the second carries out `emergency`, says what it answers, and ends the
 * process. Until somebody asks for `signal`, a signal kills, as it does by default: a handler runs only while the event loop
 * does, and what has nothing to tear down must not be kept from ending by a loop that is busy.
 */
export function interruption(emergency: () => Promise<readonly string[]>): Interruption {
  let controller: AbortController | undefined
  const stop = async (name: NodeJS.Signals) => {
    if (controller && !controller.signal.aborted) {
      controller.abort(new Failure('interrupted', `stopped by ${name}`))
      return
    }
    // The loop runs, so the watchdog is not needed; a third signal does not wait.
    settled()
    for (const line of await emergency().catch(() => [])) process.stderr.write(`${printable(line)}\n`)
    process.exit(EXIT.interrupted)
  }
  const settled = () => {
    for (const name of SIGNALS) process.removeListener(name, stop)
    endWatchdog()
  }
  return {
    get signal() {
      if (!controller) {
        controller = new AbortController()
        for (const name of SIGNALS) process.on(name, stop)
        startWatchdog()
      }
      return controller.signal
    },
    get began() {
      return controller?.signal.aborted === true
    },
    settled,
  }
}

/** How long after the second Ctrl-C this process may show that its event loop runs. */
const WITHIN: Seconds = 2

/**
 * A handler of ours runs only when the event loop does, so that a loop which is busy for minutes makes every Ctrl-C without
 * effect. A terminal sends it to all processes of the group: to this one too, which counts. A shell, because it starts in two
 * milliseconds and waits without using any CPU; `read` ends with our end of its pipe, when this process is gone.
 *
 * $1: the process to kill, $2: the seconds.
 */
const SCRIPT = `
n=0
trap '' HUP TERM
trap '
  n=$((n + 1))
  if [ $n -ge 2 ]; then
    sleep $2
    kill -KILL $1 && echo "killed: meshbench did not react to Ctrl-C; meshbench clean removes what it has left behind" >&2
    exit
  fi
' INT
while :; do
  before=$n
  read -r _
  [ $n = $before ] && exit
done
`

let child: ChildProcess | undefined

/** From now on a second Ctrl-C in the terminal kills this process, unless `endWatchdog` is called in time. */
function startWatchdog(): void {
  if (child || process.platform === 'win32') return
  const started = spawn('/bin/sh', ['-c', SCRIPT, 'meshbench-watchdog', String(process.pid), String(WITHIN)], {
    stdio: ['pipe', 'ignore', 'inherit'],
    // Nothing of ours, above all no stamp by which the processes of a run are found.
    env: { PATH: process.env['PATH'] },
  })
  // Where there is no shell, the handlers alone have to do.
  started.on('error', endWatchdog)
  started.unref()
  const pipe = started.stdin as Socket | null
  pipe?.unref()
  pipe?.on('error', () => undefined)
  process.on('exit', endWatchdog)
  child = started
}

function endWatchdog(): void {
  process.off('exit', endWatchdog)
  child?.kill('SIGKILL')
  child = undefined
}
