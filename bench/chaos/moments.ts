/** When and how a run is killed: in which phase, how long after that has begun, by which signal, and what gets it. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/stats/random.ts'
import { pick } from './campaign.ts'

export const PHASES = [
  'startup',
  'provisioning',
  'visit',
  'window',
  'collecting',
  'writing',
  'teardown',
  'report',
] as const
export type Phase = (typeof PHASES)[number]

/** From when to when after the beginning of each phase, in milliseconds, a platform is at work on it. */
export type Spans = Readonly<Record<Phase, readonly [from: number, to: number]>>

/** What gets the signal: the process, all that it started in its group, as from a terminal, or one of its children. */
type Target = 'process' | 'group' | 'child'

export interface Means {
  readonly signal: NodeJS.Signals
  readonly target: Target
  /** A second one comes so soon that nothing has been torn down yet. */
  readonly isTwice?: boolean
}

const OF_PROCESS: readonly Means[] = [
  { signal: 'SIGKILL', target: 'process' },
  { signal: 'SIGTERM', target: 'process' },
  { signal: 'SIGKILL', target: 'group' },
  { signal: 'SIGINT', target: 'group' },
  { signal: 'SIGHUP', target: 'process' },
  { signal: 'SIGKILL', target: 'process' },
  { signal: 'SIGINT', target: 'process', isTwice: true },
]
const OF_CHILD: Means = { signal: 'SIGKILL', target: 'child' }

export const meansWords = ({ signal, target, isTwice }: Means) =>
  `${signal}${isTwice ? ' twice' : ''}${target === 'process' ? '' : ` to ${target === 'child' ? 'a child' : 'the group'}`}`

export interface Moment {
  readonly phase: Phase
  /** The visit or trial of the run in which the phase is waited for. */
  readonly turn: number
  readonly after: number
  readonly means: Means
}

/** `hasChildren`: whether the platform starts programs that can be killed. */
export function momentIn(phase: Phase, chance: Random, spans: Spans, turns: number, hasChildren: boolean): Moment {
  const [from, to] = spans[phase]
  const means = [...OF_PROCESS, ...(hasChildren ? [OF_CHILD, OF_CHILD] : [])]
  return {
    phase,
    turn: 1 + chance.integer(turns),
    after: Math.round(from + chance.uniform() * (to - from)),
    means: pick(chance, means),
  }
}

const EVENTS: Readonly<Record<Exclude<Phase, 'startup' | 'writing'>, RegExp>> = {
  provisioning: /"type":"cohort"/g,
  visit: /"type":"visit"/g,
  // What opens a window is written down when it ends, since nothing may be written within.
  window: /"type":"visit"/g,
  collecting: /"phase":"collect"/g,
  teardown: /"type":"result"/g,
  report: /"type":"done"/g,
}

/** What a run has written down so far; 0 where there is nothing yet. */
export function journalSize(dir: string | undefined): number {
  return dir === undefined ? 0 : (statSync(join(dir, 'events.jsonl'), { throwIfNoEntry: false })?.size ?? 0)
}

const POLL_MS = 3

/** Waits for a moment. False if `isOver` came first. */
export async function comes(
  { phase, turn, after }: Moment,
  dirOf: () => string | undefined,
  isOver: () => boolean,
): Promise<boolean> {
  const [journalFrom, rawFrom] = [journalSize(dirOf()), rawFiles(dirOf())]
  const hasBegun = () => {
    const dir = dirOf()
    if (phase === 'startup') return true
    if (dir === undefined) return false
    if (phase === 'writing') return rawFiles(dir) >= rawFrom + 2 * turn - 1
    const wanted = phase === 'provisioning' || phase === 'report' ? 1 : turn
    return countIn(dir, journalFrom, EVENTS[phase]) >= wanted
  }
  while (!hasBegun()) {
    if (isOver()) return false
    await sleep(POLL_MS)
  }
  await sleep(after)
  return !isOver()
}

/** Those in the making too. */
function rawFiles(dir: string | undefined): number {
  try {
    return dir === undefined ? 0 : readdirSync(join(dir, 'raw')).length
  } catch {
    return 0
  }
}

function countIn(dir: string, from: number, pattern: RegExp): number {
  if (journalSize(dir) <= from) return 0
  return readFileSync(join(dir, 'events.jsonl')).subarray(from).toString().match(pattern)?.length ?? 0
}
