import { readFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { processIds, readProc } from '../../src/host/processes.ts'
import { parseHostStat, parseStat, TICKS_PER_SECOND } from '../../src/platforms/local/proc.ts'

/** Shares of all cores: below the first a run may begin; above the second, over a few seconds, it is stopped for now. */
const QUIET = 0.08
const LOUD = 0.16
const SAMPLE = 1000
const MEMORY = 4

interface Ticks {
  readonly busy: number
  /** Of every process that is ours; of ended children what their parents were told. */
  readonly own: number
}

/** Share of all cores that was busy with what is not this process or a descendant of it, every second. */
export async function* neighbours(): AsyncGenerator<number> {
  let before = ticks()
  for (;;) {
    await sleep(SAMPLE)
    const now = ticks()
    const others = now.busy - before.busy - (now.own - before.own)
    yield Math.max(0, others / TICKS_PER_SECOND / (SAMPLE / 1000) / cpus().length)
    before = now
  }
}

function ticks(): Ticks {
  const stats = new Map(
    processIds().flatMap((pid) => {
      const text = readProc(`${pid}/stat`)
      return text === undefined ? [] : [[pid, parseStat(text)] as const]
    }),
  )
  const isOurs = (pid: number): boolean => pid === process.pid || (pid > 1 && isOurs(stats.get(pid)?.parent ?? 0))
  const own = [...stats].filter(([pid]) => isOurs(pid)).map(([, { ticks, childTicks }]) => ticks + childTicks)
  return {
    busy: parseHostStat(readFileSync('/proc/stat', 'utf8')).busy,
    own: own.reduce((sum, one) => sum + one, 0),
  }
}

/** Means of the last few seconds: one burst is no neighbour. */
async function* smoothed(): AsyncGenerator<number> {
  const last: number[] = []
  for await (const share of neighbours()) {
    last.push(share)
    if (last.length > MEMORY) last.shift()
    if (last.length === MEMORY) yield last.reduce((sum, one) => sum + one, 0) / MEMORY
  }
}

export async function untilQuiet(say: (text: string) => void): Promise<void> {
  let waited = 0
  for await (const share of smoothed()) {
    if (share < QUIET) return
    if (waited++ % 60 === 0) say(`waiting: ${Math.round(share * 100)} % of this machine is busy with something else`)
  }
}

/** Resolves when something else takes more than its share; never, once the signal is aborted. */
export async function untilLoud(signal: AbortSignal): Promise<void> {
  for await (const share of smoothed()) {
    if (signal.aborted) return new Promise(() => {})
    if (share > LOUD) return
  }
}
