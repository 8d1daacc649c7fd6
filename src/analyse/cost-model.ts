import { estimateOf } from '../compare/estimate.ts'
import type { Cell, ComponentCost, CostSample, Estimate, Resources } from '../model/analysis.ts'
import type { Trial } from '../model/plan.ts'
import type { HeldReading } from '../model/result.ts'
import type { Arm, Load, Scenario } from '../model/scenario.ts'
import { type Bytes, MILLION, type PerSecond, type Seconds } from '../model/units.ts'
import { COST_UNITS, type CostUnit, type Role, roleOf, SCALING, type Usage } from '../model/usage.ts'

/** What one component used in a trial. Idle figures come from the visit's idle window, and are absent without one. */
export interface Spent {
  readonly component: string
  readonly role: Role
  /** Number of its pods or processes. */
  readonly instances: number
  /** Average number of busy cores under load. */
  readonly cores: number
  readonly bytes: Bytes
  /** File pages in `bytes`, which processes on one node share. */
  readonly fileBytes: Bytes
  readonly idle?: Resources & { readonly fileBytes: Bytes }
  /**
   * CPU-seconds that a request adds: (CPU under load − idle cores × seconds of the window) / requests. It can be below 0 by
   * chance where the load adds less than the scatter of idle CPU. It is not clipped, since the mean would be too high.
   */
  readonly perRequest?: number
  /** The largest errors of `perRequest` and of the idle cores, where CPU is by the counters of kubelets. */
  readonly error?: { readonly perRequest: number; readonly idleCores: number }
}

/** Every component under load. A component that is missing in the idle window has no idle use. */
export function spentIn({
  observation,
  idle,
  requests,
}: Pick<HeldReading, 'observation' | 'idle' | 'requests'>): Spent[] {
  return observation.usage.map((usage) => {
    const before = idle?.usage.find(({ component }) => component === usage.component)
    const cores = before && idle ? before.cpuSeconds / idle.seconds : 0
    const error = errorOf(usage, { before, idle, seconds: observation.seconds, requests })
    return {
      component: usage.component,
      role: roleOf(usage),
      instances: usage.instances ?? 1,
      cores: usage.cpuSeconds / observation.seconds,
      bytes: usage.memoryBytes,
      fileBytes: usage.fileBytes ?? 0,
      ...(idle && {
        idle: { cores, bytes: before?.memoryBytes ?? 0, fileBytes: before?.fileBytes ?? 0 },
        perRequest: (usage.cpuSeconds - cores * observation.seconds) / requests,
      }),
      ...(error && { error }),
    }
  })
}

/** Errors of both windows, which add up in the worst case: idle CPU is taken off for the whole length of the other window. */
function errorOf(
  { cpuError }: Usage,
  of: {
    readonly before: Usage | undefined
    readonly idle: HeldReading['idle']
    readonly seconds: Seconds
    readonly requests: number
  },
): Spent['error'] {
  const { before, idle, seconds, requests } = of
  if (!idle || (cpuError === undefined && before?.cpuError === undefined)) return undefined
  const idleCores = (before?.cpuError ?? 0) / idle.seconds
  return { idleCores, perRequest: ((cpuError ?? 0) + idleCores * seconds) / requests }
}

/** A valid trial with only what the page's script needs, since this file is part of it. */
interface OfTrial {
  readonly trial: Pick<Trial, 'cohort' | 'block'>
  readonly arm: Pick<Arm, 'name'>
  readonly load: Pick<Load, 'name'>
  readonly reading: HeldReading
}

/** Costs of each component by arm and load: means over valid trials, in the scenario's order. */
export function componentCosts(scenario: Scenario, valid: readonly OfTrial[]): ComponentCost[] {
  return eachArm(scenario, valid, (arm, load, views) => {
    const all = Map.groupBy(
      views.flatMap(({ reading }) => spentIn(reading)),
      ({ component }) => component,
    )
    return [...all].map(([component, spent]) => costOf(arm, load, component, spent))
  })
}

