import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { MOST_BYTES, readRegularFile } from '../host/regular-file.ts'
import { sha256 } from '../host/sha256.ts'
import { Failure } from '../model/failure.ts'
import { firstPinnedSchema, type Pinned, pinnedSchema } from '../model/pinned.ts'
import { type Readers, readVersioned, reasonOf } from './versioned.ts'
import { refuseRunFile, storageFailure, syncFolder, writeSynced } from './write-once.ts'

const READERS: Readers<Pinned> = { 1: (data) => firstPinnedSchema.parse(data), 2: readWhole }

const digested = z.object({ digest: z.string() })

/** Reads what `gate accept` wrote. */
export function readPinned(path: string): Pinned {
  try {
    return readVersioned(READERS, readRegularFile(path, MOST_BYTES.trial))
  } catch (error) {
    throw new Failure('no-reference', `the pinned reference ${path} cannot be used`, {
      cause: reasonOf(error),
      remedy: 'Restore the file, or accept a run as the reference: meshbench gate accept --reason "…".',
    })
  }
}

/** A figure that was changed by hand or by a merge would move every verdict after it, and look like any other. */
function readWhole(data: unknown): Pinned {
  const { digest } = digested.parse(data)
  const pinned = pinnedSchema.parse(data)
  if (digest !== digestOf(pinned)) throw new TypeError('its content is not what its digest was made of: it was changed')
  return pinned
}

/** Replaces what was accepted before; its history is that of the repository it lies in. */
export async function writePinned(path: string, pinned: Pinned): Promise<void> {
  refuseRunFile(path)
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeSynced(temporary, 'w', (file) => file.writeFile(pinnedText(pinnedSchema.parse(pinned))))
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw storageFailure(error, path)
  }
}

/** Over the content in the order of its schema: layout and line ends may change. */
function digestOf(pinned: Pinned): string {
  return sha256(JSON.stringify(pinned))
}

/** One cell a line, so that a diff shows which figures changed. */
function pinnedText(pinned: Pinned): string {
  const { cells, ...head } = pinned
  const lines = Object.entries(cells).map(([place, runs]) => `    ${JSON.stringify(place)}: ${JSON.stringify(runs)}`)
  const digest = JSON.stringify(digestOf(pinned))
  return `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "cells": {\n${lines.join(',\n')}\n  },\n  "digest": ${digest}\n}\n`
}
