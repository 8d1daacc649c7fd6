import { standingOfRatio } from '../../compare/standing.ts'
import { meshes } from '../../meshes/index.ts'
import type { Estimate, Standing } from '../../model/analysis.ts'
import { LEVEL } from '../../model/confidence.ts'
import { type HistoryEntry, placedOf } from '../../model/history.ts'
import { traitsOf } from '../../model/traits.ts'
import { exponential, geometricInterval, meanInterval } from '../../stats/intervals.ts'

/** One version of a mesh over all runs that measured it on one kind of machine, under one load. */
export interface MeshVersion {
  readonly mesh: string
  readonly title: string
  /** Undefined where nothing recorded it, as for an arm without a mesh. */
  readonly version?: string
  /** What else was set of the arm: placement, replicas, values, an injected delay. */
  readonly settings?: string
  /** Placement and replicas, where they are not the default ones. */
  readonly placed?: string
  readonly role: 'baseline' | 'repeat' | 'other'
  /** Names that arms of it had. */
  readonly arms: readonly string[]
  /** The oldest first. */
  readonly runs: readonly { readonly run: string; readonly startedAt: string }[]
  readonly figures: Readonly<Record<string, MeshFigure>>
}

/** The run is the unit: with several, the interval is that of their scatter; with one, it is that run's own. */
export interface MeshFigure {
  /** `ratio`: to the baseline of the same run. `added`: what the baseline does not have. `level`: of the baseline itself. */
  readonly of: 'ratio' | 'added' | 'level'
  readonly unit: string
  readonly better: string
  readonly estimate: Estimate
  /** By run, for pairing. */
  readonly values: ReadonlyMap<string, number>
}

/** Metrics of the table: what is compared as a ratio, and what a mesh adds. */
export const MESH_METRICS: readonly string[] = ['p50', 'p99', 'mesh-cpu', 'mesh-memory']
const ADDED: ReadonlySet<string> = new Set(['mesh-cpu', 'mesh-memory'])

/** Runs that are older than this, counted from the newest, say little about what to choose now. */
export const LOOK_BACK_DAYS = 365
const DAY = 86_400_000

/** The meshes of entries that are of one kind of machine, platform, profile and load; the newest version of each first. */
export function meshVersions(entries: readonly HistoryEntry[]): MeshVersion[] {
  const newest = Math.max(...entries.map(({ startedAt }) => Date.parse(startedAt)))
  const recent = entries
    .filter(({ startedAt }) => !(newest - Date.parse(startedAt) > LOOK_BACK_DAYS * DAY))
    .toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0))
  const baselines = new Map(recent.flatMap((entry) => (entry.arm === entry.baseline ? [[entry.run, entry]] : [])))
  const groups = Map.groupBy(recent, (entry) => keyOf(entry, baselines.get(entry.run)))
  const found = [...groups.values()].flatMap((of) => meshVersion(of, baselines) ?? [])
  const meshOrder = [...new Set(found.map(({ mesh }) => mesh))]
  return found.toSorted(
    (a, b) =>
      ROLES.indexOf(a.role) - ROLES.indexOf(b.role) ||
      meshOrder.indexOf(a.mesh) - meshOrder.indexOf(b.mesh) ||
      newerFirst(a, b),
  )
}

const ROLES: readonly MeshVersion['role'][] = ['baseline', 'repeat', 'other']

function newerFirst(a: MeshVersion, b: MeshVersion): number {
  const [last, other] = [a, b].map(({ runs }) => runs.at(-1)?.startedAt ?? '')
  if (last !== other) return (last ?? '') < (other ?? '') ? 1 : -1
  return (b.version ?? '').localeCompare(a.version ?? '', 'en', { numeric: true })
}

/** The version that the trials saw; what was asked for where nothing saw one. */
export function versionOf({ mesh, versions }: Pick<HistoryEntry, 'mesh' | 'versions'>): string | undefined {
  return versions['version'] ?? versions['proxy-version'] ?? versions[titleOf(mesh)]
}

function titleOf(mesh: string): string {
  return meshes[mesh]?.title ?? mesh
}

function settingsOf(entry: HistoryEntry): string | undefined {
  const { values, 'injected delay': delay } = entry.versions
  return [placedOf(entry), values, delay && `injected delay ${delay}`].filter(Boolean).join(', ') || undefined
}

function roleOf(entry: HistoryEntry, baseline: HistoryEntry | undefined): MeshVersion['role'] {
  if (entry.arm === entry.baseline) return 'baseline'
  const isEqual =
    baseline?.mesh === entry.mesh &&
    versionOf(baseline) === versionOf(entry) &&
    settingsOf(baseline) === settingsOf(entry)
  return isEqual ? 'repeat' : 'other'
}

function keyOf(entry: HistoryEntry, baseline: HistoryEntry | undefined): string {
  return JSON.stringify([entry.mesh, versionOf(entry), settingsOf(entry), roleOf(entry, baseline)])
}

type Baselines = ReadonlyMap<string, HistoryEntry>

