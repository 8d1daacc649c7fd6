import type { Estimate } from './analysis.ts'
import type { FeatureVerdict } from './feature.ts'
import type { MetricUnit } from './units.ts'
import type { Role } from './usage.ts'

/** What came of a claim. The order is that of the legend. */
export const CLAIM_VERDICTS = {
  holds: {
    title: 'holds',
    mark: '✓',
    meaning: 'the whole interval, or what a probe showed or the project states, is as the claim says',
  },
  'does-not-hold': {
    title: 'does not hold',
    mark: '✗',
    meaning: 'nothing in the interval, or of what a probe showed or the project states, is as the claim says',
  },
  'cannot-tell': {
    title: 'cannot tell',
    mark: '?',
    meaning: 'the data decide neither, or there are none; the reason says what would tell',
  },
} as const
export type ClaimVerdict = keyof typeof CLAIM_VERDICTS

/** What is compared with a bound: one arm divided by another, one less the other, or one arm by itself. */
export const CLAIM_QUANTITIES = ['ratio', 'difference', 'value'] as const
export type ClaimQuantity = (typeof CLAIM_QUANTITIES)[number]

/** Both ends are inside. In the unit of the metric, or as a ratio. At least one is there. */
export interface ClaimBound {
  readonly atLeast?: number
  readonly atMost?: number
}

/** A claim that a run of `meshbench run` tests. */
export interface MeasuredTest {
  readonly kind: 'measured'
  readonly of: string
  /** The arm that it is compared with; absent for a value. */
  readonly over?: string
  readonly load: string
  readonly metric: string
  /** Only the components of these roles; all of the mesh where absent. */
  readonly roles?: readonly Role[]
  readonly quantity: ClaimQuantity
  readonly bound: ClaimBound
}

/** A claim that a run of `meshbench features` tests. */
export interface FeatureTest {
  readonly kind: 'feature'
  /** Name of a probe. */
  readonly feature: string
  readonly arm: string
  /** The claim holds with any of these. */
  readonly expected: readonly FeatureVerdict[]
}

/** A claim that meshbench has no way to test yet. */
interface NoTest {
  readonly kind: 'none'
  /** What would tell. */
  readonly needs: string
}

export interface Claim {
  readonly id: string
  /** In our own words. */
  readonly claim: string
  /** Address of where it is claimed. */
  readonly source: string
  /** When it was claimed: a year, a month or a day; or `undated`. */
  readonly date: string
  readonly test: MeasuredTest | FeatureTest | NoTest
}

/** A link to what a verdict rests on. */
interface ClaimEvidence {
  readonly run: string
  /** Versions of the arms that the claim is about, as they were seen. */
  readonly versions: readonly { readonly arm: string; readonly version: string }[]
}

/** What was measured of a claim. */
export interface ClaimFigures extends ClaimEvidence {
  /** Absent for ratios. */
  readonly unit?: MetricUnit
  /** Its `n` counts blocks. */
  readonly estimate: Estimate
  /** Means over valid trials, in the unit of the metric. */
  readonly levels: readonly { readonly arm: string; readonly unit: MetricUnit; readonly estimate: Estimate }[]
  /** Valid and planned trials of the arms that the claim is about. */
  readonly valid: number
  readonly planned: number
  /** Two-sided p-value of the verdict by itself, and adjusted by Holm for all claims that were measured. */
  readonly p?: number
  readonly adjusted?: number
  /** Blocks and cohorts in all that would decide it, if estimate and scatter stay as they are. */
  readonly needed?: { readonly blocks: number; readonly cohorts: number }
}

/** What a run of probes showed of a claim. */
interface ClaimSeen extends ClaimEvidence {
  readonly verdict: FeatureVerdict
}

export interface JudgedClaim {
  readonly claim: Claim
  /** What is tested, in one sentence. */
  readonly tested: string
  readonly verdict: ClaimVerdict
  /** Why, and what would tell where it cannot be told. */
  readonly reason: string
  readonly figures?: ClaimFigures
  readonly seen?: ClaimSeen
}

/** A run that claims were judged by. */
export interface ClaimsRun {
  readonly run: string
  readonly kind: 'run' | 'features'
  /** ISO 8601. */
  readonly startedAt: string
  readonly platform: string
  readonly machine: string
  readonly commandLine: readonly string[]
  /** What a reader must know before quoting figures: of the platform, of images that are no releases, of trials that are not valid. */
  readonly caveats: readonly string[]
}

/** All claims of a file, with their verdicts. */
export interface JudgedClaims {
  readonly claims: readonly JudgedClaim[]
  readonly runs: readonly ClaimsRun[]
}
