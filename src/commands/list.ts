import { resolve } from 'node:path'
import { meshes } from '../meshes/index.ts'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import type { Mesh } from '../model/mesh.ts'
import type { Run } from '../model/result.ts'
import { PLATFORM_TRAITS } from '../model/traits.ts'
import { count } from '../model/words.ts'
import { fittingPlatforms } from '../scenario/platform-rules.ts'
import { listRuns } from '../store/find-run.ts'
import { readRunFile } from '../store/read-run.ts'
import { isUnfinished } from '../store/reopen-run.ts'
import { styleFor } from '../ui/terminal-style.ts'
import { paragraph } from '../ui/text-layout.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { LIST_NAMES, type ListName } from './names.ts'
import { readScenario } from './read-scenario.ts'
import { shippedScenarios } from './shipped-scenarios.ts'

/** One line of a list: a name that other commands take, and what it is. */
interface Item {
  readonly name: string
  readonly about: string
}

const LISTS: Record<ListName, (results: string) => Promise<Item[]>> = {
  scenarios: shippedItems,
  meshes: async () => Object.values(meshes).map(meshItem),
  runs: runItems,
}

/** `meshbench list [scenarios|meshes|runs]`: the names that other commands take. */
export async function listCommand(
  [what]: readonly string[],
  options: CommonOptions,
  { cwd, stdout, env }: CommandContext,
): Promise<number> {
  const wanted = what === undefined ? LIST_NAMES : LIST_NAMES.filter((name) => name === what)
  if (wanted.length === 0)
    throw new Failure('usage', `there is no list of ${what}`, { remedy: suggest(what ?? '', LIST_NAMES) })
  const results = resolve(cwd, options.results)
  const lists = await Promise.all(wanted.map(async (name) => [name, await LISTS[name](results)] as const))
  if (options.json) {
    stdout.writeJson({ schema: 1, command: 'list', ...Object.fromEntries(lists) })
    return EXIT.ok
  }
  const style = styleFor(stdout, env)
  const width = Math.max(...lists.flatMap(([, items]) => items.map(({ name }) => name.length)))
  const sections = lists.map(([name, items]) => {
    const lines = items.map((item) => itemText(item, width, stdout.columns))
    return [style.bold(name), ...(lines.length === 0 ? ['  none yet'] : lines)].join('\n')
  })
  stdout.write(`${sections.join('\n\n')}\n`)
  return EXIT.ok
}

/** On a narrow terminal, what a thing is stands below its name. */
function itemText({ name, about }: Item, longest: number, columns: number | undefined): string {
  const indent = longest + 4
  const isNarrow = columns !== undefined && columns < 2 * indent
  if (isNarrow) return `  ${name}\n${paragraph(about, { first: '    ', indent: '    ', width: columns })}`
  return paragraph(about, {
    first: `  ${name}`.padEnd(indent),
    indent: ' '.repeat(indent),
    ...(columns && { width: columns }),
  })
}

async function shippedItems(): Promise<Item[]> {
  const names = await shippedScenarios()
  return Promise.all(names.map(async (name) => ({ name, about: (await readScenario(name, '.')).description ?? '' })))
}

function meshItem(mesh: Mesh): Item {
  const real = fittingPlatforms([mesh]).filter((platform) => PLATFORM_TRAITS[platform].arms !== 'effects')
  return { name: mesh.name, about: `${mesh.title} (${real.join(', ')})` }
}

async function runItems(results: string): Promise<Item[]> {
  const ids = await listRuns(results)
  return Promise.all(ids.map(async (id) => ({ name: id, about: await runText(resolve(results, id)) })))
}

async function runText(dir: string): Promise<string> {
  try {
    const run = readRunFile(dir)
    const state = (await isUnfinished(dir)) ? ', unfinished' : ''
    return `${run.plan.scenario.name} on ${run.provenance.platform}, ${extentOf(run)}${state}`
  } catch (error) {
    return `cannot be read: ${Failure.from(error).message}`
  }
}

function extentOf({ plan: { scenario } }: Run): string {
  return `${count(scenario.arms.length, 'arm')}, ${count(scenario.loads.length, 'load')}, ${count(scenario.blocks * scenario.cohorts, 'block')}`
}
