import { provisions } from '../compare/standing.ts'
import type { Analysis, JudgedTrial, Latencies, RunRecord, TrialDetails, WholeRun } from '../model/analysis.ts'
import { trialsOf } from '../model/plan.ts'
import type { Result } from '../model/result.ts'
import { capacitiesIn } from './capacity/capacities.ts'
import { compareArms } from './cells.ts'
import { judgeComparison } from './comparison/index.ts'
import { componentCosts, costSamples } from './cost-model.ts'
import { latencyReader } from './distributions-of-latency.ts'
import { featureCosts } from './feature-costs.ts'
import { type Examined, examiner } from './judge-trial.ts'
import { isMetricOf, metrics } from './metrics.ts'
import { effectsOf } from './operations/operation-effects.ts'
import { rankingsOf, unrankedReason } from './rankings.ts'
import { scriptParts } from './script-parts.ts'
import { sweepsOf } from './sweeps.ts'
import { isSteady } from './trial-view.ts'

/** Analyses a run of which every trial was examined: compares valid trials within blocks, with one value per trial. */
export function analyseExamined(given: RunRecord<Examined>): Analysis {
  const { results: examined, run } = given
  const { scenario } = run.plan
  const trials = examined.map(({ trial }) => trial)
  const record: RunRecord = { ...given, results: trials.map(({ result }) => result) }
  const measured = examined.flatMap(({ view }) => view ?? [])
  const valid = examined.flatMap(({ view, trial }) => (view && trial.status === 'valid' ? [view] : []))
  const rows = examined.flatMap(({ trial: { result, status }, values, errors }) =>
    status === 'valid' && !result.trial.step ? [{ trial: result.trial, values, ...(errors && { errors }) }] : [],
  )
  const { capacities, rows: searched, open, planned: searches } = capacitiesIn(run.plan, trials)
  const known = new Set(trials.map(({ result }) => result.trial.id))
  const alone = trialsOf(run.plan).filter(({ id }) => !searches.has(id))
  const missing = [...alone.flatMap(({ id }) => (known.has(id) ? [] : [id])), ...open]
  const steps = trials.filter(({ result }) => result.trial.step).length
  // A search is measured at one rate after the other, and an operation starts and stops pods: what is merged over such trials says nothing.
  const atOneRate = valid.filter(isSteady)
  const provisioned = provisions(record)
  const { cells, noise } = compareArms(scenario, [...rows, ...searched], { provisioned })
  const unranked = unrankedReason(record)
  const latencies = latencyReader({ record, trials })
  let every: Latencies | undefined
  const ofEvery = () => {
    every ??= latencies(known)
    return every
  }
  return {
    schema: 1,
    record,
    metrics: metrics
      .filter((metric) => scenario.loads.some((load) => isMetricOf(metric, load)))
      .map(({ info }) => info),
    trials,
    missing,
    validTrials: valid.length,
    plannedTrials: alone.length + steps + open.length,
    cells,
    noise,
    get distributions() {
      return ofEvery().distributions
    },
    get spectra() {
      return ofEvery().spectra
    },
    latencies,
    rankings: rankingsOf(scenario, { cells, noise }, { provisioned }),
    ...(unranked !== undefined && { unranked }),
    sweeps: sweepsOf(scenario, { cells, trials }),
    effects: (trial) => {
      const { outcome } = given.details(trial)
      return outcome.status === 'measured' ? effectsOf(outcome.reading) : undefined
    },
    capacities,
    components: componentCosts(scenario, atOneRate),
    get costs() {
      return costSamples(scenario, trials.flatMap(ofTrial))
    },
    ...(scenario.loads.some(({ script }) => script !== undefined) && {
      script: scriptParts(scenario, valid, { provisioned }),
    }),
    ...(scenario.arms.some(({ feature }) => feature !== undefined) && {
      featureCosts: featureCosts(scenario, steadyOf(examined), { provisioned }),
    }),
    problems: judgeComparison({ record, trials, measured, valid, missing, cells, noise, capacities }),
  }
}

/** Valid trials at one rate, with their values. */
function steadyOf(examined: readonly Examined[]) {
  return examined.flatMap(({ trial, view, values, errors }) =>
    view && trial.status === 'valid' && isSteady(view) ? [{ view, values, ...(errors && { errors }) }] : [],
  )
}

function ofTrial({ result: { trial, outcome }, status }: JudgedTrial) {
  if (status !== 'valid' || outcome.status === 'failed' || trial.step || outcome.reading.operation) return []
  return [{ trial, arm: { name: trial.arm }, load: { name: trial.load }, reading: outcome.reading }]
}

/** Analyses a run that is in memory as a whole. */
export function analyse(whole: WholeRun): Analysis {
  const examine = examiner(whole.run)
  const results = whole.results.map((result) => examine(result))
  return analyseExamined({ ...whole, results, details: detailsOf(whole.results) })
}

/** The details of trials that are in memory. */
export function detailsOf(results: readonly Result[]): TrialDetails {
  const byId = new Map(results.map((result) => [result.trial.id, result]))
  return (trial) => {
    const found = byId.get(trial)
    if (!found) throw new TypeError(`there is no trial ${trial}`)
    return found
  }
}
