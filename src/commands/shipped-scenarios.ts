import { readdir } from 'node:fs/promises'

/** The folder of the scenarios that are part of meshbench. */
export const SHIPPED = new URL('../../scenarios/', import.meta.url)

/** Names of the shipped scenarios: those of their files, none of which is read. */
export async function shippedScenarios(): Promise<string[]> {
  return (await readdir(SHIPPED)).filter((file) => file.endsWith('.yaml')).map((file) => file.slice(0, -5))
}

/** What is run where no scenario is named. */
export const DEFAULT_SCENARIO = 'quick'
