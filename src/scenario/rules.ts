import { meshes as shipped } from '../meshes/index.ts'
import { armRules } from './arm-rules.ts'
import type { Draft } from './draft.ts'
import type { Finding } from './finding.ts'
import { gateRules } from './gate-rules.ts'
import { loadRules } from './load-rules.ts'
import { platformRules } from './platform-rules.ts'
import type { Meshes, Rule } from './rule.ts'
import { runRules, trialsAreFew } from './run-rules.ts'

/** Rules that the command line can break after the file was found right. */
export const SELECTION_RULES = [...platformRules, trialsAreFew]

const RULES = [...armRules, ...platformRules, ...loadRules, ...runRules, ...gateRules]

/** What rules find in a draft. */
export function ruleFindings(draft: Draft, meshes: Meshes = shipped, rules: readonly Rule[] = RULES): Finding[] {
  return rules.flatMap((rule) => rule(draft, meshes))
}
