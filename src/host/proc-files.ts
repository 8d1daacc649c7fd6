import { readdirSync, readFileSync } from 'node:fs'

/** Every process that this machine shows us; none where there is no /proc. */
export function processIds(): number[] {
  return readdirSafely('/proc')
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

export function readdirSafely(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}
