import type { PodFact } from '../../../model/mesh.ts'
import type { Evidence } from '../../../model/usage.ts'
import type { Ground } from '../ground.ts'
import type { Standing } from '../standing.ts'

/** An arm that has been raised. */
export interface SeatOptions {
  readonly standing: Standing
  readonly ground: Ground
  /** As they were when the arm was raised. */
  readonly pods: readonly PodFact[]
  /** What is known since the arm was raised. */
  readonly facts: readonly Evidence[]
}
