import type { Problem } from '../../model/analysis.ts'
import { hostPauses } from '../rules/common-pauses.ts'
import { capacityUnknown } from './capacity-unknown.ts'
import { clustersDiffer } from './clusters-differ.ts'
import { oneCohort, twoProvisionings } from './cohorts.ts'
import type { Comparison, ComparisonRule } from './comparison.ts'
import { cpuDrift, drift, orderEffect } from './drift.ts'
import { entrancesDiffer } from './entrances-differ.ts'
import { errorRatesDiffer } from './error-rates-differ.ts'
import { idleWindowDiffers, lostTrials, missingTrials, noIdleWindow, unreadableTrials } from './incomplete.ts'
import { noiseHidesAll, noNoiseFloor } from './noise.ts'
import { fasterThanNothing, unlikePublished } from './plausible.ts'
import { sequential } from './sequential.ts'
import { settingsDiffer } from './settings-differ.ts'
import { tooFewBlocks } from './too-few-blocks.ts'

/** The rules that judge the comparison as a whole. */
export const comparisonRules: readonly ComparisonRule[] = [
  settingsDiffer,
  clustersDiffer,
  entrancesDiffer,
  errorRatesDiffer,
  tooFewBlocks,
  missingTrials,
  unreadableTrials,
  lostTrials,
  noIdleWindow,
  idleWindowDiffers,
  drift,
  cpuDrift,
  orderEffect,
  hostPauses,
  oneCohort,
  twoProvisionings,
  sequential,
  noNoiseFloor,
  noiseHidesAll,
  capacityUnknown,
  fasterThanNothing,
  unlikePublished,
]

export function judgeComparison(comparison: Comparison): Problem[] {
  return comparisonRules.flatMap(({ name, problem: message, judge }) =>
    judge(comparison).map((problem) => ({ rule: name, message, ...problem })),
  )
}