function eachArm<One>(
  scenario: Scenario,
  valid: readonly OfTrial[],
  of: (arm: string, load: string, views: readonly OfTrial[]) => One[],
): One[] {
  const groups = Map.groupBy(valid, ({ arm, load }) => JSON.stringify([arm.name, load.name]))
  return scenario.loads.flatMap(({ name: load }) =>
    scenario.arms.flatMap(({ name: arm }) => of(arm, load, groups.get(JSON.stringify([arm, load])) ?? [])),
  )
}

function costOf(arm: string, load: string, component: string, spent: readonly Spent[]): ComponentCost {
  const measured = spent.filter(({ idle }) => idle)
  return {
    arm,
    load,
    component,
    role: spent[0]?.role ?? 'node',
    cores: meanOf(spent, ({ cores }) => cores),
    memoryBytes: meanOf(spent, ({ bytes }) => bytes),
    n: spent.length,
    ...(measured.length > 0 && {
      cpu: meanOf(measured, ({ perRequest = 0 }) => perRequest * MILLION),
      idle: {
        cores: meanOf(measured, ({ idle }) => idle?.cores ?? 0),
        bytes: meanOf(measured, ({ idle }) => idle?.bytes ?? 0),
      },
    }),
  }
}

function meanOf<One>(all: readonly One[], of: (one: One) => number): number {
  return all.reduce((sum, one) => sum + of(one), 0) / all.length
}

/** The samples of the cost model, from every valid trial with an idle window of an arm with a mesh. */
export function costSamples(scenario: Scenario, valid: readonly OfTrial[]): CostSample[] {
  return eachArm(scenario, valid, (arm, load, views) =>
    views.flatMap(({ trial: { cohort, block }, reading }) => {
      const found = sampleOf(reading)
      return found ? [{ arm, load, cohort, block, ...found }] : []
    }),
  )
}

function sampleOf(reading: HeldReading): Pick<CostSample, 'idle' | 'perRate'> | undefined {
  const spent = spentIn(reading).flatMap((one) => {
    const scaling = SCALING[one.role]
    return scaling && one.idle ? [{ ...one, idle: one.idle, scaling }] : []
  })
  if (spent.length === 0) return undefined
  const parts = [...Map.groupBy(spent, ({ scaling }) => scaling.part).values()]
  type Part = (typeof parts)[number]
  type Of = (one: Part[number]) => number
  const totalOf = (those: readonly Part[], of: Of, each: (part: Part) => number) =>
    those.reduce((sum, part) => sum + part.reduce((all, one) => all + of(one), 0) / each(part), 0)
  const instancesOf = (part: Part) => part.reduce((sum, { instances }) => sum + instances, 0)
  // The sidecars of client and server are on two nodes: as many as there are components.
  const podParts = parts.filter((part) => part[0]?.scaling.per === 'pod')
  const shared = totalOf(
    podParts,
    ({ idle }) => idle.fileBytes,
    (part) => part.length,
  )
  const inUnit = (unit: CostUnit): Resources => {
    const here = parts.filter((part) => part[0]?.scaling.per === unit)
    const each = unit === 'pod' || unit === 'node' ? instancesOf : () => 1
    const cores = totalOf(here, ({ idle }) => idle.cores, each)
    const bytes = totalOf(here, ({ idle }) => idle.bytes - (unit === 'pod' ? idle.fileBytes : 0), each)
    return { cores, bytes: bytes + (unit === 'node' ? shared : 0) }
  }
  const rate = reading.requests / reading.seconds
  const carrying = spent.filter(({ scaling }) => scaling.carries)
  return {
    idle: Object.fromEntries(COST_UNITS.map((unit) => [unit, inUnit(unit)])) as CostSample['idle'],
    perRate: {
      cores: carrying.reduce((sum, { perRequest = 0 }) => sum + perRequest, 0),
      bytes: carrying.reduce((sum, one) => sum + ownOf(one) - ownOf(one.idle), 0) / rate,
    },
  }
}

