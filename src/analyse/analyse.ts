import type { Analysis, Distribution, RunRecord } from '../model/analysis.ts'
import { trialsOf } from '../model/plan.ts'
import { compareArms } from './cells.ts'
import { judgeComparison } from './comparison/index.ts'
import { componentCosts } from './component-costs.ts'
import { distributionsOf } from './distributions.ts'
import { judgeView } from './judge-trial.ts'
import { metrics } from './metrics.ts'
import { provisions } from './provisions.ts'
import { type TrialView, viewTrial } from './trial-view.ts'

/** Validity first; then valid trials only, one value per trial, compared within blocks. */
export function analyse(record: RunRecord): Analysis {
  const { plan } = record.run
  const { scenario } = plan
  const seen = record.results.map((result) => ({ result, view: viewTrial(result, scenario) }))
  const judged = seen.map(({ result, view }) => ({ view, trial: judgeView(result, view) }))
  const measured = judged.flatMap(({ view }) => view ?? [])
  const valid = judged.flatMap(({ view, trial }): TrialView[] => (view && trial.status === 'valid' ? [view] : []))
  const trials = judged.map(({ trial }) => trial)
  const known = new Set(record.results.map(({ trial }) => trial.id))
  const missing = trialsOf(plan).flatMap(({ id }) => (known.has(id) ? [] : [id]))
  const { cells, noise } = compareArms(scenario, valid, { provisioned: provisions(record) })
  let distributions: Distribution[] | undefined
  return {
    schema: 1,
    record,
    metrics: metrics.map(({ info }) => info),
    trials,
    missing,
    cells,
    noise,
    get distributions() {
      distributions ??= distributionsOf(scenario, valid)
      return distributions
    },
    components: componentCosts(scenario, valid),
    problems: judgeComparison({ record, trials, measured, valid, missing, cells, noise }),
  }
}
