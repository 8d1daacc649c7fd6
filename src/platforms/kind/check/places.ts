import { chartAddress } from '../../../kubernetes/chart-address.ts'
import { isLocalChart } from '../../../kubernetes/helm-argv.ts'
import type { Finding } from '../../../model/platform.ts'
import type { Chart, Site } from '../../../model/site.ts'
import type { ArmMesh } from '../arm.ts'
import { error, ok } from './finding.ts'
import type { Readers } from './readers.ts'

/** A chart or manifests that an installation reads. */
type Place =
  | { readonly kind: 'chart'; readonly chart: Chart; readonly version: string }
  | { readonly kind: 'manifests'; readonly place: string }

type PlaceReaders = Pick<Readers, 'exists' | 'addressTrouble'>

/** Charts and manifests are looked for before anything is made: an hour later every arm would fail for want of one. */
export async function placesFinding(
  arms: readonly ArmMesh[],
  site: Pick<Site, 'gatewayApi'>,
  readers: PlaceReaders,
): Promise<Finding[]> {
  const places = placesOf(arms, site)
  if (places.length === 0) return []
  const troubles = await Promise.all(places.map(async (place) => ({ place, why: await troubleOf(place, readers) })))
  const found = troubles.flatMap(({ place, why }) =>
    why === undefined
      ? []
      : [error(`${titleOf(place)} cannot be had`, why, 'Check the way there, or name another place in a site file.')],
  )
  return found.length > 0 ? found : [ok(`${places.length} places of charts and manifests`)]
}

function placesOf(arms: readonly ArmMesh[], site: Pick<Site, 'gatewayApi'>): Place[] {
  const all = arms.flatMap(({ kubernetes, about }) =>
    kubernetes.install(about).flatMap((step): Place[] => {
      if (step.do === 'helm') return [{ kind: 'chart', chart: chartAddress(about, step.chart), version: step.version }]
      if (step.do === 'gateway-api') return [{ kind: 'manifests', place: site.gatewayApi.manifests }]
      if (step.do !== 'site-manifests') return []
      return (about.vendor.manifests ?? []).map((place) => ({ kind: 'manifests', place }))
    }),
  )
  return [...new Map(all.map((place) => [JSON.stringify(place), place])).values()]
}

/** Why it cannot be had; undefined where it can, or nobody can tell yet. */
async function troubleOf(place: Place, readers: PlaceReaders): Promise<string | undefined> {
  if (place.kind === 'manifests' && /^https?:/.test(place.place)) return await readers.addressTrouble(place.place)
  const path = place.kind === 'manifests' ? place.place : place.chart
  // Whoever renders it fetches it, and says why it cannot be had.
  if (place.kind === 'chart' && !isLocalChart(place.chart)) return undefined
  return (await readers.exists(String(path))) ? undefined : 'there is nothing at that path'
}

function titleOf(place: Place): string {
  if (place.kind === 'manifests') return `what is at ${place.place}`
  const { chart, version } = place
  const name = typeof chart === 'string' ? chart : `${chart.chart} of ${chart.repository}`
  return `the chart ${name}${isLocalChart(chart) ? '' : ` ${version}`}`
}
