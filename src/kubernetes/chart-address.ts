import { Failure } from '../model/failure.ts'
import type { InstallAbout } from '../model/mesh.ts'
import type { Chart } from '../model/site.ts'

/** Where a chart of a mesh's vendor is, as the site has it. */
export function chartAddress({ vendor }: InstallAbout, chart: string): Chart {
  const address = vendor.charts[chart]
  if (address !== undefined) return address
  throw new Failure('no-chart', `the chart ${chart} of ${vendor.name} has no address`, {
    fix: `Name it in the site file: ${vendor.name}: { charts: { ${chart}: … } }.`,
  })
}
