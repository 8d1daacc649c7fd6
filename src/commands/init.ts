import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { basename, extname, resolve } from 'node:path'
import { meshes } from '../meshes/index.ts'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import { PROTOCOLS } from '../model/scenario.ts'
import { TOOLS } from '../model/traits.ts'
import { formatRate } from '../model/units.ts'
import { commandText, list } from '../model/words.ts'
import { parseScenario } from '../scenario/parse.ts'
import { storageFailure } from '../store/write-once.ts'
import { scenarioFailure } from '../yaml/source.ts'
import { asking, canAsk } from './ask.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { knownNames } from './names.ts'
import { readScenario } from './read-scenario.ts'
import { DEFAULT_SCENARIO } from './shipped-scenarios.ts'

interface InitOptions extends CommonOptions {
  readonly arms?: string
  readonly rates?: string
}

/** What a scenario begins with where nothing else is asked for: the meshes that the default scenario compares, at its rates. */
async function usualAnswers(cwd: string): Promise<Answers> {
  const { arms, loads } = await readScenario(DEFAULT_SCENARIO, cwd)
  return {
    arms: [...new Set(arms.map(({ mesh }) => mesh))],
    rates: [...new Set(loads.map(({ rate }) => formatRate(rate)))],
  }
}

/** `meshbench init [file]`: writes a commented scenario. On a terminal it asks for what the options do not say. */
export async function initCommand(
  [given = 'scenario.yaml']: readonly string[],
  options: InitOptions,
  context: CommandContext,
): Promise<number> {
  const name = extname(given) === '' ? `${given}.yaml` : given
  const file = resolve(context.cwd, name)
  refuseExisting(file, name)
  const { arms, rates } = await answers(options, context)
  const text = scenarioText(basename(name, extname(name)), arms, rates)
  const { problems } = parseScenario(text, name)
  if (problems.length > 0) throw scenarioFailure(problems)
  // Exclusive: a file that came meanwhile is not replaced.
  await writeFile(file, text, { flag: 'wx' }).catch((error: unknown) => {
    throw storageFailure(error, file)
  })
  if (options.json) context.stdout.writeJson({ schema: 1, command: 'init', file, arms, rates })
  else context.stdout.write(`${name}\n`)
  context.stderr.write(
    `next: ${commandText(['meshbench', 'plan', name])}, then ${commandText(['meshbench', 'run', name])}\n`,
  )
  return EXIT.ok
}

function refuseExisting(file: string, given: string): void {
  if (!existsSync(file)) return
  throw new Failure('usage', `${given} exists already`, { remedy: 'Name another file, or remove this one first.' })
}

interface Answers {
  readonly arms: readonly string[]
  readonly rates: readonly string[]
}

async function answers(options: InitOptions, context: CommandContext): Promise<Answers> {
  const { arms, rates } = options
  const usual = await usualAnswers(context.cwd)
  if (!canAsk(options, context) || (arms !== undefined && rates !== undefined)) {
    return { arms: meshNames(arms) ?? usual.arms, rates: words(rates) ?? usual.rates }
  }
  return asking(context, async (ask) => {
    // An empty answer takes what stands in brackets.
    const orUsual = async (question: string, those: readonly string[]) =>
      words(await ask(`${question} [${those.join(', ')}] `)) ?? those
    context.stderr.write(`Meshes: ${Object.keys(meshes).join(', ')}\n`)
    const chosen =
      meshNames(arms) ??
      meshNames((await orUsual('Which do you compare? The first is the baseline.', usual.arms)).join()) ??
      usual.arms
    return { arms: chosen, rates: words(rates) ?? (await orUsual('At which rates?', usual.rates)) }
  })
}

function words(text: string | undefined): readonly string[] | undefined {
  const found = text?.split(/[,\s]+/).filter(Boolean) ?? []
  return found.length === 0 ? undefined : found
}

function meshNames(text: string | undefined): readonly string[] | undefined {
  const names = words(text)
  return names && knownNames(names, Object.keys(meshes), 'mesh')
}

/** The baseline comes twice, so that the report can say how much equal arms differ. */
function scenarioText(
  name: string,
  [baseline = 'none', ...others]: readonly string[],
  rates: readonly string[],
): string {
  const title =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9.-]+/g, '-')
      .replace(/^[.-]+/, '') || 'scenario'
  return `# A scenario of meshbench. docs/scenarios.md describes the keys, and scenarios/example.yaml has all of them.
name: ${title}
description: The cost of ${list(others.length === 0 ? [baseline] : others)} compared with ${baseline}

# What is compared. The first arm is the baseline.
arms:
  - ${baseline}
  # The same again under another name: the difference of the two is the noise of this run.
  - { name: ${baseline}-again, mesh: ${baseline} }
${others.map((mesh) => `  - ${mesh}\n`).join('')}
# The loads on every arm in every block. A list of rates makes one load of each.
loads:
  - rate: [${rates.join(', ')}]
    # ${TOOLS.join(' or ')}.
    tool: fortio
    # ${PROTOCOLS.join(', ')}.
    protocol: http
    connections: 8
    # Size of the body of requests and answers.
    payload: 1KiB
    # Load before each measurement, whose results are discarded.
    warmup: 2s
    duration: 10s

# Passes over all arms. More blocks find smaller differences: \`meshbench plan\` says which.
blocks: 6
`
}
