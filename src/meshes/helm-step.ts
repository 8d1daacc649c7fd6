import type { InstallAbout, InstallStep, Values } from '../model/mesh.ts'
import { isTree, mergeValues } from './merge-values.ts'

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
