import { tooFewBlocks } from '../analyse/comparison/too-few-blocks.ts'
import { provisions } from '../compare/standing.ts'
import { probes } from '../features/probes/index.ts'
import type { Analysis, Estimate } from '../model/analysis.ts'
import type {
  Claim,
  ClaimBound,
  ClaimFigures,
  ClaimsRun,
  FeatureTest,
  JudgedClaim,
  JudgedClaims,
  MeasuredTest,
} from '../model/claim.ts'
import { LEVEL_TEXT, ONE_TAIL } from '../model/confidence.ts'
import { FEATURE_VERDICTS, type FeatureResult } from '../model/feature.ts'
import { BLOCKS_TO_DECIDE, MOST_BLOCKS, trialsOf } from '../model/plan.ts'
import type { Provenance } from '../model/result.ts'
import { isOperated, isSameArm, type Load, type Scenario } from '../model/scenario.ts'
import { formatNumber, type MetricUnit } from '../model/units.ts'
import { capital, count, list, validityWords } from '../model/words.ts'
import { formatInterval, formatLevel } from '../report/format.ts'
import { machineWords } from '../report/outputs/run-words.ts'
import { holm } from '../stats/multiplicity.ts'
import {
  armNamed,
  type ClaimMeasure,
  countValues,
  infoOf,
  isHidden,
  isRounding,
  measureClaim,
  neededFor,
  quietWords,
  scatters,
  type Weighed,
  weigh,
} from './measure-claim.ts'

/** Chance of any wrong verdict among all claims that were measured: what one interval leaves over. */
const FAMILY = 2 * ONE_TAIL

/** A run of `meshbench features`. */
interface ProbedRun {
  readonly run: {
    readonly id: string
    readonly startedAt: string
    readonly arms: readonly { readonly name: string; readonly mesh: string }[]
    readonly provenance: Provenance
  }
  readonly results: readonly FeatureResult[]
}

/** What claims are judged by. Where several runs could tell, the first one does. */
export interface ClaimsBasis {
  /** Arms and loads as the claims mean them. */
  readonly scenario: Scenario
  readonly runs: readonly Analysis[]
  readonly features: readonly ProbedRun[]
  /** The commands that measure what is missing. */
  readonly commands: { readonly run: string; readonly features: string }
}

/** A claim that a run can tell, and what that run has of it. */
interface Tested {
  readonly claim: Claim
  readonly test: MeasuredTest
  readonly analysis: Analysis
  readonly measured?: ClaimMeasure
  /** A problem of the run that forbids comparisons of these arms. */
  readonly forbidding?: string
  /** Absent where the data cannot decide, whatever they are. */
  readonly weighed?: Weighed
}

/** Judges every claim. The chance of a wrong verdict among all measured ones is at most that of one interval, by Holm. */
export function judgeClaims(claims: readonly Claim[], basis: ClaimsBasis): JudgedClaims {
  const taken = new Map(claims.map((claim) => [claim, testedIn(claim, basis)]))
  const weighed = [...taken.values()].filter((one): one is Tested & { weighed: Weighed } =>
    Boolean(typeof one === 'object' && one.weighed),
  )
  const adjusted = holm(weighed.map(({ weighed: { p } }) => p))
  const adjustedOf = new Map(weighed.map(({ claim }, index) => [claim, adjusted[index] ?? 1]))
  const judged = claims.map((claim): JudgedClaim => {
    const common = { claim, tested: testedWords(claim) }
    const { test } = claim
    if (test.kind === 'none') return { ...common, verdict: 'cannot-tell', reason: `What would tell: ${test.needs}` }
    if (test.kind === 'feature') return { ...common, ...ofFeature(test, basis) }
    const one = taken.get(claim)
    if (typeof one !== 'object') return { ...common, verdict: 'cannot-tell', reason: one ?? '' }
    return { ...common, ...ofMeasured(one, { adjusted: adjustedOf.get(claim) ?? 1, among: weighed.length }) }
  })
  return { claims: judged, runs: runsOf(basis) }
}

/** What the first run that could tell has of a claim, or why none could; undefined for claims that are not measured. */
function testedIn(claim: Claim, basis: ClaimsBasis): Tested | string | undefined {
  const { test } = claim
  if (test.kind !== 'measured') return undefined
  const analysis = takenFrom(test, basis)
  if (typeof analysis === 'string') return analysis
  const measured = measureClaim(analysis, test)
  const forbidding = problemOf(analysis, armsOf(test), test.load)
  const weighed = measured && forbidding === undefined ? weigh(measured) : undefined
  return {
    claim,
    test,
    analysis,
    ...(measured && { measured }),
    ...(forbidding !== undefined && { forbidding }),
    ...(weighed && { weighed }),
  }
}

