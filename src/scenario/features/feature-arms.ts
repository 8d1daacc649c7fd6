import { COSTED, COSTED_UNASKED, lackOf, needsRoutes, whyNotCosted } from '../../features/feature-cost.ts'
import { meshes } from '../../meshes/index.ts'
import { Failure } from '../../model/failure.ts'
import { type Arm, isSameArm, type Scenario } from '../../model/scenario.ts'
import { suggest } from '../../yaml/yaml-finding.ts'

/** A feature that an arm cannot have, and why: a sentence. */
interface LeftOut {
  readonly arm: string
  readonly feature: string
  readonly why: string
}

/**
 * The scenario with an arm for each feature of each of its meshes, beside the mesh without it. Each mesh stands there twice without any,
 * since equal arms show the noise. A scenario that has arms with features stays as it is where nothing is asked for.
 *
 * @param asked names of arms or meshes, and of probes; all arms without a feature, and those that are measured unasked, when absent
 * @throws Failure `usage` for a name that is not known, and where nothing is left
 */
export function featureArms(
  scenario: Scenario,
  asked: { readonly arms?: readonly string[] | undefined; readonly probes?: readonly string[] | undefined },
): { readonly scenario: Scenario; readonly leftOut: readonly LeftOut[] } {
  const isAsked = asked.arms !== undefined || asked.probes !== undefined
  if (!isAsked && scenario.arms.some(({ feature }) => feature !== undefined)) return { scenario, leftOut: [] }
  const features = asked.probes === undefined ? COSTED_UNASKED : probesNamed(asked.probes)
  const all = scenario.arms.filter(({ feature }) => feature === undefined)
  const distinct = all.filter((arm, index) => all.findIndex((other) => isSameArm(other, arm)) === index)
  const bases = (asked.arms === undefined ? distinct : armsNamed(distinct, asked.arms)).map(withRoutes)
  const each = bases.map((base) => ({
    base,
    lacks: features.map((feature) => ({ arm: base.name, feature, why: lackOf(feature, base.mesh) })),
  }))
  const leftOut = each.flatMap(({ lacks }) =>
    lacks.flatMap(({ why, ...one }) => (why === undefined ? [] : [{ ...one, why }])),
  )
  const measured = each.filter(({ lacks }) => lacks.some(({ why }) => why === undefined))
  if (measured.length === 0) {
    throw new Failure('usage', 'no feature is left whose cost could be measured', {
      cause: leftOut.map(({ arm, feature, why }) => `${arm}, ${feature}: ${why}`).join('\n'),
      remedy: `Name others: ${COSTED.join(', ')}.`,
    })
  }
  const arms = measured.flatMap(({ base, lacks }): Arm[] => [
    base,
    { ...base, name: `${base.name}-again` },
    ...lacks.flatMap(({ feature, why }) =>
      why === undefined ? [{ ...base, name: `${base.name}-${feature}`, feature }] : [],
    ),
  ])
  return { scenario: { ...scenario, arms }, leftOut }
}

/** What a route of any feature needs is in all arms of the mesh, so that they differ in nothing but the feature. */
function withRoutes(arm: Arm): Arm {
  const setting = meshes[arm.mesh]?.kubernetes?.routes?.setting
  const isNeeded = COSTED.some((feature) => lackOf(feature, arm.mesh) === undefined && needsRoutes(feature, arm.mesh))
  return setting === undefined || !isNeeded ? arm : { ...arm, values: { ...arm.values, [setting]: true } }
}

function probesNamed(names: readonly string[]): readonly string[] {
  const wrong = names.find((name) => !COSTED.includes(name))
  if (wrong !== undefined) {
    const why = whyNotCosted().find(({ feature }) => feature === wrong)?.why
    throw new Failure('usage', `there is no feature ${wrong} whose cost can be measured`, {
      ...(why !== undefined && { cause: why }),
      remedy: suggest(wrong, COSTED),
    })
  }
  return COSTED.filter((name) => names.includes(name))
}

function armsNamed(arms: readonly Arm[], names: readonly string[]): readonly Arm[] {
  return [...new Set(names)].map((name) => {
    const found = arms.find((arm) => arm.name === name)
    if (found) return found
    if (Object.hasOwn(meshes, name)) return { name, mesh: name }
    const known = [...new Set([...arms.map((arm) => arm.name), ...Object.keys(meshes)])]
    throw new Failure('usage', `there is no arm or mesh ${name}`, { remedy: suggest(name, known) })
  })
}
