import { join, resolve } from 'node:path'
import { type Complete, RootCommand, ShellCompDirective } from '@bomb.sh/tab'
import type { Command } from 'commander'
import { metrics } from '../analyse/metrics.ts'
import { meshes } from '../meshes/index.ts'
import { Failure } from '../model/failure.ts'
import { PROTOCOLS } from '../model/scenario.ts'
import { TOOLS } from '../model/traits.ts'
import { listRuns } from '../store/find-run.ts'
import { readRunFile } from '../store/read-run.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import { readScenario, shippedScenarios } from './choose-plan.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { LIST_NAMES } from './list.ts'
import { EXPORT_FORMATS } from './write-report.ts'

const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const

/** `meshbench completion SHELL`: a script that asks `meshbench complete` what may follow. */
export async function completionCommand(
  [shell = '']: readonly string[],
  _: CommonOptions,
  { stdout }: CommandContext,
): Promise<number> {
  if (!SHELLS.some((known) => known === shell)) {
    throw new Failure('usage', `there is no completion for ${shell}`, { remedy: suggest(shell, SHELLS) })
  }
  stdout.write(printedBy(() => new RootCommand().setup('meshbench', 'meshbench', shell)))
  return 0
}

/** `meshbench complete -- WORDS`: what the last of these words may be, for the scripts of `completion`. */
export function completeCommand(program: Command) {
  return async (words: readonly string[], _: CommonOptions, { cwd, stdout }: CommandContext): Promise<number> => {
    const values = await valuesFor(words, cwd)
    const offered = (name: string, choices?: readonly string[]) => {
      const all = prefixed(choices ?? values[name] ?? [], words.at(-1) ?? '')
      return (complete: Complete) => {
        for (const value of all) complete(value, '')
      }
    }
    const root = new RootCommand()
    for (const { path, command } of commandsOf(program)) {
      const entry = path === '' ? root : root.command(path, command.description())
      for (const option of [...command.options, ...program.options]) {
        const name = option.long?.slice(2)
        if (name === undefined || option.hidden) continue
        const takesValue = option.required || option.optional
        if (takesValue) entry.option(name, option.description, offered(name, option.argChoices))
        else entry.option(name, option.description)
      }
      for (const argument of command.registeredArguments) {
        entry.argument(argument.name(), offered(argument.name()), argument.variadic)
      }
    }
    stdout.write(orFiles(printedBy(() => root.parse([...words]))))
    return 0
  }
}

/** The program itself, its commands, and theirs, each by the words that call it. */
function commandsOf(command: Command, path = ''): { path: string; command: Command }[] {
  const visible = command.createHelp().visibleCommands(command)
  return [{ path, command }, ...visible.flatMap((inner) => commandsOf(inner, `${path} ${inner.name()}`.trim()))]
}

/** What an option or an argument of this name may be, where that is known. */
async function valuesFor(words: readonly string[], cwd: string): Promise<Readonly<Record<string, readonly string[]>>> {
  const named = words.find((word) => word.startsWith('--results='))?.slice('--results='.length)
  const results = resolve(cwd, named ?? words[words.indexOf('--results') + 1 || words.length] ?? 'results')
  const runs = (await listRuns(results)).slice(0, MOST_RUNS)
  const shipped = await shippedScenarios()
  const chosen = words.slice(1, -1).find((word) => shipped.includes(word) || /\.ya?ml$/.test(word)) ?? 'quick'
  const scenario = await readScenario(chosen, cwd).catch(() => undefined)
  const arms = [...(scenario?.arms.map(({ name }) => name) ?? []), ...Object.keys(meshes)]
  return {
    ...{ scenario: shipped, run: runs, runs, resume: runs, extend: runs, previous: runs },
    ...{ a: [...runs, ...armsOf(results, runs[0])], b: [...runs, ...armsOf(results, runs[0])] },
    ...{ arms: [...new Set(arms)], loads: scenario?.loads.map(({ name }) => name) ?? [] },
    ...{ protocol: PROTOCOLS, tool: TOOLS, export: EXPORT_FORMATS, metrics: metrics.map(({ info }) => info.name) },
    ...{ shell: SHELLS, what: LIST_NAMES },
  }
}

/** More than these are no help to choose from. */
const MOST_RUNS = 50

/** Arms of the newest run, as `compare` takes them. */
function armsOf(results: string, newest: string | undefined): string[] {
  if (newest === undefined) return []
  try {
    return readRunFile(join(results, newest)).plan.scenario.arms.map(({ name }) => name)
  } catch {
    return []
  }
}

/** After "none,lin", a list that goes on: what is complete of it stays in front of every value. */
function prefixed(values: readonly string[], word: string): readonly string[] {
  const complete = word.slice(0, word.lastIndexOf(',') + 1)
  const before = complete.split(',')
  return complete === '' ? values : values.filter((value) => !before.includes(value)).map((value) => complete + value)
}

/** The library never leaves a word to the shell; where nothing is offered, it may be the name of a file. */
function orFiles(answer: string): string {
  const isEmpty = answer.trim() === `:${ShellCompDirective.ShellCompDirectiveNoFileComp}`
  return isEmpty ? `:${ShellCompDirective.ShellCompDirectiveDefault}\n` : answer
}

/** The library writes to the console, and not where a command is told to write. */
function printedBy(print: () => void): string {
  const { log } = console
  const lines: string[] = []
  console.log = (line: string) => void lines.push(line)
  try {
    print()
  } finally {
    console.log = log
  }
  return `${lines.join('\n')}\n`
}
