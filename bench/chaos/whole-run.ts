/** Whether a run that was killed is whole: nothing lost, repeated, rewritten or left. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { trialsOf } from '../../src/model/plan.ts'
import { readRun } from '../../src/store/read-run.ts'
import type { Place } from './child.ts'

/** The folder of the run, once it is one. */
export function runOf({ work }: Place): string | undefined {
  const results = join(work, 'results')
  if (!existsSync(results)) return undefined
  return readdirSync(results)
    .map((name) => join(results, name))
    .find((dir) => existsSync(join(dir, 'run.json')))
}

/** What must stay as it is: trials and the plan, with when they were written. */
export function filesOf(place: Place): Map<string, string> {
  const dir = runOf(place)
  if (dir === undefined) return new Map()
  const trials = readdirSync(join(dir, 'trials')).filter((name) => !name.startsWith('.'))
  return new Map(
    ['run.json', ...trials.map((name) => join('trials', name))].map((file) => {
      const { mtimeMs, ino } = statSync(join(dir, file))
      return [
        file,
        `${createHash('sha256')
          .update(readFileSync(join(dir, file)))
          .digest('hex')} ${mtimeMs} ${ino}`,
      ]
    }),
  )
}

export function differences(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): string[] {
  return [...before].flatMap(([file, was]) => {
    const is = after.get(file)
    if (is === was) return []
    return [is === undefined ? `${file} is lost` : `${file} was rewritten`]
  })
}

const KNOWN = new Set(['run.json', 'trials', 'raw', 'arms', 'events.jsonl', 'report.html', 'summary.md'])

export async function complaintsAboutRun(place: Place, kills: number): Promise<string[]> {
  const dir = runOf(place)
  if (dir === undefined) return ['there is no run']
  const found: string[] = []
  const { run, results, unreadable } = await readRun(dir)
  const planned = trialsOf(run.plan)
  if (unreadable.length > 0) found.push(`unreadable: ${JSON.stringify(unreadable)}`)
  if (results.length !== planned.length) found.push(`${results.length} of ${planned.length} trials are there`)
  // Those that were measured must have been in the order of the plan, over all parts.
  const byTime = results.toSorted((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt))
  const places = byTime.map(({ trial }) => planned.findIndex(({ id }) => id === trial.id))
  if (places.some((one, index) => index > 0 && one < (places[index - 1] ?? 0)))
    found.push(`trials were measured in the order ${places}`)
  found.push(...complaintsAboutJournal(dir, kills))
  const others = readdirSync(dir).filter((name) => !KNOWN.has(name))
  const torn = ['trials', 'raw'].flatMap((name) => readdirSync(join(dir, name)).filter((file) => file.startsWith('.')))
  if (others.length + torn.length > 0) found.push(`left in the run: ${[...others, ...torn]}`)
  for (const name of ['report.html', 'summary.md']) {
    if (!existsSync(join(dir, name)) || statSync(join(dir, name)).size === 0) found.push(`there is no ${name}`)
  }
  return found
}

/** Each line can be read, but for one that each kill may have cut; and no trial has two results. */
function complaintsAboutJournal(dir: string, kills: number): string[] {
  const lines = readFileSync(join(dir, 'events.jsonl'), 'utf8').trimEnd().split('\n')
  const found: string[] = []
  const results: string[] = []
  const again: string[] = []
  let cut = 0
  for (const line of lines) {
    try {
      const event = JSON.parse(line)
      if (event.type === 'result') results.push(event.trial)
      else if (event.type === 'phase' && results.includes(event.trial)) again.push(event.trial)
    } catch {
      cut++
    }
  }
  if (cut > kills) found.push(`${cut} lines of the journal cannot be read`)
  const twice = results.filter((trial, index) => results.indexOf(trial) !== index)
  if (twice.length > 0) found.push(`measured twice: ${twice}`)
  if (again.length > 0) found.push(`begun again after their result: ${new Set(again).values().toArray()}`)
  return found
}
