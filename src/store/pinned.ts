import { readFileSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { type Pinned, pinnedSchema } from '../gate/pinned-file.ts'
import { Failure } from '../model/failure.ts'
import { storageFailure } from './storage-failure.ts'
import { type Readers, readVersioned, reasonOf } from './versioned.ts'
import { syncFolder, writeSynced } from './write-once.ts'

const READERS: Readers<Pinned> = { 1: (data) => pinnedSchema.parse(data) }

/** Reads what `gate accept` wrote. */
export function readPinned(path: string): Pinned {
  try {
    return readVersioned(READERS, readFileSync(path, 'utf8'))
  } catch (error) {
    throw new Failure('no-reference', `the pinned reference ${path} cannot be used`, {
      cause: reasonOf(error),
      fix: 'Restore the file, or accept a run as the reference: meshbench gate accept --reason "…".',
    })
  }
}

/** Replaces what was accepted before; its history is that of the repository it lies in. */
export async function writePinned(path: string, pinned: Pinned): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeSynced(temporary, 'w', (file) => file.writeFile(pinnedText(pinned)))
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw storageFailure(error, path)
  }
}

/** One cell a line, so that a diff shows which figures changed. */
function pinnedText({ cells, ...head }: Pinned): string {
  const lines = Object.entries(cells).map(
    ([place, ratios]) => `    ${JSON.stringify(place)}: ${JSON.stringify(ratios)}`,
  )
  return `${JSON.stringify(head, undefined, 2).slice(0, -2)},\n  "cells": {\n${lines.join(',\n')}\n  }\n}\n`
}
