import { join, resolve } from 'node:path'
import { type Complete, RootCommand, ShellCompDirective } from '@bomb.sh/tab'
import type { Command } from 'commander'
import { Failure } from '../model/failure.ts'
import { PROTOCOLS } from '../model/scenario.ts'
import { TOOLS } from '../model/traits.ts'
import { EXPORT_FORMATS } from '../report/outputs/exports.ts'
import { listRuns } from '../store/find-run.ts'
import { suggest } from '../yaml/yaml-finding.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { LIST_NAMES } from './names.ts'
import { DEFAULT_SCENARIO, shippedScenarios } from './shipped-scenarios.ts'

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
    const values = await valuesFor(program, words, cwd)
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

/**
 * What the options and arguments that may stand at the last word can be, by their names. Nothing else is looked up, and what
 * loads much of the program is loaded only for what needs it: this runs at every press of the tab key.
 */
async function valuesFor(
  program: Command,
  words: readonly string[],
  cwd: string,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const sources = sourcesOf(words, cwd)
  const found = namesAt(program, words).map(async (name) => [name, (await sources[name]?.()) ?? []] as const)
  return Object.fromEntries(await Promise.all(found))
}

/** The option whose value the last word is; else the arguments of the command. */
function namesAt(program: Command, words: readonly string[]): string[] {
  const [before = '', last = ''] = words.slice(-2)
  const option = /^--([^=]+)=/.exec(last)?.[1] ?? /^--(.+)/.exec(before)?.[1]
  let command = program
  for (const word of words) command = command.commands.find((one) => one.name() === word) ?? command
  const known = [...command.options, ...program.options].find(({ long }) => long === `--${option}`)
  // The value of an option can be absent where it is optional.
  const mayBeArgument = known === undefined || !known.required
  return [
    ...(option === undefined ? [] : [option]),
    ...(mayBeArgument ? command.registeredArguments.map((argument) => argument.name()) : []),
  ]
}

type Source = () => Promise<readonly string[]>

function sourcesOf(words: readonly string[], cwd: string): Readonly<Record<string, Source>> {
  const named = words.find((word) => word.startsWith('--results='))?.slice('--results='.length)
  const results = resolve(cwd, named ?? words[words.indexOf('--results') + 1 || words.length] ?? 'results')
  const runs = async () => (await listRuns(results)).slice(0, MOST_RUNS)
  const sides = async () => {
    const ids = await runs()
    return [...ids, ...(await armsOf(results, ids[0]))]
  }
  return {
    ...{ scenario: shippedScenarios, run: runs, runs, resume: runs, extend: runs, previous: runs, a: sides, b: sides },
    arms: async () => {
      const { meshes } = await import('../meshes/index.ts')
      const scenario = await scenarioIn(words, cwd)
      return [...new Set([...(scenario?.arms.map(({ name }) => name) ?? []), ...Object.keys(meshes)])]
    },
    loads: async () => (await scenarioIn(words, cwd))?.loads.map(({ name }) => name) ?? [],
    metrics: async () => (await import('../analyse/metrics.ts')).metrics.map(({ info }) => info.name),
    protocol: async () => PROTOCOLS,
    tool: async () => TOOLS,
    export: async () => EXPORT_FORMATS,
    shell: async () => SHELLS,
    what: async () => LIST_NAMES,
  }
}

/** The scenario that the words name; the default one otherwise. */
async function scenarioIn(words: readonly string[], cwd: string) {
  const { readScenario } = await import('./read-scenario.ts')
  const shipped = await shippedScenarios()
  const chosen = words.slice(1, -1).find((word) => shipped.includes(word) || /\.ya?ml$/.test(word)) ?? DEFAULT_SCENARIO
  return readScenario(chosen, cwd).catch(() => undefined)
}

/** More than these are no help to choose from. */
const MOST_RUNS = 50

/** Arms of the newest run, as `compare` takes them. */
async function armsOf(results: string, newest: string | undefined): Promise<string[]> {
  if (newest === undefined) return []
  const { readRunFile } = await import('../store/read-run.ts')
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