/** The run that a claim is measured in, or why there is none. */
function takenFrom(test: MeasuredTest, { scenario, runs, commands }: ClaimsBasis): Analysis | string {
  const remedy = `Measure it: ${commands.run}`
  const lacking = runs.map((analysis) => lackOf(analysis, test, scenario) ?? analysis)
  const found = lacking.find((one) => typeof one !== 'string')
  if (found) return found
  const why = lacking.length === 0 ? 'there is no such run' : list(lacking.map(String))
  return `Not measured: ${why}. ${remedy}`
}

/** Why a run is not of what a claim means; undefined where it is. */
function lackOf({ record }: Analysis, test: MeasuredTest, meant: Scenario): string | undefined {
  const {
    id,
    plan: { scenario },
  } = record.run
  if (scenario.loads.some(isOperated)) {
    return `run ${id} has operations, of which no steady latencies are told`
  }
  if (scenario.loads.some(({ capacity }) => capacity)) return `run ${id} searches capacities, at rates of its own`
  const missing = armsOf(test).filter((name) => !armNamed(scenario, name))
  if (missing.length > 0) return `run ${id} has no arm ${list(missing)}`
  for (const name of armsOf(test)) {
    const [own, wanted] = [armNamed(scenario, name), armNamed(meant, name)]
    if (!own || !wanted || own.mesh !== wanted.mesh) return otherMesh(id, name)
    if (!isSameArm(own, wanted)) return `in run ${id} the arm ${name} has other settings`
  }
  if (scenario.profile !== meant.profile) return `run ${id} has the profile ${scenario.profile}, not ${meant.profile}`
  const load = scenario.loads.find(({ name }) => name === test.load)
  if (!load) return `run ${id} has no load ${test.load}`
  const wanted = meant.loads.find(({ name }) => name === test.load)
  return wanted && shapeOf(wanted) !== shapeOf(load)
    ? `in run ${id} the load ${test.load} has other settings`
    : undefined
}

function otherMesh(run: string, arm: string): string {
  return `in run ${run} the arm ${arm} is another mesh`
}

function armsOf({ of, over }: MeasuredTest): string[] {
  return [of, ...(over === undefined ? [] : [over])]
}

/** How long a window is does not change what is measured. */
function shapeOf({ name: _, warmup: __, duration: ___, ...shape }: Load): string {
  return JSON.stringify(Object.entries(shape).toSorted(([a], [b]) => a.localeCompare(b)))
}

interface AmongClaims {
  /** The p-value by Holm. */
  readonly adjusted: number
  /** Number of claims that share the chance of a wrong verdict. */
  readonly among: number
}

function ofMeasured(
  { test, analysis, measured, forbidding, weighed }: Tested,
  { adjusted, among }: AmongClaims,
): Omit<JudgedClaim, 'claim' | 'tested'> {
  const arms = armsOf(test)
  const validity = validityOf(analysis, test)
  const evidence = { run: analysis.record.run.id, versions: versionsOf(analysis, arms) }
  if (!measured) {
    const reason = `No block has a valid trial with this value of ${list(arms)}. ${validity.words}`.trim()
    return { verdict: 'cannot-tell', reason: `${reason} ${MEASURE_AGAIN}` }
  }
  const { info, levels } = measured
  const estimate = scatters(measured) ? told(measured.estimate) : withoutInterval(measured.estimate)
  const unit = test.quantity === 'ratio' ? undefined : info.unit
  const said = `It is ${figureText(estimate, unit)}`
  const decided = weighed !== undefined && adjusted <= FAMILY
  const needed = decided || !weighed ? undefined : neededFor(measured, among)
  const figures: ClaimFigures = {
    ...evidence,
    ...(unit && { unit }),
    estimate,
    levels: levels.map(({ arm, estimate: level }) => ({ arm, unit: info.unit, estimate: told(level) })),
    valid: validity.valid,
    planned: validity.planned,
    ...(weighed && { p: weighed.p, adjusted }),
    ...(needed && { needed }),
  }
  if (forbidding !== undefined) return { verdict: 'cannot-tell', reason: `${said}. ${forbidding}`, figures }
  if (!weighed) {
    const again = estimate.n < BLOCKS_TO_DECIDE ? MEASURE_AGAIN : ''
    const reason = [`${said}.`, undecidable(measured), validity.words, again].filter(Boolean).join(' ')
    return { verdict: 'cannot-tell', reason, figures }
  }
  const side =
    weighed.side === 'holds' ? 'All of the interval is as claimed.' : 'Nothing in the interval is as claimed.'
  if (decided) {
    return { verdict: weighed.side, reason: [`${said}.`, side, validity.words].filter(Boolean).join(' '), figures }
  }
  const why =
    weighed.p <= FAMILY
      ? `${side} By itself that would decide, but among ${count(among, 'claim')} it is not certain enough.`
      : 'The interval contains the bound of the claim.'
  const tell = needed
    ? `About ${blocksText(needed)} in all would tell, if value and scatter stay as they are.`
    : isHidden(measured)
      ? HIDDEN
      : `Even ${MOST_BLOCKS} blocks would not tell: the value is too near the bound.`
  return {
    verdict: 'cannot-tell',
    reason: [`${said}.`, why, tell, validity.words].filter(Boolean).join(' '),
    figures,
  }
}

