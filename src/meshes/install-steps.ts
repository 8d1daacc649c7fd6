import { Failure } from '../model/failure.ts'
import type { InstallAbout, InstallStep, Mesh, Values, VersionTrouble } from '../model/mesh.ts'
import type { Arm, Profile } from '../model/scenario.ts'
import type { Site, Vendor } from '../model/site.ts'
import { isTree, mergeValues, settingsOf } from './settings.ts'
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
  refuseVersion(mesh, arm)
  refuseUnknownCharts(settings['values'], vendor, arm)
  return {
    version: arm.version ?? vendor.version,
    vendor: { ...vendor, ...(tag !== undefined && arm.version === undefined && { tag }) },
    profile,
    settings,
    namespace: WORKLOAD_NAMESPACE,
  }
}

/** A scenario's file is refused with line and column; this is for arms that come another way. */
function refuseVersion({ kubernetes }: Mesh, arm: Pick<Arm, 'name' | 'version'>): void {
  const trouble = arm.version === undefined ? undefined : kubernetes?.versionTrouble?.(arm.version)
  if (trouble) throw new Failure('scenario', `arm ${arm.name}: ${trouble.message}`, { remedy: trouble.remedy })
}

/** What is wrong with a version of a project that numbers its releases `1.2.3`, without more before or after. */
export function releaseTrouble(title: string, example: string, version: string): VersionTrouble | undefined {
  const [, prefix = '', number = '', rest = ''] = /^(v?)(\d+(?:\.\d+)*)(.*)$/.exec(version) ?? []
  const parts = number.split('.').length
  const isVariant = /-(distroless|debug)$/.test(rest)
  const isRelease = parts === 3 && !isVariant && !/(^|\.)0\d/.test(number)
  if (isRelease && prefix === '') return undefined
  if (isRelease)
    return { message: `${version}: releases of ${title} have no "v" before them`, remedy: `Write ${number}${rest}.` }
  if (parts === 2 && rest === '') {
    return {
      message: `${version} names many releases of ${title}`,
      remedy: `Name one by its three numbers, so that the run can be repeated: "${example}".`,
    }
  }
  if (parts === 3 && isVariant) {
    return {
      message: `${version} is a tag of images, not a release of ${title}`,
      remedy: `Write ${number}${rest.replace(/-(distroless|debug)$/, '')}; the site file has the variant of the images.`,
    }
  }
  return { message: `${version} is no release of ${title}`, remedy: `Name one by its three numbers: "${example}".` }
}

function refuseUnknownCharts(values: unknown, { charts }: Vendor, arm: Pick<Arm, 'name'>): void {
  const asked: Values = isTree(values) ? values : {}
  const unknown = Object.keys(asked).filter((key) => key !== '*' && !Object.hasOwn(charts, key))
  if (unknown.length === 0) return
  throw new Failure('scenario', `arm ${arm.name} has values for ${unknown.join(', ')}, which is no chart of its mesh`, {
    remedy: `Its charts are: ${Object.keys(charts).join(', ')}; "*" is for all of them.`,
  })
}

type HelmStep = Extract<InstallStep, { do: 'helm' }>

/** A release with the mesh's values, the site's over them and the arm's own over all. */
export function helmStep(about: InstallAbout, step: HelmStep): HelmStep {
  return { ...step, values: mergeValues(step.values, givenValues(about, step.chart)) }
}

/** The tag of a mesh's images: its version, unless the site has another. */
export function imageTag({ vendor, version }: InstallAbout): string {
  return vendor.tag ?? version
}

/** What the site and the arm say of a chart, over the mesh's own values. */
export function givenValues({ vendor, settings }: InstallAbout, chart: string): Values {
  const own = isTree(settings['values']) ? settings['values'] : {}
  return mergeValues(vendor.values?.['*'], vendor.values?.[chart], valuesAt(own, '*'), valuesAt(own, chart))
}

/** The text at a path of values, where there is one. */
export function textAt(values: Values, ...path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>(
    (inner, key) => (isTree(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    values,
  )
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined
}

function valuesAt(values: Values, chart: string): Values | undefined {
  const found = Object.hasOwn(values, chart) ? values[chart] : undefined
  return isTree(found) ? found : undefined
}
