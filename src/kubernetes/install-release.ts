import { randomUUID } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Failure } from '../model/failure.ts'
import type { Values } from '../model/mesh.ts'
import type { Chart } from '../model/site.ts'
import type { Seconds } from '../model/units.ts'
import { again } from './ask.ts'
import { helmArgv, type ReleaseLabels, type ReleaseName } from './helm-argv.ts'
import { type Helm, runHelm } from './run-helm.ts'
import { isPassing } from './transient.ts'
import { uninstallRelease } from './uninstall-release.ts'

export interface ReleaseOf extends ReleaseName, ReleaseLabels, Helm {
  readonly chart: Chart
  /** The newest when absent; of no meaning for what is on this machine. */
  readonly version?: string | undefined
  /** May hold keys: they pass through a file that only the owner can read, and that does not stay. */
  readonly values: Values
}

/** How long refusals that pass are put up with. */
const PATIENCE: Seconds = 60

/** Installs a chart, or upgrades it. Does not wait until it is ready. */
export async function installRelease(about: ReleaseOf, signal: AbortSignal): Promise<void> {
  await mkdir(about.dir, { recursive: true, mode: 0o700 })
  const file = join(about.dir, `values-${randomUUID()}.json`)
  await writeFile(file, JSON.stringify(about.values), { mode: 0o600, flag: 'wx' })
  try {
    const reason = await again(PATIENCE, signal, async () => {
      const said = await reasonOf(about, helmArgv.install(about, about.chart, about.version, file), signal)
      if (said !== undefined && isStuck(said)) await uninstallRelease(about, signal)
      return { value: said, final: said === undefined || !(isStuck(said) || isPassing(said)) }
    })
    if (reason !== undefined) throw failed(about, reason)
  } finally {
    await rm(file, { force: true })
  }
}

async function reasonOf(helm: Helm, argv: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  try {
    await runHelm(helm, argv, signal)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return error instanceof Error ? error.message : String(error)
  }
}

/** An installation that was killed leaves a release that can be neither installed nor upgraded. */
function isStuck(reason: string): boolean {
  return /another operation .* is in progress|has no deployed releases/.test(reason)
}

function failed({ release, namespace, chart }: ReleaseOf, cause: string): Failure {
  const from = typeof chart === 'string' ? chart : `${chart.chart} of ${chart.repository}`
  return new Failure('helm', `The chart ${from} could not be installed as ${namespace}/${release}.`, {
    cause,
    fix: 'Check that the chart can be reached and has these values. A site file names another place for it.',
  })
}
