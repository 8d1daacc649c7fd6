import { Failure } from '../../model/failure.ts'
import type { Execution, GeneratorRun, LoadTool, Script, Share } from '../../model/platform.ts'
import type { GeneratorReading, Measured } from '../../model/result.ts'
import type { Load } from '../../model/scenario.ts'
import { MICROS, type Micros, type Seconds } from '../../model/units.ts'
import { measuredOf, type Part, partAdder, readingOf } from './part.ts'
import { WHOLE } from './shares.ts'

/** What a tool reads of one generator. */
export interface PartOf {
  readonly share: Share
  readonly script?: Script | undefined
  /** By how much its first request was due after the agreed time, from that time by its own clock. */
  later(startedAt: Seconds): Micros
}

type ReadPart = (
  execution: Pick<Execution, 'exitCode' | 'stdout' | 'stderr' | 'read'>,
  load: Load,
  of: PartOf,
) => Promise<Part>

/** Outputs that are read at once: each is a stream of its own, and one core reads them all. */
const AT_ONCE = 4

/** How a tool reads the output of one generator or of several, from how it reads a part. */
export function readers(read: ReadPart): Pick<LoadTool, 'parse' | 'parseShares'> {
  return {
    parse: async (execution, load, script) => {
      return measuredOf(await read(execution, load, { share: WHOLE, script, later: () => 0 }))
    },
    parseShares: (runs, load, startAt, script) => readAll(read, runs, load, startAt, script),
  }
}

async function readAll(
  read: ReadPart,
  runs: readonly GeneratorRun[],
  load: Load,
  startAt: Seconds,
  script: Script | undefined,
): Promise<Measured> {
  const sum = partAdder()
  const each: GeneratorReading[] = []
  for (let from = 0; from < runs.length; from += AT_ONCE) {
    const batch = runs.slice(from, from + AT_ONCE)
    const parts = await Promise.all(
      batch.map(async ({ name, execution, clock: { before } }, index) => {
        const share = { index: from + index, of: runs.length }
        const later = (startedAt: Seconds) => (startedAt - before.offset - startAt) * MICROS
        try {
          return await read(execution, load, { share, script, later })
        } catch (error) {
          throw ofGenerator(name, error)
        }
      }),
    )
    // In their order, so that sums come out the same each time.
    for (const [index, part] of parts.entries()) {
      const run = batch[index] as GeneratorRun
      sum.add(part, run.clock.before.offset)
      each.push(readingOf(part, { name: run.name, node: run.node, clock: run.clock }))
    }
  }
  return { ...measuredOf(sum.sum()), generators: { startAt, each } }
}

/** The same failure, with the name of the load generator. */
function ofGenerator(name: string, error: unknown): Failure {
  const { code, message, why, remedy } = Failure.from(error)
  return new Failure(code, `load generator ${name}: ${message}`, {
    ...(why !== undefined && { cause: why }),
    ...(remedy !== undefined && { remedy }),
  })
}
