import { COSTED, lackOf, needsRoutes, whyNotCosted } from '../../features/feature-cost.ts'
import { type Arm, withoutFeature } from '../../model/scenario.ts'
import { PLATFORM_TRAITS } from '../../model/traits.ts'
import { type Finding, shown, suggest } from '../../yaml/yaml-finding.ts'
import { type Draft, meshNamed, type Rule } from '../draft.ts'
import { platformOf } from '../platform-rules.ts'

type DraftArm = Draft['arms'][number]

/** Arms with a feature that there is. */
function featuredIn({ arms }: Draft): (DraftArm & { readonly feature: string })[] {
  return arms.flatMap((one) => {
    const { feature } = one.arm
    return feature !== undefined && COSTED.includes(feature) ? [{ ...one, feature }] : []
  })
}

const featuresExist: Rule = ({ arms }) =>
  arms.flatMap(({ arm: { feature }, path }) => {
    if (feature === undefined || COSTED.includes(feature)) return []
    const message = `there is no feature ${shown(feature)} whose cost can be measured`
    const known = whyNotCosted().find((one) => one.feature === feature)?.why
    const remedy = `${known === undefined ? '' : `${known} `}${suggest(feature, COSTED)}`
    return [{ path: [...path, 'feature'], message, remedy }]
  })

const meshesHaveTheFeature: Rule = (draft, meshes) =>
  featuredIn(draft).flatMap(({ arm: { mesh: of, values }, path, feature }): Finding[] => {
    const mesh = meshNamed(meshes, of)
    if (!mesh) return []
    const at = [...path, 'feature']
    const lack = lackOf(feature, mesh.name)
    if (lack !== undefined) {
      return [{ path: at, message: `${mesh.name} cannot have ${feature}: ${lack}`, remedy: 'Remove this arm.' }]
    }
    const setting = mesh.kubernetes?.routes?.setting
    if (setting === undefined || values?.[setting] === true || !needsRoutes(feature, mesh.name)) return []
    return [
      {
        path: at,
        message: `${feature} is a route of the Gateway API, which ${mesh.name} takes only with \`values: { ${setting}: true }\``,
        remedy: 'Write these values for this arm, and for the one that it is compared with.',
      },
    ]
  })

const featuresAreComparedWithNone: Rule = (draft) => {
  const arms = draft.arms.map(({ arm }) => arm as Arm)
  return featuredIn(draft).flatMap(({ arm, path, feature }): Finding[] => {
    if (arm.mesh === undefined || withoutFeature(arms, arm as Arm)) return []
    return [
      {
        path: [...path, 'feature'],
        message: `no arm is equal to ${arm.name ?? 'this one'} without ${feature}, so that nothing shows what it costs`,
        remedy: `Add one with the same mesh, values and placement, and without the key feature.`,
      },
    ]
  })
}

/** The objects are those of a Service with a port for HTTP, and what they refuse is no request of ours. */
const featuresFitTheLoads: Rule = (draft, meshes) => {
  const [first] = featuredIn(draft)
  if (!first) return []
  const platform = platformOf(draft, meshes)
  const refuse = (message: string, remedy: string): Finding[] => [{ path: [...first.path, 'feature'], message, remedy }]
  if (platform && PLATFORM_TRAITS[platform].arms === 'processes') {
    return refuse(
      `on the ${platform} platform there is no cluster, whose objects a feature is made of`,
      'Choose a platform with clusters.',
    )
  }
  const { workload, entrance } = draft.sketch
  if (workload || entrance === 'gateway' || draft.arms.some(({ arm }) => arm.entrance === 'gateway')) {
    return refuse(
      'features are put on our own server, asked by its Service',
      'Remove workload and entrance: gateway, or the feature.',
    )
  }
  return draft.loads.flatMap(({ load: { protocol, script, operation }, at }): Finding[] => {
    if (protocol !== undefined && protocol !== 'http') {
      return [
        {
          path: at('protocol'),
          message: `arms with a feature are measured with http: the objects of ${first.feature} are those of its port`,
          remedy: 'Use http, or remove the key feature of the arms.',
        },
      ]
    }
    if (script === undefined && operation === undefined) return []
    const key = script === undefined ? 'operation' : 'script'
    return [
      {
        path: at(key),
        message: `arms with a feature are measured without ${key}, which asks for what the feature may refuse`,
        remedy: `Remove ${key}, or the key feature of the arms.`,
        atKey: true,
      },
    ]
  })
}

export const featureRules: readonly Rule[] = [
  featuresExist,
  meshesHaveTheFeature,
  featuresAreComparedWithNone,
  featuresFitTheLoads,
]
