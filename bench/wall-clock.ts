import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Event } from '../src/model/event.ts'
import { formatDuration, formatShare } from '../src/model/units.ts'

/** What the wall clock of a run went into, from its `events.jsonl`: `node bench/wall-clock.ts results/<run>`. */
const KINDS = ['provisioning', 'raising', 'warm-up', 'measuring', 'collecting', 'lowering', 'rest'] as const
type Kind = (typeof KINDS)[number]

const dir = process.argv[2]
if (!dir) throw new Error('name the folder of a run')
const events = readFileSync(join(dir, 'events.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Event)

const seconds = new Map<Kind, number>(KINDS.map((kind) => [kind, 0]))
const switches: number[] = []
let raisedAt: number | undefined
let loweredAt: number | undefined
for (const [index, event] of events.entries()) {
  const next = events[index + 1]
  const kind = kindOf(event)
  if (next) seconds.set(kind, (seconds.get(kind) ?? 0) + next.at - event.at)
  if (event.type === 'lowered') loweredAt = event.at
  if (event.type === 'visit') raisedAt = event.at
  // From the end of the visit before to the first load: what changing arms costs.
  const isUp = event.type === 'idle' || (event.type === 'phase' && event.phase === 'warm-up')
  if (isUp && raisedAt !== undefined) {
    switches.push(event.at - (loweredAt ?? raisedAt))
    raisedAt = undefined
  }
}

const total = [...seconds.values()].reduce((sum, value) => sum + value, 0)
for (const [kind, value] of seconds) {
  console.log(`${kind.padEnd(14)}${formatDuration(value).padStart(14)}${formatShare(value / total).padStart(10)}`)
}
console.log(`${'all'.padEnd(14)}${formatDuration(total).padStart(14)}`)
const sorted = switches.toSorted((a, b) => a - b)
const at = (share: number) => formatDuration(sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN)
console.log(
  `from one arm to the first load on the next: median ${at(0.5)}, 90 % within ${at(0.9)} (${sorted.length} visits)`,
)

/** What goes on between an event and the one after it. */
function kindOf(event: Event): Kind {
  if (event.type === 'cohort') return 'provisioning'
  if (event.type === 'visit') return 'raising'
  if (event.type === 'idle') return 'measuring'
  if (event.type === 'phase')
    return event.phase === 'warm-up' ? 'warm-up' : event.phase === 'measure' ? 'measuring' : 'collecting'
  if (event.type === 'result') return 'lowering'
  if (event.type !== 'step' && event.type !== 'installed') return 'rest'
  return open() ? 'raising' : 'provisioning'
}

/** Whether a visit has begun: steps before the first are the cohort's. */
function open(): boolean {
  return raisedAt !== undefined || loweredAt !== undefined
}
