import type { z } from 'zod'
import type { Values } from '../model/mesh.ts'
import type { Chart, SiteVendor } from '../model/site.ts'
import type { Path } from '../scenario/finding.ts'
import type { Tolerated } from '../scenario/tolerant.ts'
import type { Places } from './places.ts'
import type { vendorSchema } from './schema.ts'

/** What is written of a vendor, without what is wrong. */
type Sketch = NonNullable<Tolerated<z.output<ReturnType<typeof vendorSchema>>>>

/** Paths made absolute, values read from their files. */
export async function resolveVendor(sketch: Sketch, path: Path, places: Places): Promise<SiteVendor> {
  const { charts, values, manifests, ...plain } = sketch
  return {
    ...(Object.fromEntries(Object.entries(plain).filter(([, value]) => value !== undefined)) as SiteVendor),
    ...(charts && { charts: await chartsFrom(charts, [...path, 'charts'], places) }),
    ...(values !== undefined && { values: await valuesFrom(values, [...path, 'values'], places) }),
    ...(manifests !== undefined && { manifests: await manifestsFrom(manifests, [...path, 'manifests'], places) }),
  }
}

type Written<Key extends keyof Sketch> = NonNullable<Sketch[Key]>

async function chartsFrom(written: Written<'charts'>, path: Path, places: Places): Promise<Record<string, Chart>> {
  const charts: Record<string, Chart> = {}
  for (const [key, chart] of Object.entries(written)) {
    if (typeof chart === 'string') charts[key] = await places.resolve(chart, [...path, key])
    else if (chart?.repository && chart.chart) charts[key] = { repository: chart.repository, chart: chart.chart }
  }
  return charts
}

/** A file alone is for every chart. */
async function valuesFrom(written: Written<'values'>, path: Path, places: Places): Promise<Record<string, Values>> {
  if (typeof written === 'string') return { '*': await places.values(written, path) }
  const values: Record<string, Values> = {}
  for (const [key, value] of Object.entries(written)) {
    if (typeof value === 'string') values[key] = await places.values(value, [...path, key])
    else if (value) values[key] = value
  }
  return values
}

async function manifestsFrom(written: Written<'manifests'>, path: Path, places: Places): Promise<string[]> {
  if (typeof written === 'string') return [await places.resolve(written, path)]
  const found: string[] = []
  for (const [index, manifest] of written.entries()) {
    if (manifest !== undefined) found.push(await places.resolve(manifest, [...path, index]))
  }
  return found
}
