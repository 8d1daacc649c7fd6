import { type FileHandle, open } from 'node:fs/promises'
import { type Event, opensWindow } from '../model/event.ts'
import { eventLine } from './event-line.ts'

/** events.jsonl: what happened, in order, for whoever looks for the cause of something. Only appended to. */
export interface Journal {
  add(event: Event): Promise<void>
  close(): Promise<void>
}

export async function openJournal(path: string): Promise<Journal> {
  const file = await open(path, 'a+')
  let held = (await endsWithinLine(file)) ? '\n' : ''
  const flush = async () => {
    const text = held
    held = ''
    await file.appendFile(text)
  }
  return {
    add: async (event) => {
      held += eventLine(event)
      // Even a small write may reach the disk within the window that begins now, so it waits for the next event.
      if (opensWindow(event)) return
      await flush()
    },
    close: async () => {
      // Results are safe already; a last line that finds no room must not hide what ended the run.
      await flush().catch(() => undefined)
      await file.close()
    },
  }
}

/** A writer that was killed may have left a part of a line. */
async function endsWithinLine(file: FileHandle): Promise<boolean> {
  const { size } = await file.stat()
  if (size === 0) return false
  const { buffer } = await file.read({ buffer: Buffer.alloc(1), position: size - 1 })
  return buffer.toString() !== '\n'
}
