import { isDeepStrictEqual } from 'node:util'
import { isTree, mergeValues } from '../../meshes/settings.ts'
import { Failure } from '../../model/failure.ts'
import type { InstallAbout, InstallStep, Values } from '../../model/mesh.ts'
import type { ArmMesh } from './arm-mesh.ts'

/** What one publisher's meshes install together in one cluster. */
export interface SharedInstallation {
  readonly arms: readonly ArmMesh[]
  /** Of the first arm; what differs from arm to arm is in the steps. */
  readonly about: InstallAbout
  readonly steps: readonly InstallStep[]
}

/**
 * The installations of arms that stand side by side in one cluster: releases that several arms have are installed once, with
 * the values of all.
 *
 * @throws Failure `unsupported` where two arms need different versions or values of one release, or a mesh is the cluster's network
 */
export function installSideBySide(arms: readonly ArmMesh[]): SharedInstallation[] {
  for (const { arm, kubernetes } of arms) {
    if (!kubernetes.isNetwork) continue
    throw new Failure(
      'unsupported',
      `arm ${arm.name} cannot stand beside others: ${arm.mesh} is the cluster's network`,
      {
        remedy: 'Measure it on the platform kind with `isolation: frozen`, which makes a cluster for each arm.',
      },
    )
  }
  const byVendor = Map.groupBy(arms, ({ about }) => about.vendor.name)
  return [...byVendor.values()].map((group) => {
    const steps: Owned[] = []
    for (const one of group) merge(steps, one)
    const [first] = group as [ArmMesh, ...ArmMesh[]]
    return { arms: group, about: first.about, steps: steps.map(({ step }) => step) }
  })
}

/** A step, and the arm that brought it. */
interface Owned {
  readonly step: InstallStep
  readonly arm: string
}

/** Adds an arm's steps where they are not there yet, each after the one before it. */
function merge(steps: Owned[], { arm, kubernetes, about }: ArmMesh): void {
  let after = -1
  for (const step of kubernetes.install(about)) {
    const at = steps.findIndex(({ step: other }) => isSame(step, other))
    const there = steps[at]
    if (there) {
      steps[at] = { ...there, step: together(there, step, arm.name) }
      after = Math.max(after, at)
    } else {
      after++
      steps.splice(after, 0, { step, arm: arm.name })
    }
  }
}

/** Whether two steps bring about the same thing, perhaps in different ways. */
function isSame(a: InstallStep, b: InstallStep): boolean {
  if (a.do !== 'helm' || b.do !== 'helm') return isDeepStrictEqual(a, b)
  return a.release === b.release && a.namespace === b.namespace
}

function together({ step: there, arm: owner }: Owned, step: InstallStep, arm: string): InstallStep {
  if (there.do !== 'helm' || step.do !== 'helm') return there
  const refuse = (what: string) =>
    new Failure('unsupported', `arms ${owner} and ${arm} cannot stand in one cluster: ${what}`, {
      remedy:
        'Measure them on the platform kind with `isolation: frozen`, which makes a cluster for each arm, or give them the same settings.',
    })
  if (there.version !== step.version) {
    throw refuse(`${step.release} would have to be ${there.version} and ${step.version}`)
  }
  const conflict = conflictOf(there.values, step.values)
  if (conflict !== undefined) throw refuse(`${conflict} of ${step.release} would have to have two values`)
  return { ...there, values: mergeValues(there.values, step.values) }
}

/** The first key that both have with different values; undefined where there is none. */
function conflictOf(a: Values, b: Values, path: readonly string[] = []): string | undefined {
  for (const key of Object.keys(a)) {
    if (!(key in b)) continue
    const [one, other] = [a[key], b[key]]
    if (isTree(one) && isTree(other)) {
      const inner = conflictOf(one, other, [...path, key])
      if (inner !== undefined) return inner
    } else if (!isDeepStrictEqual(one, other)) return [...path, key].join('.')
  }
  return undefined
}
