import { EXIT } from '../model/failure.ts'
import type { Leftover } from '../model/platform.ts'
import { allPlatforms } from '../platforms/index.ts'
import { PUBLIC_SITE } from '../site/defaults.ts'
import { eachOnce, removeLeftovers } from './remove-leftovers.ts'
import type { CommonOptions, Surroundings } from './surroundings.ts'

interface CleanOptions extends CommonOptions {
  readonly dryRun?: boolean
  readonly all?: boolean
}

/** `meshbench clean`: what killed runs have left is listed, then removed. Runs that are going on are left alone. */
export async function cleanCommand(_: readonly string[], options: CleanOptions, around: Surroundings): Promise<number> {
  const platforms = await allPlatforms({ site: PUBLIC_SITE })
  const found = eachOnce((await Promise.all(platforms.map((platform) => platform.leftovers()))).flat())
  const doomed = found.filter(({ alive }) => options.all || !alive)
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
      around.stdout.write(`${state}: ${what} of run ${run}${reason ? `: ${reason}` : ''}\n`)
    }
    around.stdout.write(rows.length === 0 ? 'nothing was left behind\n' : '')
    const kept = found.length - doomed.length
    if (kept > 0)
      around.stderr.write(`${kept} things were kept on purpose or belong to runs that go on; --all takes them too\n`)
  }
  return rows.some(({ state }) => state === 'left') ? EXIT.infrastructure : EXIT.ok
}

function about({ run, what, alive }: Leftover) {
  return { run, what, alive }
}
