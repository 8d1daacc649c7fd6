import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadTrouble } from '../host/outgoing.ts'
import { Failure } from '../model/failure.ts'
import type { Chart } from '../model/site.ts'
import { helmArgv, isLocalChart } from './helm-argv.ts'
import { type Helm, runHelm } from './run-helm.ts'

/**
 * Fetches a chart into a folder of its own, so that a run asks for it once however many clusters it installs it in, and
 * gives the archive's path. What is on this machine stays where it is.
 */
export async function pullChart(
  about: Helm & { readonly chart: Chart; readonly version?: string | undefined; readonly folder: string },
  signal: AbortSignal,
): Promise<string> {
  const { chart, version, folder } = about
  if (isLocalChart(chart)) return await local(chart)
  await mkdir(folder, { recursive: true })
  try {
    await runHelm(about, helmArgv.pull(chart, version, folder), signal)
    const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
    if (archive === undefined) throw new Error('helm fetched no archive')
    return join(folder, archive)
  } catch (cause) {
    signal.throwIfAborted()
    const from = typeof chart === 'string' ? chart : `${chart.chart} of ${chart.repository}`
    const address = typeof chart === 'string' ? chart : chart.repository
    const { why, fix } = downloadTrouble(address.replace(/^oci:/, 'https:'), (cause as Error).message, about.env)
    throw new Failure('helm', `The chart ${from}${version === undefined ? '' : ` ${version}`} could not be fetched.`, {
      cause: why,
      fix: `${fix} A site file can name another place for it.`,
    })
  }
}

async function local(chart: string): Promise<string> {
  try {
    await stat(chart)
    return chart
  } catch (cause) {
    throw new Failure('helm', `There is no chart at ${chart}.`, { cause, fix: 'Check the paths in the site file.' })
  }
}
