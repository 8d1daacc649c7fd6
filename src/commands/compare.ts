import { resolve } from 'node:path'
import { compareSides, METRICS } from '../analyse/compare/compare-sides.ts'
import type { Contrast } from '../analyse/compare/contrast.ts'
import { metrics as known } from '../analyse/metrics.ts'
import { EXIT, Failure } from '../model/failure.ts'
import { suggest } from '../scenario/suggest.ts'
import { contrastTable } from '../ui/contrast-table.ts'
import { styleFor } from '../ui/style.ts'
import { readSides } from './sides.ts'
import type { CommonOptions, Surroundings } from './surroundings.ts'

interface CompareOptions extends CommonOptions {
  readonly metrics?: string
}

/** `meshbench compare A B`: B against A, of files only. Exit 12 where nothing could be compared. */
export async function compareCommand(
  [a, b]: readonly string[],
  options: CompareOptions,
  { cwd, stdout, env }: Surroundings,
): Promise<number> {
  if (a === undefined || b === undefined) throw new TypeError('compare takes two operands')
  const metrics = chosen(options.metrics)
  const sides = await readSides([a, b], resolve(cwd, options.results), cwd)
  const compared = compareSides(sides, metrics)
  const infos = known.map(({ info }) => info)
  stdout.write(
    options.json
      ? `${JSON.stringify({ schema: 1, command: 'compare', a, b, runs: runsOf(sides), ...compared }, null, 2)}\n`
      : `${contrastTable(compared, infos, styleFor(stdout, env))}\n`,
  )
  return compared.contrasts.some(hasData) ? EXIT.ok : EXIT.invalid
}

function chosen(text: string | undefined): readonly string[] {
  if (text === undefined) return METRICS
  const names = known.map(({ info }) => info.name)
  const wanted = text.split(',').map((name) => name.trim())
  const wrong = wanted.find((name) => !names.includes(name))
  if (wrong !== undefined) throw new Failure('usage', `there is no metric ${wrong}`, { fix: suggest(wrong, names) })
  return wanted
}

function runsOf(sides: Awaited<ReturnType<typeof readSides>>) {
  const [first] = sides
  return first?.map(({ analysis }) => analysis.record.run.id)
}

function hasData({ standing }: Contrast): boolean {
  return standing !== 'no-data'
}
