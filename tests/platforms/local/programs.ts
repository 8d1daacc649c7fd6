import type { Program, ProgramName } from '../../../src/model/site.ts'
import { local } from '../../../src/platforms/local/local.ts'
import { locate } from '../../../src/tools/locate.ts'

/** The real programs, where this machine has them: nothing is fetched for a test. */
const NEEDED = ['fortio', 'envoy'] as const
const found = new Map<ProgramName, Program>()
for (const name of process.platform === 'linux' ? ([...NEEDED, 'k6'] as const) : []) {
  const program = await locate(name)
  if (program) found.set(name, program)
}

/** Why tests with real processes cannot run here; undefined where they can. */
export const missing: string | undefined =
  process.platform !== 'linux'
    ? 'real processes are measured on Linux only'
    : NEEDED.every((name) => found.has(name))
      ? undefined
      : `not on this machine: ${NEEDED.filter((name) => !found.has(name)).join(', ')} (MESHBENCH_FORTIO, MESHBENCH_ENVOY)`

/** Whether there is a program beside those that all tests need. */
export const isHere = (name: ProgramName) => found.has(name)

export function programOf(name: ProgramName): Program {
  const program = found.get(name)
  if (!program) throw new Error(`${name} is missing`)
  return program
}

/** The platform as users have it, but for fetching. */
export const platform = local({
  locate: async (name) => found.get(name),
  obtain: async function* (names) {
    yield { title: `${names.join(', ')} are here` }
    return Object.fromEntries(names.map((name) => [name, programOf(name)]))
  },
})
