import { readdirSync, readFileSync } from 'node:fs'
import { type ProcessStat, parseStat } from './proc.ts'

/** Every process that this machine shows us. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** A file under /proc; undefined where the process has gone, or is not ours to look at. */
export function readProc(path: string): string | undefined {
  return readSafely(`/proc/${path}`)
}

export function readSafely(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}

export function statOf(pid: number): ProcessStat | undefined {
  const text = readProc(`${pid}/stat`)
  return text === undefined ? undefined : parseStat(text)
}

/** The process and all its descendants. */
export function familyOf(pid: number): number[] {
  const tasks = readdirSafely(`/proc/${pid}/task`)
  const children = tasks.flatMap((task) => (readProc(`${pid}/task/${task}/children`) ?? '').trim().split(' '))
  return [pid, ...children.filter(Boolean).map(Number).flatMap(familyOf)]
}

export function readdirSafely(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
