import { provisions } from '../compare/standing.ts'
import type { Analysis, RunRecord } from '../model/analysis.ts'
import { trialsOf } from '../model/plan.ts'
import { compareArms } from './cells.ts'
import { judgeComparison } from './comparison/index.ts'
import { componentCosts, costSamples } from './cost-model.ts'
import { type Latencies, latenciesOf } from './distributions-of-latency.ts'
import { judgeView } from './judge-trial.ts'
import { metrics } from './metrics.ts'
import { rankingsOf, unrankedReason } from './rankings.ts'
import { sweepsOf } from './sweeps.ts'
import { type TrialView, viewTrial } from './trial-view.ts'

/** Analyses a run: judges trials, then compares valid trials within blocks, with one value per trial. */
export function analyse(record: RunRecord): Analysis {
  const { scenario } = record.run.plan
  const { trials, measured, valid, missing } = judge(record)
  const provisioned = provisions(record)
  const { cells, noise } = compareArms(scenario, valid, { provisioned })
  const unranked = unrankedReason(record)
  let latencies: Latencies | undefined
  const decoded = () => {
    latencies ??= latenciesOf(scenario, valid)
    return latencies
  }
  return {
    schema: 1,
    record,
    metrics: metrics.map(({ info }) => info),
    trials,
    missing,
    validTrials: trials.filter(({ status }) => status === 'valid').length,
    plannedTrials: trialsOf(record.run.plan).length,
    cells,
    noise,
    get distributions() {
      return decoded().distributions
    },
    get spectra() {
      return decoded().spectra
    },
    rankings: rankingsOf(scenario, { cells, noise }, { provisioned }),
    ...(unranked !== undefined && { unranked }),
    sweeps: sweepsOf(scenario, { cells, trials }),
    components: componentCosts(scenario, valid),
    costs: costSamples(scenario, valid),
    problems: judgeComparison({ record, trials, measured, valid, missing, cells, noise }),
  }
}

/** Judges every trial, and finds planned trials that are missing. */
function judge({ run: { plan }, results }: RunRecord) {
  const seen = results.map((result) => ({ result, view: viewTrial(result, plan.scenario) }))
  const judged = seen.map(({ result, view }) => ({ view, trial: judgeView(result, view) }))
  const known = new Set(results.map(({ trial }) => trial.id))
  return {
    trials: judged.map(({ trial }) => trial),
    measured: judged.flatMap(({ view }) => view ?? []),
    valid: judged.flatMap(({ view, trial }): TrialView[] => (view && trial.status === 'valid' ? [view] : [])),
    missing: trialsOf(plan).flatMap(({ id }) => (known.has(id) ? [] : [id])),
  }
}
