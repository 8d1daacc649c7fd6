import { readdirSafely, readProc } from '../../host/proc-files.ts'
import { type ProcessStat, parseStat } from './proc.ts'

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
