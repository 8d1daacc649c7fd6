import { EXIT } from '../model/exit-codes.ts'
import { isAbandoned, type Leftover } from '../model/platform.ts'
import { allPlatforms } from '../platforms/index.ts'
import { readSite } from '../site/read-site.ts'
import type { Output } from '../ui/output.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'

export interface CleanOptions extends CommonOptions {
  readonly dryRun?: boolean
  readonly kept?: boolean
  readonly images?: boolean
  readonly all?: boolean
  readonly site?: string
  /** Also looks into the cluster of this context. */
  readonly context?: string
  readonly kubeconfig?: string
}

/** `meshbench clean`: lists and removes what killed runs left behind. Everything else is removed only on request. */
export async function cleanCommand(
  _: readonly string[],
  options: CleanOptions,
  around: CommandContext,
): Promise<number> {
  const platforms = await allPlatforms({
    site: await readSite(options.site, around.env, { cwd: around.cwd }),
    context: options.context,
    kubeconfig: options.kubeconfig,
  })
  const found = eachOnce((await Promise.all(platforms.map((platform) => platform.leftovers()))).flat())
  const doomed = found.filter((leftover) => isDoomed(leftover, options))
  const rows = options.dryRun
    ? doomed.map((leftover) => ({ ...about(leftover), state: 'found', reason: undefined }))
    : (await removeLeftovers(doomed)).map(({ leftover, reason }) => ({
        ...about(leftover),
        state: reason === undefined ? 'removed' : 'left',
        reason,
      }))
  if (options.json) around.stdout.writeJson({ schema: 1, command: 'clean', leftovers: rows })
  else {
    for (const { state, run, what, reason } of rows) {
      around.stdout.write(`${state}: ${what}${run ? ` of run ${run}` : ''}${reason ? `: ${reason}` : ''}\n`)
    }
    around.stdout.write(rows.length === 0 ? 'nothing is left behind\n' : '')
    sayWhatStays(
      found.filter((leftover) => !doomed.includes(leftover)),
      around.stderr,
    )
  }
  return rows.some(({ state }) => state === 'left') ? EXIT.infrastructure : EXIT.ok
}

/** Whether a leftover is removed. `--all` keeps images, since they do no harm and cost a download. */
export function isDoomed(leftover: Pick<Leftover, 'alive' | 'spared'>, { kept, images, all }: CleanOptions): boolean {
  if (leftover.spared === 'pulled') return images === true
  if (leftover.spared === 'kept' && kept === true) return true
  return all === true || isAbandoned(leftover)
}

const STAYING = [
  ['kept for the next run; --kept removes them', ({ spared }) => spared === 'kept'],
  ['pulled by runs, left in Docker; --images removes them', ({ spared }) => spared === 'pulled'],
  ['of runs in progress; --all removes them too', ({ alive }) => alive],
] as const satisfies readonly (readonly [string, (leftover: Leftover) => boolean])[]

/** Prints what stays: things that may belong to others by name, the rest by number. */
export function sayWhatStays(staying: readonly Leftover[], stderr: Pick<Output, 'write'>): void {
  for (const { what, spared } of staying) {
    if (spared === 'unrecorded') stderr.write(`left alone: ${what}; --all removes it\n`)
  }
  for (const [words, is] of STAYING) {
    const count = staying.filter(is).length
    if (count > 0) stderr.write(`left alone: ${count} ${words}\n`)
  }
}

function about({ run, what, image, alive, spared }: Leftover) {
  return {
    ...(run === undefined ? {} : { run }),
    what,
    ...(image === undefined ? {} : { image }),
    alive,
    ...(spared === undefined ? {} : { spared }),
  }
}

export interface Removal {
  readonly leftover: Leftover
  /** Why it is still there; absent when it has gone. */
  readonly reason?: string
}

/** Removes leftovers one after the other in the given order: a running process could create more of the later ones. */
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

/** Removes duplicates, since two platforms may list the same thing. */
export function eachOnce(leftovers: readonly Leftover[]): Leftover[] {
  return [...new Map(leftovers.map((leftover) => [leftover.what, leftover])).values()]
}