function meshVersion(entries: readonly HistoryEntry[], baselines: Baselines): MeshVersion | undefined {
  const [first] = entries
  if (!first) return undefined
  const [version, settings, placed] = [versionOf(first), settingsOf(first), placedOf(first)]
  const role = roleOf(first, baselines.get(first.run))
  const runs = new Map(entries.map(({ run, startedAt }) => [run, { run, startedAt }]))
  return {
    mesh: first.mesh,
    title: titleOf(first.mesh),
    ...(version !== undefined && { version }),
    ...(settings !== undefined && { settings }),
    ...(placed !== undefined && { placed }),
    role,
    arms: [...new Set(entries.map(({ arm }) => arm))],
    runs: [...runs.values()],
    figures: Object.fromEntries(
      MESH_METRICS.flatMap((metric) => {
        const figure = figureOf(entries, baselines, metric, role)
        return figure ? [[metric, figure]] : []
      }),
    ),
  }
}

function figureOf(
  entries: readonly HistoryEntry[],
  baselines: Baselines,
  metric: string,
  role: MeshVersion['role'],
): MeshFigure | undefined {
  const known = entries.find(({ metrics }) => metrics[metric])?.metrics[metric]
  if (!known) return undefined
  const of = role === 'baseline' ? 'level' : ADDED.has(metric) ? 'added' : 'ratio'
  const own = entries.flatMap((entry) => {
    const estimate = ofRun(entry, baselines.get(entry.run), metric, of)
    return estimate ? [{ run: entry.run, estimate }] : []
  })
  // Arms of one run that are alike are one value: they share its machine and its hour.
  const byRun = [...Map.groupBy(own, ({ run }) => run)].map(([run, alike]) => {
    const centers = alike.map(({ estimate }) => estimate.center)
    const together = of === 'added' ? meanInterval(centers) : (geometricInterval(centers) ?? meanInterval(centers))
    return { run, estimate: alike.length === 1 ? alike[0]?.estimate : together }
  })
  const values = new Map(byRun.flatMap(({ run, estimate }) => (estimate ? [[run, estimate.center]] : [])))
  const estimate = overRuns([...values.values()], byRun[0]?.estimate, of)
  return estimate && { of, unit: known.unit, better: known.better, estimate, values }
}

function overRuns(values: readonly number[], only: Estimate | undefined, of: MeshFigure['of']): Estimate | undefined {
  if (values.length === 1) return only && { ...only, n: 1 }
  return of === 'added' ? meanInterval(values) : (geometricInterval(values) ?? meanInterval(values))
}

function ofRun(
  { metrics }: HistoryEntry,
  baseline: HistoryEntry | undefined,
  metric: string,
  of: MeshFigure['of'],
): Estimate | undefined {
  const found = metrics[metric]
  const base = baseline?.metrics[metric]?.level.center
  if (!found || of === 'level') return found && mapped(found.level, (value) => value)
  if (of === 'ratio') return found.ratio && mapped(found.ratio, (value) => value)
  if (base === undefined) return undefined
  return base === 0 || !found.ratio
    ? mapped(found.level, (level) => level - base)
    : mapped(found.ratio, (ratio) => base * (ratio - 1))
}

function mapped({ center, lo, hi, n }: HistoryEntry['metrics'][string]['level'], to: (value: number) => number) {
  return { center: to(center), ...(lo !== undefined && hi !== undefined && { lo: to(lo), hi: to(hi) }), n }
}

/** Which of the newest versions has the lowest tail, and what is known of the others against it. */
export interface MeshAnswer {
  readonly metric: string
  readonly best: MeshVersion
  readonly others: readonly { readonly of: MeshVersion; readonly standing: Standing; readonly ratio?: Estimate }[]
}

/**
 * Of arms that are placed as the baseline is, since a placement makes a difference of its own. Undefined where fewer than two
 * meshes can be compared, or where what ran are not released meshes.
 */
export function meshAnswer(versions: readonly MeshVersion[], platform: string): MeshAnswer | undefined {
  if (traitsOf(platform)?.unranked !== undefined) return undefined
  const baseline = versions.find(({ role }) => role === 'baseline')
  const released = versions.filter(
    ({ role, version = '', mesh, placed }) =>
      role === 'other' &&
      placed === baseline?.placed &&
      (meshes[mesh]?.layer ?? 'none') !== 'none' &&
      !version.includes('images tagged'),
  )
  // They come newest first.
  const newest = [...Map.groupBy(released, ({ mesh }) => mesh).values()].flatMap(([first]) => first ?? [])
  const metric = ['p99', 'p50'].find((name) => newest.filter(({ figures }) => figures[name]).length > 1)
  if (metric === undefined) return undefined
  const center = ({ figures }: MeshVersion) => figures[metric]?.estimate.center ?? Number.POSITIVE_INFINITY
  const [best, ...others] = newest.filter(({ figures }) => figures[metric]).toSorted((a, b) => center(a) - center(b))
  if (!best) return undefined
  // The best of several is the best partly by chance, so the level is that of all comparisons among them.
  const comparisons = (newest.length * (newest.length - 1)) / 2
  return { metric, best, others: others.map((of) => ({ of, ...against(best, of, metric, comparisons) })) }
}

function against(best: MeshVersion, other: MeshVersion, metric: string, comparisons: number) {
  const known = best.figures[metric]?.values
  const logs = [...(other.figures[metric]?.values ?? [])].flatMap(([run, value]) => {
    const there = known?.get(run)
    return there !== undefined && there > 0 && value > 0 ? [Math.log(value / there)] : []
  })
  const onLogs = logs.length < 2 ? undefined : meanInterval(logs, 1 - (1 - LEVEL) / comparisons)
  if (!onLogs) return { standing: 'undecided' as const }
  const ratio = exponential(onLogs)
  return { ratio, standing: standingOfRatio(ratio, { band: undefined }).standing }
}