/** Memory without file pages, which are charged to the first reader. */
const ownOf = ({ bytes, fileBytes }: { readonly bytes: Bytes; readonly fileBytes: Bytes }) => bytes - fileBytes

/** The inputs of the cost model: the reader's cluster. */
export interface ClusterSize {
  readonly pods: number
  readonly podsPerNode: number
  /** Each namespace has one waypoint, in meshes that have waypoints. */
  readonly podsPerNamespace: number
  /** Requests that each pod answers, per second. */
  readonly rate: PerSecond
  /** US dollars. */
  readonly coreHour: number
  readonly gibHour: number
}

/**
 * Default inputs. Prices are on-demand list prices of a general-purpose cloud machine (Google Cloud N2 in us-central1). The
 * other values describe a cluster of medium size; readers replace them by their own.
 */
export const DEFAULT_CLUSTER_SIZE: ClusterSize = {
  pods: 100,
  podsPerNode: 30,
  podsPerNamespace: 25,
  rate: 20,
  coreHour: 0.031611,
  gibHour: 0.004237,
}

/** A twelfth of the 8,760 hours of a year, as in cloud bills. */
export const HOURS_PER_MONTH = 730

/** Range of cluster sizes, in pods. */
export const FEWEST_PODS = 2
export const MOST_PODS = 5000

export type Resource = keyof Resources

/**
 * The number of each part in a cluster. Nodes and namespaces above the first are fractional: this is the mean over clusters
 * of that size, and gives a line without steps.
 */
export function countsOf({ pods, podsPerNode, podsPerNamespace }: ClusterSize): Readonly<Record<CostUnit, number>> {
  return {
    pod: pods,
    node: Math.max(1, pods / podsPerNode),
    namespace: Math.max(1, pods / podsPerNamespace),
    cluster: 1,
  }
}

/**
 * What the mesh uses in a cluster, by one trial: the idle use of each part times its number, plus what every request adds.
 * It is linear in the measured values, so the interval of a mean over trials is that of the model.
 */
export function demandOf({ idle, perRate }: Pick<CostSample, 'idle' | 'perRate'>, clusterSize: ClusterSize): Resources {
  const counts = countsOf(clusterSize)
  const of = (resource: Resource) =>
    COST_UNITS.reduce((sum, unit) => sum + counts[unit] * idle[unit][resource], 0) +
    clusterSize.pods * clusterSize.rate * perRate[resource]
  return { cores: of('cores'), bytes: of('bytes') }
}

const GIB = 1024 ** 3

/** US dollars per month, without reserve capacity. */
export function dollarsOf({ cores, bytes }: Resources, { coreHour, gibHour }: ClusterSize): number {
  return HOURS_PER_MONTH * (cores * coreHour + (bytes / GIB) * gibHour)
}

/** A mean over trials with a t interval over blocks, or over cohorts if there are several. */
export function meanOfSamples(
  samples: readonly CostSample[],
  of: (sample: CostSample) => number,
  provisioned: boolean,
): Estimate | undefined {
  const cohorts = [...Map.groupBy(samples, ({ cohort }) => cohort).values()].map((those) => those.map(of))
  return estimateOf(cohorts, { pairs: [], provisioned })?.estimate
}

/** An arm's samples as values of a metric. */
export function valuesOf(samples: readonly CostSample[], of: (sample: CostSample) => number): Cell['values'] {
  return samples.map((sample) => ({ cohort: sample.cohort, block: sample.block, value: of(sample) }))
}

/** Two arms compared over cluster sizes: `less` needs less of the resource, below the crossing if there is one. */
export interface Crossing {
  readonly less: string
  readonly more: string
  /** Number of pods at which both need the same; absent where one needs less at every size. */
  readonly pods?: number
  readonly lo?: number
  readonly hi?: number
  /** Whether the 95 % interval of the difference excludes 0 on both sides of the crossing, or at every size. */
  readonly decided: boolean
}

