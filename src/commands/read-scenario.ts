import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { closest } from 'fastest-levenshtein'
import { MOST_BYTES, readRegularFile } from '../host/regular-file.ts'
import { Failure } from '../model/failure.ts'
import type { Scenario } from '../model/scenario.ts'
import { parseScenario } from '../scenario/parse.ts'
import { SCENARIO_FILE, scenarioFailure } from '../yaml/source.ts'
import { applicationChecksum, withChecksums } from './read-scripts.ts'
import { SHIPPED, shippedScenarios } from './shipped-scenarios.ts'

/** Reads a scenario, shipped or from a file, as it is written. */
export async function readScenario(given: string, cwd: string): Promise<Scenario> {
  const parsed = parseScenario(...(await scenarioText(given, cwd)))
  if (!parsed.scenario) throw scenarioFailure(parsed.problems)
  const { scenario } = parsed
  const folder = folderOf(given, cwd)
  const loads = withChecksums(scenario.loads, folder)
  const application = await applicationChecksum(scenario, folder)
  if (application === undefined) return { ...scenario, loads }
  return { ...scenario, loads: loads.map((load) => ({ ...load, applicationSha256: application })) }
}

/** The folder of a scenario file, which paths in it are relative to. */
export function folderOf(given: string, cwd: string): string {
  return dirname(isShipped(given) ? fileURLToPath(SHIPPED) : resolve(cwd, given))
}

function isShipped(given: string): boolean {
  return /^[\w-]+$/.test(given)
}

/** A name without a slash or ending is one of the shipped scenarios; anything else is a file. */
export async function scenarioText(given: string, cwd: string): Promise<[text: string, file: string]> {
  const shipped = isShipped(given)
  const file = shipped ? fileURLToPath(new URL(`${given}.yaml`, SHIPPED)) : resolve(cwd, given)
  try {
    return [readRegularFile(file, MOST_BYTES.settings), shipped ? `${given}.yaml` : given]
  } catch (error) {
    if (!(error instanceof TypeError)) {
      throw new Failure('scenario', `there is no scenario ${given}`, { cause: error, remedy: await remedy(given) })
    }
    throw new Failure('scenario', `${given} is no scenario`, {
      cause: error,
      remedy: `Name a file of YAML; ${SCENARIO_FILE.guide}.`,
    })
  }
}

async function remedy(given: string): Promise<string> {
  const names = await shippedScenarios()
  return `Did you mean ${closest(given, names)}? Shipped: ${names.join(', ')}. Name your own file by its path, with its extension.`
}