/** Why no verdict can be had of what was measured, whatever the bound is. */
function undecidable(measured: ClaimMeasure): string {
  const { n } = measured.estimate
  if (n < BLOCKS_TO_DECIDE) return `Blocks with valid trials: ${n}; at least ${BLOCKS_TO_DECIDE} are needed.`
  if (scatters(measured)) return 'The errors of its counters are as large as the values, so there is no interval.'
  const same = measured.found.basis.unit === 'cohorts' ? 'cohorts have the same mean' : 'blocks have the same value'
  return `All ${same}, so there is no interval.`
}

const HIDDEN =
  'More blocks would not tell: what equal arms of this run differ by, or the errors of its counters, is as large as the distance to the bound. More cohorts would.'

const MEASURE_AGAIN = 'Measure again, with more blocks.'

function blocksText({ blocks, cohorts }: { readonly blocks: number; readonly cohorts: number }): string {
  return cohorts > 1 ? `${count(blocks, 'block')} in ${count(cohorts, 'cohort')}` : count(blocks, 'block')
}

function validityOf(analysis: Analysis, test: MeasuredTest) {
  const { trials, missing, record } = analysis
  const [arms, { load }] = [armsOf(test), test]
  const own = trials.filter(({ result: { trial } }) => arms.includes(trial.arm) && trial.load === load)
  const lost = own.filter(({ status }) => status !== 'valid')
  const rules = lost.flatMap(({ problems }) => problems.flatMap((one) => (one.severity === 'invalid' ? one.rule : [])))
  const invalid =
    lost.length === 0
      ? []
      : [`Not valid: ${lost.length} of ${count(own.length, 'trial')} (${list([...new Set(rules)])}).`]
  const silent = own.length - lost.length - countValues(analysis, test)
  const without = silent > 0 ? [`Valid without a value: ${count(silent, 'trial')} (${quietWords(test)}).`] : []
  const words = [...invalid, ...without].join(' ')
  const gone = new Set(missing)
  const absent = trialsOf(record.run.plan).filter(
    (one) => gone.has(one.id) && arms.includes(one.arm) && one.load === load,
  ).length
  return { valid: own.length - lost.length, planned: own.length + absent, words }
}

/** What forbids comparisons of these arms under this load. That an arm shares few blocks with the baseline is no matter here. */
function problemOf({ problems }: Analysis, arms: readonly string[], load: string): string | undefined {
  const found = problems.find(
    (one) =>
      one.severity === 'invalid' &&
      one.rule !== tooFewBlocks.name &&
      (one.arm === undefined || arms.includes(one.arm)) &&
      (one.load === undefined || one.load === load),
  )
  return found && `${found.cause} ${found.effect} ${found.remedy}`
}

function versionsOf({ trials, record }: Analysis, arms: readonly string[]): ClaimFigures['versions'] {
  return arms.flatMap((arm) => {
    const seen = trials.flatMap(({ result: { trial, outcome } }) =>
      trial.arm === arm && outcome.status === 'measured'
        ? outcome.reading.observation.evidence.flatMap(({ name, seen }) => (name === 'version' ? [seen] : []))
        : [],
    )
    const installed = (record.installations ?? []).filter((one) => one.arm === arm).map(({ version }) => version)
    const known = [...new Set(seen.length > 0 ? seen : installed)].filter((version) => version !== '')
    return known.length === 0 ? [] : [{ arm, version: list(known) }]
  })
}