interface Against {
  readonly one: readonly CostSample[]
  readonly other: readonly CostSample[]
}

/**
 * Finds the sizes at which two arms need the same. Their paired difference is piecewise linear in the number of pods, with
 * a break where the first node or namespace is full. The interval of a crossing has all sizes around it at which the
 * interval of the difference includes 0 (Fieller’s theorem, by inversion). Empty where no block has both.
 */
export function crossingsOf(
  { one, other }: Against,
  clusterSize: ClusterSize,
  resource: Resource,
  provisioned: boolean,
): Crossing[] {
  const [a, b] = [one[0]?.arm, other[0]?.arm]
  const byBlock = new Map(other.map((sample) => [sample.block, sample]))
  const pairs = one.flatMap((sample) => {
    const partner = byBlock.get(sample.block)
    return partner ? [{ sample, partner }] : []
  })
  if (a === undefined || b === undefined || pairs.length === 0) return []
  const cohorts = [...Map.groupBy(pairs, ({ sample }) => sample.cohort).values()]
  const difference = (pods: number): Estimate => {
    const at = { ...clusterSize, pods }
    const values = cohorts.map((those) =>
      those.map(({ sample, partner }) => demandOf(sample, at)[resource] - demandOf(partner, at)[resource]),
    )
    return estimateOf(values, { pairs: [], provisioned })?.estimate ?? { center: Number.NaN, n: 0 }
  }
  const breaks = [FEWEST_PODS, clusterSize.podsPerNode, clusterSize.podsPerNamespace, MOST_PODS]
    .filter((pods) => pods >= FEWEST_PODS && pods <= MOST_PODS)
    .sort((x, y) => x - y)
  const roots = breaks.slice(1).flatMap((to, index) => {
    const from = breaks[index] ?? to
    const [low, high] = [difference(from).center, difference(to).center]
    return low * high < 0 ? [{ pods: from + (low / (low - high)) * (to - from), below: low }] : []
  })
  if (roots.length === 0) {
    const everywhere = breaks.map(difference)
    const isLess = (everywhere.find(({ center }) => center !== 0)?.center ?? 0) <= 0
    return [
      {
        ...(isLess ? { less: a, more: b } : { less: b, more: a }),
        decided: grid().every((pods) => isSure(difference(pods))),
      },
    ]
  }
  return roots.map(({ pods, below }) => {
    const [lo, hi] = [surelyFrom(pods, FEWEST_PODS, difference), surelyFrom(pods, MOST_PODS, difference)]
    return {
      ...(below < 0 ? { less: a, more: b } : { less: b, more: a }),
      pods,
      ...(lo !== undefined && { lo }),
      ...(hi !== undefined && { hi }),
      decided: lo !== undefined && hi !== undefined,
    }
  })
}

function isSure({ lo, hi }: Estimate): boolean {
  return lo !== undefined && hi !== undefined && (lo > 0 || hi < 0)
}

const STEPS = 60

/** Cluster sizes, evenly spaced on a log scale. */
function grid(from = FEWEST_PODS, to = MOST_PODS): number[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => from * (to / from) ** (step / STEPS))
}

/** The size nearest to a crossing, towards one end, at which the interval of the difference excludes 0; undefined if it never does. */
function surelyFrom(pods: number, end: number, difference: (pods: number) => Estimate): number | undefined {
  const steps = grid(pods, end)
  const place = steps.findIndex((size) => isSure(difference(size)))
  if (place < 0) return undefined
  let [unsure, sure] = [steps[place - 1] ?? pods, steps[place] ?? end]
  for (let round = 0; round < 40; round++) {
    const middle = (unsure + sure) / 2
    if (isSure(difference(middle))) sure = middle
    else unsure = middle
  }
  return sure
}
