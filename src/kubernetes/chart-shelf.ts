import { join } from 'node:path'
import { parse } from 'yaml'
import type { Chart } from '../model/site.ts'
import { digestOfFiles } from './digest.ts'
import { once } from './once.ts'
import { pullChart } from './pull-chart.ts'
import { type Helm, runHelm } from './run-helm.ts'

/** A chart that stands on this machine, and what it is. */
export interface ShelvedChart {
  readonly path: string
  readonly name: string
  readonly version: string
  readonly appVersion?: string
  /** Of its files. */
  readonly sha256: string
}

/** Charts, each fetched once, however many clusters it is installed in. */
export interface ChartShelf {
  chart(chart: Chart, version: string, signal: AbortSignal): Promise<ShelvedChart>
}

export function chartShelf(about: Helm): ChartShelf {
  const shelved = once<ShelvedChart>()
  let count = 0
  const get = async (chart: Chart, version: string, signal: AbortSignal) => {
    const folder = join(about.dir, 'charts', `${++count}`)
    const path = await pullChart({ ...about, chart, version, folder }, signal)
    return { path, ...(await described(about, path, signal)), sha256: await digestOfFiles(path) }
  }
  return {
    chart: (chart, version, signal) => shelved(JSON.stringify([chart, version]), () => get(chart, version, signal)),
  }
}

/** A folder or an archive, in helm's own reading. */
async function described(about: Helm, path: string, signal: AbortSignal) {
  const said = parse(await runHelm(about, ['show', 'chart', path], signal)) as Record<string, unknown>
  const { name, version, appVersion } = said
  return {
    name: String(name),
    version: String(version),
    ...(appVersion === undefined ? {} : { appVersion: String(appVersion) }),
  }
}
