import type { Step } from '../../model/platform.ts'
import type { Affinity } from './cluster/pin-nodes.ts'

/** A line for the eye where nodes should have cores of their own and have not: it stands in every trial's evidence too. */
export function* sharedCores({ refused }: Affinity, arm: string): Generator<Step, void> {
  if (refused !== undefined) yield { title: `all nodes share all cores: Docker cannot pin them (${refused})`, arm }
}
