import { join } from 'node:path'
import type { Chart } from '../model/site.ts'
import { pullChart } from './pull-chart.ts'
import type { Helm } from './run-helm.ts'

/** Charts, each fetched once, however many clusters it is installed in. */
export interface ChartShelf {
  /** Where the chart stands on this machine. */
  path(chart: Chart, version: string, signal: AbortSignal): Promise<string>
}

export function chartShelf(about: Helm): ChartShelf {
  const fetched = new Map<string, Promise<string>>()
  return {
    path(chart, version, signal) {
      const key = JSON.stringify([chart, version])
      const known = fetched.get(key)
      if (known) return known
      const folder = join(about.dir, 'charts', `${fetched.size + 1}`)
      const fetching = pullChart({ ...about, chart, version, folder }, signal)
      fetched.set(key, fetching)
      // One that failed is tried anew by the next who asks.
      fetching.catch(() => fetched.delete(key))
      return fetching
    },
  }
}
