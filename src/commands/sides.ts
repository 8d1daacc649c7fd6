import { analyse } from '../analyse/analyse.ts'
import type { Side } from '../analyse/compare/contrast.ts'
import type { Analysis } from '../model/analysis.ts'
import { Failure } from '../model/failure.ts'
import type { Run } from '../model/result.ts'
import { suggest } from '../scenario/suggest.ts'
import { findRun } from '../store/find-run.ts'
import { readRun } from '../store/read-run.ts'
import { readRunFile } from '../store/read-run-file.ts'

/** One operand of `compare`: a run, and an arm of it where one is named. */
interface Operand {
  readonly dir: string
  readonly arm?: string
}

/** The two operands, read and matched up: named arms with each other, else every arm that both runs have. */
export async function readSides(given: readonly [string, string], root: string, cwd: string): Promise<[Side, Side][]> {
  const [a, b] = [await operandOf(given[0], root, cwd), await operandOf(given[1], root, cwd)]
  const first = analyse(await readRun(a.dir))
  const second = a.dir === b.dir ? first : analyse(await readRun(b.dir))
  if (first === second && a.arm === b.arm) throw sameTwice(given[0], first)
  return matched(a, b, first, second).map(([one, other]) => [sideOf(first, one), sideOf(second, other)])
}

/** An arm that is named on one side only is meant on both. */
function matched(a: Operand, b: Operand, first: Analysis, second: Analysis): (readonly [string, string])[] {
  const [one, other] = [a.arm ?? b.arm, b.arm ?? a.arm]
  if (one !== undefined && other !== undefined) return [[one, other]]
  const others = new Set(namesOf(second.record.run))
  return namesOf(first.record.run).flatMap((name) => (others.has(name) ? [[name, name] as const] : []))
}

/** `run`, `run:arm`, `:arm` of the newest run; a bare name that is no run is an arm of the newest one. */
async function operandOf(text: string, root: string, cwd: string): Promise<Operand> {
  const colon = text.lastIndexOf(':')
  if (colon >= 0) {
    const run = text.slice(0, colon)
    return { dir: await findRun(root, run === '' ? undefined : run, cwd), arm: text.slice(colon + 1) }
  }
  try {
    return { dir: await findRun(root, text, cwd) }
  } catch (error) {
    const newest = await findRun(root).catch(() => undefined)
    if (newest === undefined || !namesOf(readRunFile(newest)).includes(text)) throw error
    return { dir: newest, arm: text }
  }
}

function sideOf(analysis: Analysis, arm: string): Side {
  const names = namesOf(analysis.record.run)
  if (names.includes(arm)) return { analysis, arm }
  throw new Failure('usage', `run ${analysis.record.run.id} has no arm ${arm}`, { fix: suggest(arm, names) })
}

function namesOf({ plan }: Pick<Run, 'plan'>): string[] {
  return plan.scenario.arms.map(({ name }) => name)
}

function sameTwice(text: string, analysis: Analysis): Failure {
  const [one, other = one] = namesOf(analysis.record.run)
  return new Failure('usage', `${text} is compared with itself`, {
    fix: `Name two arms of it: meshbench compare :${one} :${other}`,
  })
}