function ofFeature(
  test: FeatureTest,
  { scenario, features, commands }: ClaimsBasis,
): Omit<JudgedClaim, 'claim' | 'tested'> {
  const { feature, arm, expected } = test
  const having = features.filter(({ run }) => armNamed(run, arm))
  // A run of probes stores the mesh alone: it has settings of its own, so that it can try more.
  const others = having.filter(({ run }) => armNamed(run, arm)?.mesh !== armNamed(scenario, arm)?.mesh)
  const tried = having
    .filter((one) => !others.includes(one))
    .flatMap(({ results }) => results.filter((one) => one.arm === arm && one.feature === feature))
  const result = tried.find(({ verdict }) => verdict !== 'not-tried') ?? tried[0]
  if (!result) {
    const lacking = features.length === 0 ? 'there is no run of probes' : `no run of probes has ${feature} of ${arm}`
    const why = others.length > 0 ? list(others.map(({ run }) => otherMesh(run.id, arm))) : lacking
    return { verdict: 'cannot-tell', reason: `Not tried: ${why}. Try it: ${commands.features}` }
  }
  const { verdict, reason, run, version, source } = result
  const seen = { run, verdict, versions: version === undefined ? [] : [{ arm, version }] }
  const found = `${capital(FEATURE_VERDICTS[verdict].title)}. ${reason}`
  const stated = verdict === 'unsupported' && source !== undefined ? ` (${source})` : ''
  if (expected.includes(verdict)) return { verdict: 'holds', reason: `${found}${stated}`, seen }
  // Neither says that the behaviour is there, nor that it is not.
  if (verdict === 'not-tried' || verdict === 'partly') {
    return { verdict: 'cannot-tell', reason: `${found} What would tell: ${commands.features}`, seen }
  }
  return { verdict: 'does-not-hold', reason: `${found}${stated}`, seen }
}

/** The interval of fewer blocks than a decision needs reaches from next to nothing to millions, and that of equal values to nowhere. */
function told(estimate: Estimate): Estimate {
  const { center, lo = center, hi = center, n } = estimate
  return n < BLOCKS_TO_DECIDE || isRounding(hi - lo, center) ? withoutInterval(estimate) : estimate
}

function withoutInterval({ center, n }: Estimate): Estimate {
  return { center, n }
}

/** "3.87 (95 % interval 3.2 to 4.6, 6 blocks)" */
function figureText(estimate: Estimate, unit: MetricUnit | undefined): string {
  const format = (value: number) => (unit ? formatLevel(unit, value) : formatNumber(value))
  const interval = formatInterval(estimate, format)
  const basis = [...(interval === undefined ? [] : [`${LEVEL_TEXT} interval ${interval}`]), count(estimate.n, 'block')]
  const per = unit === 'cpu-seconds-per-million' ? ' of CPU per million requests' : ''
  return `${format(estimate.center)}${per} (${basis.join(', ')})`
}

/** What is tested, in one sentence. */
function testedWords({ test }: Claim): string {
  if (test.kind === 'none') return 'meshbench has no way to test it yet.'
  if (test.kind === 'feature') {
    const { title = test.feature } = probes.find(({ name }) => name === test.feature) ?? {}
    const expected = test.expected.map((verdict) => FEATURE_VERDICTS[verdict].title)
    return `The probe “${title}” with ${test.arm}: ${expected.join(' or ')}.`
  }
  const { of, over, load, quantity, bound } = test
  const { title, unit } = infoOf(test)
  const other =
    over === undefined ? '' : quantity === 'ratio' ? `, divided by that of ${over}` : `, less that of ${over}`
  return `${title} of ${of} under ${load}${other}: ${boundText(bound, quantity === 'ratio' ? undefined : unit)}.`
}

function boundText({ atLeast, atMost }: ClaimBound, unit: MetricUnit | undefined): string {
  const format = (value: number) => (unit ? formatLevel(unit, value) : formatNumber(value))
  if (atLeast !== undefined && atMost !== undefined) return `from ${format(atLeast)} to ${format(atMost)}`
  return atLeast === undefined ? `at most ${format(atMost ?? 0)}` : `at least ${format(atLeast)}`
}

function runsOf({ runs, features }: ClaimsBasis): ClaimsRun[] {
  return [
    ...runs.map((analysis): ClaimsRun => {
      const { run } = analysis.record
      const valid = analysis.validTrials < analysis.plannedTrials ? [`${validityWords(analysis)}.`] : []
      const unranked = analysis.unranked === undefined ? [] : [`${capital(analysis.unranked)}.`]
      const here = provisions(analysis.record) && run.plan.cohorts.length === 1 ? [ONLY_HERE] : []
      const doubtful = (analysis.record.doubtful ?? []).map(({ reason }) => reason)
      return { ...factsOf(run, 'run'), caveats: [...caveatOf(run), ...unranked, ...valid, ...here, ...doubtful] }
    }),
    ...features.map(({ run }): ClaimsRun => ({ ...factsOf(run, 'features'), caveats: caveatOf(run) })),
  ]
}

const ONLY_HERE =
  'Everything was provisioned once, so the intervals hold for these clusters: two provisionings of one arm differ too.'

type Told = Pick<ProbedRun['run'], 'id' | 'startedAt' | 'provenance'>

function factsOf({ id, startedAt, provenance }: Told, kind: ClaimsRun['kind']): Omit<ClaimsRun, 'caveats'> {
  const { platform, machine, commandLine } = provenance
  return { run: id, kind, startedAt, platform, machine: machineWords(machine), commandLine }
}

function caveatOf({ provenance: { caveat } }: Told): string[] {
  return caveat === undefined ? [] : [caveat]
}
