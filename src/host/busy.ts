import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { MICROS, milliseconds, type Seconds } from '../model/units.ts'

/** How much of this machine is in use by others than this process. */
export interface Busy {
  /** Cores in use on average, at most `cores`. */
  readonly others: number
  readonly cores: number
}

/** Measures for a while how busy this machine is. */
export async function howBusy(seconds: Seconds, signal: AbortSignal): Promise<Busy> {
  const [open, own, began] = [cpuTimes(), process.cpuUsage(), performance.now()]
  await sleep(milliseconds(seconds), undefined, { signal })
  const [close, used, took] = [cpuTimes(), process.cpuUsage(own), (performance.now() - began) / 1000]
  const busy = close.busy - open.busy - (used.user + used.system) / MICROS
  return { others: Math.min(close.cores, Math.max(0, busy / took)), cores: close.cores }
}

/** Seconds of CPU that all cores spent at work since the machine started; Node gives milliseconds. */
function cpuTimes(): { readonly busy: Seconds; readonly cores: number } {
  const all = cpus()
  const busy = all.reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0) / 1000
  return { busy, cores: all.length }
}
