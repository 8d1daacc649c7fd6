import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readRun } from '../../src/store/read-run.ts'
import { reopenRun } from '../../src/store/reopen-run.ts'
import { createRun } from '../../src/store/run-writer.ts'
import { examplePlan, exampleRun, folder } from './example.ts'

const WRITER = fileURLToPath(new URL('write-until-killed.ts', import.meta.url))

test.for(['within the raw output', 'within the trial file', 'anywhere'])(
  'a writer that is killed %s leaves whole trials only, and the next one goes on',
  async (where) => {
    await using root = await folder()
    const { dir, close } = await createRun(root.path, exampleRun(examplePlan(500)))
    await close()
    await writeAndKill(dir, where)
    const { results, unreadable } = await readRun(dir)
    expect(unreadable).toEqual([])
    const { finished, writer } = await reopenRun(dir)
    await writer.close()
    expect(finished).toEqual(new Set(results.map(({ trial }) => trial.id)))
    expect(finished.size).toBeGreaterThanOrEqual(1)
    expectWhole(dir, finished)
  },
)

async function writeAndKill(dir: string, where: string): Promise<void> {
  const child = spawn(process.execPath, [WRITER, dir, where], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  if (where === 'anywhere') await sleep(50 * Math.random())
  child.kill('SIGKILL')
  const [, signal] = await once(child, 'exit')
  expect(signal).toBe('SIGKILL')
}

/** Each finished trial has its files, and nothing else is left. */
function expectWhole(dir: string, finished: ReadonlySet<string>): void {
  const ids = [...finished].sort()
  expect(readdirSync(join(dir, 'trials')).sort()).toEqual(ids.map((id) => `${id}.json`))
  const raw = readdirSync(join(dir, 'raw')).sort()
  expect(raw).toEqual(ids.map((id) => `${id}.log.gz`))
  for (const name of raw) expect(gunzipSync(readFileSync(join(dir, 'raw', name))).toString()).toBe('whole')
  expect(readdirSync(dir).sort()).toEqual(['events.jsonl', 'raw', 'run.json', 'trials'])
}
