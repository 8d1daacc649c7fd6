import type { Load } from '../model/scenario.ts'
import { PLATFORM_TRAITS } from '../model/traits.ts'
import { formatDuration, type Seconds } from '../model/units.ts'
import { list } from '../model/words.ts'
import { operations } from '../operations/index.ts'
import type { Operation } from '../operations/operation-steps.ts'
import type { Finding } from '../yaml/yaml-finding.ts'
import { type DraftLoad, meshNamed, type Rule, skippedBy } from './draft.ts'
import { platformOf } from './platform-rules.ts'

/** What has to be left of a window after an operation, so that it can be seen to be normal again. */
const LEAST_AFTER: Seconds = 10

interface Operated extends DraftLoad {
  readonly operation: Operation
}

function operatedIn(loads: readonly DraftLoad[]): Operated[] {
  return loads.flatMap((one) => {
    const operation = operations[one.load.operation ?? '']
    return operation ? [{ ...one, operation }] : []
  })
}

const operationsFitTheLoad: Rule = ({ loads }) =>
  operatedIn(loads).flatMap(({ load, at, operation }): Finding[] => {
    const { rate, capacity, script, duration, operationAt = 0, protocol } = load
    const findings: Finding[] = []
    const refuse = (key: keyof Load, message: string, remedy: string) => {
      findings.push({ path: at(key), message, remedy })
    }
    if (rate === 'max' || capacity || script !== undefined) {
      refuse(
        'operation',
        'an operation is carried out under requests at a fixed rate',
        'Write a rate, and remove capacity, script and shape: a closed loop sends nothing while it waits.',
      )
    }
    if (duration !== undefined && duration - operationAt < LEAST_AFTER) {
      refuse(
        'operation',
        `${formatDuration(Math.max(0, duration - operationAt))} of the window are left after the operation, too short to see that all is normal again`,
        `Write a duration of ${formatDuration(operationAt + LEAST_AFTER)} or more, or an earlier operationAt.`,
      )
    }
    if (operation.protocol !== undefined && protocol !== undefined && protocol !== operation.protocol) {
      refuse('protocol', `${operation.name} is seen on ${operation.protocol} only`, `Use ${operation.protocol}.`)
    }
    return findings
  })

const operationsNeedATime: Rule = ({ loads }) =>
  loads.flatMap(({ load: { operation, operationAt }, at }) =>
    operationAt === undefined || operation !== undefined
      ? []
      : [
          {
            path: at('operationAt'),
            message: 'the load has no operation',
            remedy: 'Add the key operation, or remove this one.',
            atKey: true,
          },
        ],
  )

/** A port that nobody is let in to is none that a load may use. */
const refusedPortsAreUnused: Rule = ({ loads }) =>
  operatedIn(loads).flatMap(({ at, operation }) => {
    const user = loads.find(({ load: { protocol } }) => protocol !== undefined && protocol === operation.refusesPort)
    if (!user) return []
    return [
      {
        path: at('operation'),
        message: `${operation.name} lets nobody in to the port of ${operation.refusesPort}, which load ${user.load.name} uses`,
        remedy: 'Measure that load in a scenario of its own.',
      },
    ]
  })

/** Operations are those of a cluster, on our own server. */
const operationsFitThePlatform: Rule = (draft, meshes) => {
  const platform = platformOf(draft, meshes)
  const { arms, ownClusters } = platform ? PLATFORM_TRAITS[platform] : {}
  const { workload, cluster, entrance } = draft.sketch
  return operatedIn(draft.loads).flatMap(({ at, operation }): Finding[] => {
    const refuse = (message: string, remedy: string) => [{ path: at('operation'), message, remedy }]
    if (arms === 'processes') {
      return refuse(
        `on the ${platform} platform there is no cluster, which an operation needs`,
        'Choose a platform with clusters.',
      )
    }
    if (workload || entrance === 'gateway' || draft.arms.some(({ arm }) => arm.entrance === 'gateway')) {
      return refuse(
        'operations are carried out on our own server, asked by its Service',
        'Remove workload and entrance: gateway, or the operation.',
      )
    }
    if (operation.movesServer && draft.arms.some(({ arm }) => arm.placement === 'same-node')) {
      return refuse(
        'the node of the server is that of the client too, with placement: same-node',
        'Use placement: cross-node.',
      )
    }
    if (arms !== 'kubernetes' || ownClusters) return []
    if (operation.needsOwnNodes) {
      return refuse(
        `on the ${platform} platform the nodes are not the run's own, and ${operation.name} stops what stands on them`,
        'Use the platform kind for it.',
      )
    }
    const existing = draft.arms.filter(({ arm }) => {
      return meshNamed(meshes, arm.mesh)?.layer !== 'none' && (arm.provision ?? cluster?.provision) === 'existing'
    })
    if (!operation.needsOwnMesh || existing.length === 0) return []
    return refuse(
      `${operation.name} stops a control plane that is not the run's own: ${list(existing.flatMap(({ arm }) => arm.name ?? []))}`,
      'Use `provision: install` for these arms, or another operation.',
    )
  })
}

/** Arms that cannot have an operation are skipped; a load that all arms skip measures nothing. */
const operationsHaveAnArm: Rule = ({ loads, arms }, meshes) =>
  operatedIn(loads).flatMap(({ at, operation }) => {
    const skipped = skippedBy(
      operation.name,
      arms.map(({ arm }) => arm),
      meshes,
    )
    if (arms.length === 0 || arms.some(({ arm: { name } }) => name === undefined || skipped[name] === undefined))
      return []
    return [
      {
        path: at('operation'),
        message: `no arm can have ${operation.name}: ${Object.entries(skipped)
          .map(([arm, lack]) => `${arm} (${lack})`)
          .join(', ')}`,
        remedy: 'Add an arm that can, or choose another operation.',
      },
    ]
  })

export const operationRules: readonly Rule[] = [
  operationsFitTheLoad,
  operationsNeedATime,
  refusedPortsAreUnused,
  operationsFitThePlatform,
  operationsHaveAnArm,
]
