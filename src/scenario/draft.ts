import type { z } from 'zod'
import type { Arm, Load, Scenario } from '../model/scenario.ts'
import type { Path } from './finding.ts'
import type { scenarioSchema } from './schema.ts'
import type { Tolerated } from './tolerant.ts'

/** A scenario as written, in base units and with defaults, before lists are expanded. */
export type Written = z.output<typeof scenarioSchema>

/** The same where parts of it may be wrong. */
export type Sketch = NonNullable<Tolerated<Written>>

type Loose<T> = { readonly [Key in keyof T]?: T[Key] | undefined }

/** An arm, with its place. What is undefined is either left out or wrong, and then already reported. */
export interface DraftArm {
  readonly arm: Loose<Omit<Arm, 'inject'>> & { readonly inject?: Loose<NonNullable<Arm['inject']>> | undefined }
  readonly path: Path
}

/** One load of those that an entry expands to; its values may stand in lists. */
export interface DraftLoad {
  readonly load: Loose<Load>
  readonly path: Path
  at(key: keyof Load): Path
}

/** A scenario being judged: whole where it is right, so that a mistake hides no other. */
export interface Draft {
  readonly sketch: Omit<Partial<Sketch>, 'arms' | 'loads'>
  readonly arms: readonly DraftArm[]
  readonly loads: readonly DraftLoad[]
}

/** Only for a draft in which nothing is wrong: then nothing is undefined that must not be. */
export function scenarioOf({ sketch, arms, loads }: Draft): Scenario {
  return { ...sketch, arms: arms.map(({ arm }) => arm), loads: loads.map(({ load }) => load) } as Scenario
}

export function draftOf(scenario: Scenario): Draft {
  return {
    sketch: scenario,
    arms: scenario.arms.map((arm, index) => ({ arm, path: ['arms', index] })),
    loads: scenario.loads.map((load, index) => ({
      load,
      path: ['loads', index],
      at: (key) => ['loads', index, key],
    })),
  }
}
