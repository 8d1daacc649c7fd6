import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs'
import { StringDecoder } from 'node:string_decoder'
import type { Bytes } from '../model/units.ts'
import { formatSize } from '../model/units.ts'

const MIB = 1024 * 1024

/**
 * Most bytes of a file that is read: many times what is ever needed, and little enough that reading what is no such file
 * ends soon. A scenario, a site file or limits; the result of a trial; a run with the schedule of a million trials.
 */
export const MOST_BYTES = { settings: MIB, trial: 8 * MIB, run: 512 * MIB } as const

/**
 * The text of a file in a run's folder, which may be somebody else's: never of what a link names, and of nothing that is no
 * regular file, since a pipe may wait for ever and a device may have no end. Throws the system's error, or a TypeError.
 */
export function readOwnFile(path: string, most: Bytes = MOST_BYTES.run): string {
  return readPlainly(path, constants.O_NOFOLLOW ?? 0, most)
}

/** The text of a regular file, which a link may name. Throws the system's error, or a TypeError. */
export function readRegularFile(path: string, most: Bytes = MOST_BYTES.run): string {
  return readPlainly(path, 0, most)
}

/** Flags that a system lacks count as 0. Without waiting, since opening a pipe waits for its writer. */
function readPlainly(path: string, flags: number, most: Bytes): string {
  const file = openPlainly(path, flags, most)
  try {
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

function openPlainly(path: string, flags: number, most: Bytes): number {
  const file = opened(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | flags)
  try {
    const found = fstatSync(file)
    if (found.isDirectory()) throw new TypeError('it is a folder')
    if (!found.isFile()) throw new TypeError('it is not a regular file')
    if (found.size > most) {
      throw new TypeError(`it has ${formatSize(found.size)}; no such file has more than ${formatSize(most)}`)
    }
    return file
  } catch (error) {
    closeSync(file)
    throw error
  }
}

const CHUNK = 1024 * 64

/** As `readOwnFile`, line by line: the journal of a large run has a million of them. */
export function* ownLines(path: string): Generator<string> {
  const file = openPlainly(path, constants.O_NOFOLLOW ?? 0, MOST_BYTES.run)
  try {
    const chunk = Buffer.alloc(CHUNK)
    const decoder = new StringDecoder('utf8')
    let held = ''
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) {
      const lines = (held + decoder.write(chunk.subarray(0, read))).split('\n')
      held = lines.pop() ?? ''
      // Each further part would be searched with all before it.
      if (held.length > MOST_BYTES.trial) {
        throw new TypeError(`it has a line of more than ${formatSize(MOST_BYTES.trial)}`)
      }
      yield* lines
    }
    held += decoder.end()
    if (held !== '') yield held
  } finally {
    closeSync(file)
  }
}

function opened(path: string, flags: number): number {
  try {
    return openSync(path, flags)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ELOOP' || code === 'EMLINK') throw new TypeError('it is a link, which may lead out of the folder')
    // A socket.
    if (code === 'ENXIO') throw new TypeError('it is not a regular file')
    throw error
  }
}
