import { EXIT } from '../model/failure.ts'
import { isAbandoned, type Leftover } from '../model/platform.ts'
import { allPlatforms } from '../platforms/index.ts'
import { PUBLIC_SITE } from '../site/public-site.ts'
import type { CommandContext, CommonOptions, Output } from './command-context.ts'

export interface CleanOptions extends CommonOptions {
  readonly dryRun?: boolean
  readonly kept?: boolean
  readonly images?: boolean
  readonly all?: boolean
}

/** `meshbench clean`: what killed runs have left is listed, then removed. All else goes only when it is asked for. */
export async function cleanCommand(
  _: readonly string[],
  options: CleanOptions,
  around: CommandContext,
): Promise<number> {
  const platforms = await allPlatforms({ site: PUBLIC_SITE })
  const found = eachOnce((await Promise.all(platforms.map((platform) => platform.leftovers()))).flat())
  const doomed = found.filter((leftover) => isDoomed(leftover, options))
  const rows = options.dryRun
    ? doomed.map((leftover) => ({ ...about(leftover), state: 'found', reason: undefined }))
    : (await removeLeftovers(doomed)).map(({ leftover, reason }) => ({
        ...about(leftover),
        state: reason === undefined ? 'removed' : 'left',
        reason,
      }))
  if (options.json)
    around.stdout.write(`${JSON.stringify({ schema: 1, command: 'clean', leftovers: rows }, null, 2)}\n`)
  else {
    for (const { state, run, what, reason } of rows) {
      around.stdout.write(`${state}: ${what}${run ? ` of run ${run}` : ''}${reason ? `: ${reason}` : ''}\n`)
    }
    around.stdout.write(rows.length === 0 ? 'nothing was left behind\n' : '')
    sayWhatStays(
      found.filter((leftover) => !doomed.includes(leftover)),
      around.stderr,
    )
  }
  return rows.some(({ state }) => state === 'left') ? EXIT.infrastructure : EXIT.ok
}

/** Images are no harm to anybody and cost a download: not even `--all` takes them. */
export function isDoomed(leftover: Pick<Leftover, 'alive' | 'spared'>, { kept, images, all }: CleanOptions): boolean {
  if (leftover.spared === 'pulled') return images === true
  if (leftover.spared === 'kept' && kept === true) return true
  return all === true || isAbandoned(leftover)
}

const STAYING = [
  ['kept for the next run; --kept removes them', ({ spared }) => spared === 'kept'],
  ['pulled by runs, left in Docker; --images removes them', ({ spared }) => spared === 'pulled'],
  ['of runs that are going on; --all removes them too', ({ alive }) => alive],
] as const satisfies readonly (readonly [string, (leftover: Leftover) => boolean])[]

/** What may be somebody else's is named one by one; of the rest the number is enough. */
export function sayWhatStays(staying: readonly Leftover[], stderr: Pick<Output, 'write'>): void {
  for (const { what, spared } of staying) {
    if (spared === 'unrecorded') stderr.write(`left alone: ${what}; --all removes it\n`)
  }
  for (const [words, is] of STAYING) {
    const count = staying.filter(is).length
    if (count > 0) stderr.write(`left alone: ${count} ${words}\n`)
  }
}

function about({ run, what, alive, spared }: Leftover) {
  return { ...(run === undefined ? {} : { run }), what, alive, ...(spared === undefined ? {} : { spared }) }
}

export interface Removal {
  readonly leftover: Leftover
  /** Why it is still there; absent when it has gone. */
  readonly reason?: string
}

/** One after the other, in the order given: a process that still works makes more of what comes after it. */
export async function removeLeftovers(leftovers: readonly Leftover[]): Promise<Removal[]> {
  const removals: Removal[] = []
  for (const leftover of leftovers) {
    try {
      await leftover.remove()
      removals.push({ leftover })
    } catch (error) {
      removals.push({ leftover, reason: error instanceof Error ? error.message : String(error) })
    }
  }
  return removals
}

/** Two platforms may both know of a thing. */
export function eachOnce(leftovers: readonly Leftover[]): Leftover[] {
  return [...new Map(leftovers.map((leftover) => [leftover.what, leftover])).values()]
}
