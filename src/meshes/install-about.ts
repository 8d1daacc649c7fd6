import { Failure } from '../model/failure.ts'
import type { InstallAbout, Mesh, Values } from '../model/mesh.ts'
import type { Arm, Profile } from '../model/scenario.ts'
import type { Site, Vendor } from '../model/site.ts'
import { isTree } from './merge-values.ts'
import { settingsOf } from './settings-of.ts'
import { WORKLOAD_NAMESPACE } from './workload-parts.ts'

/** Of a mesh that needs nothing installed. */
const NO_VENDOR: Vendor = { name: '', version: '', hub: '', charts: {} }

/**
 * What an arm's installation depends on: the mesh's vendor as the site has it, and the arm's own version. A version that
 * the arm names is the images' tag too, whatever the site says: else two versions of one mesh would be one.
 */
export function installAbout(
  mesh: Mesh,
  profile: Profile,
  arm: Pick<Arm, 'name' | 'values' | 'version'>,
  vendors: Site['vendors'],
): InstallAbout {
  const declared = mesh.kubernetes?.vendor ?? NO_VENDOR
  const own = vendors[declared.name]
  const { tag, ...vendor }: Vendor = { ...declared, ...own, charts: { ...declared.charts, ...own?.charts } }
  const settings = settingsOf(mesh, profile, arm)
  refuseUnknownCharts(settings['values'], vendor, arm)
  return {
    version: arm.version ?? vendor.version,
    vendor: { ...vendor, ...(tag !== undefined && arm.version === undefined && { tag }) },
    profile,
    settings,
    namespace: WORKLOAD_NAMESPACE,
  }
}

function refuseUnknownCharts(values: unknown, { charts }: Vendor, arm: Pick<Arm, 'name'>): void {
  const asked: Values = isTree(values) ? values : {}
  const unknown = Object.keys(asked).filter((key) => key !== '*' && !Object.hasOwn(charts, key))
  if (unknown.length === 0) return
  throw new Failure('scenario', `arm ${arm.name} has values for ${unknown.join(', ')}, which is no chart of its mesh`, {
    fix: `Its charts are: ${Object.keys(charts).join(', ')}; "*" is for all of them.`,
  })
}
