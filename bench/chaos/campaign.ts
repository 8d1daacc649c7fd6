/** Tries cases, and keeps count of what was tried, what it took and what was wrong. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../../src/stats/random.ts'
import { type Ended, type Place, placeIn } from './child.ts'

/** One thing that is tried. Its id with the seed of the campaign repeats it. */
export interface Case {
  readonly id: string
  readonly kind: string
  /** What exactly is done, for whoever repeats it. Known at the latest when it has run. */
  readonly about: string
  /** What is wrong with what came of it. */
  run(place: Place): Promise<Found>
}

export interface Found {
  readonly complaints: readonly string[]
  /** The commands of which figures are kept. */
  readonly ended?: readonly Ended[]
  /** What was tried, where that is more than one thing, or was known only when it happened. */
  readonly tried?: readonly string[]
}

/** As many cases as asked for, of each kind in turn: a short form has some of each, and a longer one the same and more. */
export function inTurn<Kind>(kinds: readonly Kind[], count: number): { kind: Kind; index: number }[] {
  return Array.from({ length: count }, (_, index) => ({ kind: kinds[index % kinds.length] as Kind, index }))
}

export const pick = <Item>(chance: Random, items: readonly Item[]): Item => items[chance.integer(items.length)] as Item

/** Cases from one word of progress to the next. */
const STEP = 20

interface Row {
  cases: number
  failures: number
  cpu: number
  wall: number
  memory: number
}

export interface CampaignAbout {
  readonly root: string
  /** Only these cases, by their ids. */
  readonly only?: readonly string[] | undefined
  readonly keep?: boolean
  /** Another program in place of meshbench. */
  readonly program?: string | undefined
  say(line: string): void
  /** A campaign takes its time: says now and then how far it is. */
  progress?(line: string): void
}

export class Campaign {
  readonly failed: Case[] = []
  readonly #rows = new Map<string, Row>()
  readonly #about: CampaignAbout

  constructor(about: CampaignAbout) {
    this.#about = about
  }

  /** So many at once, in their order. */
  async tryAll(cases: readonly Case[], atOnce: number): Promise<void> {
    const { only } = this.#about
    const queue = cases.filter(({ id }) => only === undefined || only.includes(id))
    const count = queue.length
    let done = 0
    const work = async () => {
      for (let next = queue.shift(); next; next = queue.shift()) {
        await this.#tryOne(next)
        done++
        if (done % STEP === 0 || done === count) this.#about.progress?.(`${done} of ${count}: ${next.id}`)
      }
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }

  async #tryOne(one: Case): Promise<void> {
    const { root, program, keep, say } = this.#about
    const place = placeIn(join(root, one.id), program)
    const { complaints, ended, tried } = await one
      .run(place)
      .catch((error: Error): Found => ({ complaints: [`the campaign itself failed: ${error.stack}`] }))
    this.#count(tried && tried.length > 0 ? tried : [one.kind], ended ?? [], complaints.length > 0)
    if (complaints.length > 0) {
      this.failed.push(one)
      say(`\n${one.id}, ${one.kind}: ${one.about}\n${complaints.map((text) => `    ${text}`).join('\n')}`)
    }
    if (!keep) rmSync(place.root, { recursive: true, force: true })
  }

  #count(kinds: readonly string[], ended: readonly Ended[], isFailure: boolean): void {
    for (const [index, kind] of kinds.entries()) {
      const row = this.#rows.get(kind) ?? { cases: 0, failures: 0, cpu: 0, wall: 0, memory: 0 }
      row.cases++
      if (isFailure && index === 0) row.failures++
      for (const { used, wall } of ended) {
        row.wall = Math.max(row.wall, wall)
        row.cpu = Math.max(row.cpu, used?.cpu ?? 0)
        row.memory = Math.max(row.memory, used?.memory ?? 0)
      }
      this.#rows.set(kind, row)
    }
  }

  /** Markdown: a row for each kind of case, with the most that one command of it took. */
  table(): string {
    const head =
      '| what was tried | cases | failures | slowest: CPU | wall clock | largest |\n|---|--:|--:|--:|--:|--:|'
    const rows = [...this.#rows].toSorted().map(([kind, { cases, failures, cpu, wall, memory }]) => {
      const most = cpu === 0 ? ['', '', ''] : [`${cpu.toFixed(1)} s`, `${wall.toFixed(1)} s`, mebibytes(memory)]
      return `| ${kind} | ${cases} | ${failures} | ${most.join(' | ')} |`
    })
    return [head, ...rows].join('\n')
  }
}

const mebibytes = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`
