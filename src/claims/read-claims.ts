import { isMetricOf, METRICS_OF_MESH, metrics } from '../analyse/metrics.ts'
import { probes } from '../features/probes/index.ts'
import { CLAIM_QUANTITIES, type Claim, type ClaimBound } from '../model/claim.ts'
import type { Scenario } from '../model/scenario.ts'
import type { MetricUnit } from '../model/units.ts'
import { claimsSchema } from '../scenario/claims/claims-schema.ts'
import { parseScenario } from '../scenario/parse.ts'
import { tolerant } from '../yaml/schema-problems.ts'
import { type Problem, readSource } from '../yaml/source.ts'
import { type Finding, suggest } from '../yaml/yaml-finding.ts'

/** A scenario with the claims that it measures. */
interface ClaimsFile {
  readonly scenario: Scenario
  readonly claims: readonly Claim[]
}

type Parsed =
  | { readonly file: ClaimsFile; readonly problems: readonly [] }
  | { readonly file?: undefined; readonly problems: readonly Problem[] }

const sketchSchema = tolerant(claimsSchema)
type Sketch = NonNullable<ReturnType<typeof sketchSchema.parse>>[number]
type Written = ReturnType<typeof claimsSchema.parse>[number]

/** Reads a scenario that has claims: all that is wrong with either, with its place. `file` is used in messages only. */
export function parseClaims(text: string, file: string): Parsed {
  const { scenario, problems } = parseScenario(text, file)
  const source = readSource(text, file)
  const { value } = source
  const written = value !== null && typeof value === 'object' && 'claims' in value ? value.claims : undefined
  const found = (sketchSchema.parse(written) ?? []).flatMap(findingsIn).map((finding) => source.problem(finding))
  const all = [...problems, ...found].toSorted((a, b) => a.line - b.line || a.column - b.column)
  if (!scenario || all.length > 0) return { problems: all }
  const claims = written === undefined ? [] : claimsSchema.parse(written).map(claimOf)
  if (claims.length > 0) return { file: { scenario, claims }, problems: [] }
  const none: Finding = {
    path: [],
    message: 'the scenario has no claims',
    remedy: 'Add the key claims; scenarios/claims.yaml shows how.',
  }
  return { problems: [source.problem(none)] }
}

/** Claims are judged by loads at a given rate without operation. */
const METRIC_NAMES = metrics.filter((metric) => isMetricOf(metric, {})).map(({ info }) => info.name)
const PROBE_NAMES = probes.map(({ name }) => name)

/** What the schema of scenarios cannot know: names of metrics and probes, and units. */
function findingsIn(claim: Sketch, index: number): Finding[] {
  if (!claim) return []
  const path = ['claims', index]
  const { metric, roles, feature } = claim
  if (feature !== undefined && !PROBE_NAMES.includes(feature)) {
    const message = `there is no probe ${feature}`
    return [{ path: [...path, 'feature'], message, remedy: suggest(feature, PROBE_NAMES) }]
  }
  if (metric === undefined) return []
  if (!METRIC_NAMES.includes(metric)) {
    const known = metrics.find(({ info }) => info.name === metric)
    const of = known?.ofOperation ? 'operations' : 'searches of capacities'
    const message = known ? `${metric} is a metric of ${of}, which judge no claims` : `there is no metric ${metric}`
    return [{ path: [...path, 'metric'], message, remedy: suggest(metric, METRIC_NAMES) }]
  }
  if (roles && !METRICS_OF_MESH.includes(metric)) {
    const message = `${metric} is not of the components of a mesh`
    const remedy = `Remove roles, or use one of: ${METRICS_OF_MESH.join(', ')}.`
    return [{ path: [...path, 'roles'], message, remedy }]
  }
  const unit = unitOf(metric)
  return CLAIM_QUANTITIES.flatMap((quantity) => {
    if (quantity === 'ratio') return []
    const { atLeast, atMost, between } = claim[quantity] ?? {}
    return [atLeast, atMost, ...(between ?? [])].flatMap((amount): Finding[] => {
      if (!amount || fits(amount.unit, unit)) return []
      const message = `${amount.text} is not a value of ${metric}`
      return [{ path: [...path, quantity], message, remedy: `Write ${EXAMPLES[unit]}.` }]
    })
  })
}

function unitOf(metric: string): MetricUnit {
  return metrics.find(({ info }) => info.name === metric)?.info.unit ?? 'seconds'
}

/** Amounts of these are written as plain numbers. */
const PLAIN: ReadonlySet<MetricUnit> = new Set([
  'cpu-seconds-per-million',
  'cores',
  'seconds-per-minute',
  'requests',
  'series',
])

function fits(written: MetricUnit | undefined, unit: MetricUnit): boolean {
  return written === unit || (written === 'cpu-seconds-per-million' && PLAIN.has(unit))
}

const EXAMPLES: Readonly<Record<MetricUnit, string>> = {
  seconds: 'a latency, such as 12ms',
  bytes: 'a size, such as 60MiB',
  'per-second': 'a rate, such as 500/s',
  'cpu-seconds-per-million': 'CPU-seconds per million requests as a plain number, such as 200',
  cores: 'cores as a plain number, such as 0.2',
  requests: 'requests as a plain number, such as 20',
  series: 'metric series as a plain number, such as 600',
  'seconds-per-minute': 'seconds in every minute as a plain number, such as 0.5',
}

/** Of a claim without problems. */
function claimOf(written: Written): Claim {
  const { id, claim, source, date } = written
  return { id, claim, source, date, test: testOf(written) }
}

function testOf(written: Written): Claim['test'] {
  const { of, over, load, metric, roles, feature, arm, expected, needs } = written
  if (needs !== undefined) return { kind: 'none', needs }
  if (feature !== undefined && arm !== undefined && expected !== undefined) {
    return { kind: 'feature', feature, arm, expected: [expected].flat() }
  }
  const quantity = CLAIM_QUANTITIES.find((one) => written[one] !== undefined)
  if (of === undefined || load === undefined || metric === undefined || quantity === undefined) {
    throw new TypeError('a claim that the rules of scenarios let pass has no test')
  }
  const common = { kind: 'measured', of, load, metric, quantity, bound: boundOf(written[quantity]) } as const
  return { ...common, ...(over !== undefined && { over }), ...(roles && { roles }) }
}

type Amount = number | { readonly value: number }

function boundOf(given: Written['ratio'] | Written['value']): ClaimBound {
  const { atLeast, atMost, between } = given ?? {}
  const number = (amount: Amount) => (typeof amount === 'number' ? amount : amount.value)
  if (between) {
    const ends = between.map(number)
    return { atLeast: Math.min(...ends), atMost: Math.max(...ends) }
  }
  return {
    ...(atLeast !== undefined && { atLeast: number(atLeast) }),
    ...(atMost !== undefined && { atMost: number(atMost) }),
  }
}
