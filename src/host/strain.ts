import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatSize, MICROS, milliseconds, type Seconds } from '../model/units.ts'
import type { Host, Pressure, Reclaim } from '../model/usage.ts'
import { processIds, readdirSafely, readProc, readSafely } from './processes.ts'
/** What a machine's tasks had to wait for, since it started. Absent: its kernel does not count it. */
export type Strain = Pick<Host, 'pressure' | 'majorFaults' | 'swappedIn' | 'swappedOut'>

export const RESOURCES = ['cpu', 'memory', 'io'] as const

/** From the texts of `/proc/pressure/…` and of `/proc/vmstat`; an empty text is a file that is not there. */
export function parseStrain(pressure: (resource: (typeof RESOURCES)[number]) => string, vmstat: string): Strain {
  const stalled = RESOURCES.map((resource) => [resource, parsePressure(pressure(resource))] as const)
  const count = (name: string) => {
    const found = new RegExp(`^${name} (\\d+)$`, 'm').exec(vmstat)?.[1]
    return found === undefined ? undefined : Number(found)
  }
  return known({
    pressure: some(known(Object.fromEntries(stalled))),
    majorFaults: count('pgmajfault'),
    swappedIn: count('pswpin'),
    swappedOut: count('pswpout'),
  })
}

/** Totals of the lines `some avg10=0.00 avg60=0.00 avg300=0.00 total=123` and `full …`, which are in microseconds. */
function parsePressure(text: string): Pressure['cpu'] {
  const total = (line: string) => {
    const found = new RegExp(`^${line} .*total=(\\d+)`, 'm').exec(text)?.[1]
    return found === undefined ? undefined : Number(found) / MICROS
  }
  return some(known({ some: total('some'), full: total('full') }))
}

export function readStrain(): Strain {
  return parseStrain((resource) => readProc(`pressure/${resource}`) ?? '', readProc('vmstat') ?? '')
}

/** By how much each grew; what was not read at both snapshots is absent. */
export function strainBetween(open: Strain, close: Strain): Strain {
  const grown = (from: number | undefined, to: number | undefined) =>
    from === undefined || to === undefined ? undefined : Math.max(0, to - from)
  const pressure = RESOURCES.map((resource) => {
    const [from, to] = [open.pressure?.[resource], close.pressure?.[resource]]
    return [resource, some(known({ some: grown(from?.some, to?.some), full: grown(from?.full, to?.full) }))] as const
  })
  return known({
    pressure: some(known(Object.fromEntries(pressure))),
    majorFaults: grown(open.majorFaults, close.majorFaults),
    swappedIn: grown(open.swappedIn, close.swappedIn),
    swappedOut: grown(open.swappedOut, close.swappedOut),
  })
}

/** Without what is undefined. */
function known<T>(all: Readonly<Record<string, T>>): Record<string, never> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, never>
}

function some<T extends object>(one: T): T | undefined {
  return Object.keys(one).length === 0 ? undefined : one
}

const DAMON = '/sys/kernel/mm/damon/admin/kdamonds'
const DAMON_RECLAIM = '/sys/module/damon_reclaim/parameters'

/**
 * What of this machine's kernel takes memory away on a schedule, however much of it is free: DAMON with a scheme that does more
 * than count. Only reads. Its files are root's; for others there is its thread, which tells no period.
 */
export function scheduledReclaim(
  read = readSafely,
  list = readdirSafely,
  commands = () => processIds().map((id) => readProc(`${id}/comm`) ?? ''),
): Reclaim | undefined {
  const number = (path: string) => Number(read(path) ?? 0)
  const is = (path: string, value: string) => read(path)?.trim() === value
  const seconds = (micros: number): Pick<Reclaim, 'every'> => (micros > 0 ? { every: micros / MICROS } : {})
  for (const daemon of numbered(`${DAMON}`).filter((one) => is(`${one}/state`, 'on'))) {
    for (const context of numbered(`${daemon}/contexts`)) {
      for (const scheme of numbered(`${context}/schemes`)) {
        const action = read(`${scheme}/action`)?.trim()
        if (action === undefined || action === 'stat') continue
        const limit = number(`${scheme}/quotas/bytes`)
        const most = limit > 0 ? `, at most ${formatSize(limit)} at a time` : ''
        const every = number(`${scheme}/apply_interval_us`) || number(`${context}/monitoring_attrs/intervals/aggr_us`)
        return { what: `the kernel's DAMON with action ${action}${most}`, ...seconds(every) }
      }
    }
  }
  if (is(`${DAMON_RECLAIM}/enabled`, 'Y')) {
    return { what: "the kernel's DAMON_RECLAIM", ...seconds(number(`${DAMON_RECLAIM}/aggr_interval`)) }
  }
  const runs = read(`${DAMON}/0/state`) === undefined && commands().some((name) => name.startsWith('kdamond'))
  return runs ? { what: "the kernel's DAMON, whose settings only root can read" } : undefined

  function numbered(dir: string): string[] {
    return list(dir).flatMap((name) => (/^\d+$/.test(name) ? [`${dir}/${name}`] : []))
  }
}

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
