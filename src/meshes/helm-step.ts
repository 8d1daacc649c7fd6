import type { InstallAbout, InstallStep, Values } from '../model/mesh.ts'
import { isTree, mergeValues } from './merge-values.ts'

type HelmStep = Extract<InstallStep, { do: 'helm' }>

/** A release with the mesh's values, the site's over them and the arm's own over all. */
export function helmStep(about: InstallAbout, step: HelmStep): HelmStep {
  const { vendor, settings } = about
  const own = isTree(settings['values']) ? settings['values'] : {}
  return {
    ...step,
    values: mergeValues(
      step.values,
      vendor.values?.['*'],
      vendor.values?.[step.chart],
      valuesAt(own, '*'),
      valuesAt(own, step.chart),
    ),
  }
}

function valuesAt(values: Values, chart: string): Values | undefined {
  const found = Object.hasOwn(values, chart) ? values[chart] : undefined
  return isTree(found) ? found : undefined
}
