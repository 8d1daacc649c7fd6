import { bursts } from './bursts.ts'
import { clockStep, loadOutsideWindow } from './clock-step.ts'
import { closedLoop } from './closed-loop.ts'
import { commonPauses } from './common-pauses.ts'
import { componentRestarted } from './component-restarted.ts'
import { componentThrottled } from './component-throttled.ts'
import { connectionsChanged } from './connections-changed.ts'
import { coordinatedOmission } from './coordinated-omission.ts'
import { cpuUncertain } from './cpu-uncertain.ts'
import { endpointSkew } from './endpoint-skew.ts'
import { ephemeralPorts } from './ephemeral-ports.ts'
import { errors } from './errors.ts'
import { evidenceContradicts } from './evidence-contradicts.ts'
import { generatorSaturated } from './generator-saturated.ts'
import { generatorsApart } from './generators-apart.ts'
import { hostSaturated } from './host-saturated.ts'
import { impossibleFigures } from './impossible-figures.ts'
import { keepAliveBroken } from './keep-alive-broken.ts'
import { meshBypassed } from './mesh-bypassed.ts'
import { noisyNeighbour } from './noisy-neighbour.ts'
import { notSettled } from './not-settled.ts'
import { quantileWithheld } from './quantile-withheld.ts'
import { rateNotHeld } from './rate-not-held.ts'
import type { Rule } from './rule.ts'
import { stallSeen } from './stall-seen.ts'
import { timeOuts } from './time-outs.ts'
import { tooFewSamples } from './too-few-samples.ts'
import { wrongAnswerSize } from './wrong-answer-size.ts'

/** The registry of rules that judge one trial. A new rule is one file and one line here. */
export const rules: readonly Rule[] = [
  rateNotHeld,
  generatorSaturated,
  quantileWithheld,
  hostSaturated,
  noisyNeighbour,
  coordinatedOmission,
  closedLoop,
  bursts,
  tooFewSamples,
  errors,
  timeOuts,
  keepAliveBroken,
  ephemeralPorts,
  endpointSkew,
  notSettled,
  commonPauses,
  stallSeen,
  wrongAnswerSize,
  connectionsChanged,
  clockStep,
  loadOutsideWindow,
  generatorsApart,
  meshBypassed,
  evidenceContradicts,
  componentThrottled,
  cpuUncertain,
  componentRestarted,
  impossibleFigures,
]
