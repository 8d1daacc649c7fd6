import type { LoadTool, Platform, RunIdentity } from '../model/platform.ts'
import type { LoadToolName } from '../model/scenario.ts'

/** What a run is given of the world: it reaches for nothing itself. */
export interface World {
  readonly platform: Platform
  readonly loads: Readonly<Record<LoadToolName, LoadTool>>
  readonly identity: RunIdentity
  readonly signal: AbortSignal
  /** Seconds since the epoch. */
  now(): number
}
