import { z } from 'zod'
import type { Provenance } from './result.ts'

export const HISTORY_SCHEMA = 1

const estimateSchema = z.object({
  center: z.number(),
  lo: z.number().optional(),
  hi: z.number().optional(),
  /** Trials or blocks, never requests. */
  n: z.number(),
})

/** One arm under one load in one run. The history keeps this when the run's folder is gone. Levels are in base units. */
export const historyEntrySchema = z.object({
  schema: z.literal(HISTORY_SCHEMA),
  run: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  scenario: z.string(),
  platform: z.string(),
  profile: z.string(),
  /** The machine class in one line. Series of different classes are never joined. */
  machine: z.string(),
  arm: z.string(),
  mesh: z.string(),
  /** Of an arm that is placed otherwise than by default. Lines from before it was recorded have neither. */
  placement: z.string().optional(),
  replicas: z.number().optional(),
  idleServices: z.number().optional(),
  /** Of an arm that load enters otherwise than at its Service. */
  entrance: z.string().optional(),
  /** Of an arm that has one. */
  feature: z.string().optional(),
  /** The arm that ratios refer to. */
  baseline: z.string(),
  load: z.string(),
  /** The settings of the load. A load that changes under the same name starts a new series. */
  asked: z.string(),
  /** Versions by the name of the program or image. */
  versions: z.record(z.string(), z.string()),
  validTrials: z.number(),
  plannedTrials: z.number(),
  metrics: z.record(
    z.string(),
    z.object({ unit: z.string(), better: z.string(), level: estimateSchema, ratio: estimateSchema.optional() }),
  ),
})
export type HistoryEntry = z.infer<typeof historyEntrySchema>

/** The key of a series: same arm with the same placement, replicas, idle services, entrance and feature, load, machine class, platform and profile. */
export function seriesKey(entry: HistoryEntry): string {
  const { platform, profile, machine, arm, mesh, baseline, load, asked } = entry
  const placed = placedOf(entry)
  return JSON.stringify([
    ...[platform, profile, machine, arm, mesh, baseline, load, asked],
    ...(placed === undefined ? [] : [placed]),
  ])
}

/** How an arm is placed and entered, and which feature it has, in words; undefined by default. */
export function placedOf({
  placement,
  replicas,
  idleServices,
  entrance,
  feature,
}: Pick<HistoryEntry, 'placement' | 'replicas' | 'idleServices' | 'entrance' | 'feature'>): string | undefined {
  const idle = idleServices && `${idleServices} idle services`
  const entered = entrance && `entrance ${entrance}`
  const featured = feature && `with ${feature}`
  return (
    [placement, replicas && `${replicas} replicas`, idle, entered, featured].filter(Boolean).join(', ') || undefined
  )
}

/** Entries of one kind of machine, platform, profile and load together, since nothing else can stand in one table; the newest first. */
export function likeEntries(entries: readonly HistoryEntry[]): HistoryEntry[][] {
  const newestFirst = entries.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0))
  return [
    ...Map.groupBy(newestFirst, ({ platform, profile, machine, load, asked }) =>
      JSON.stringify([platform, profile, machine, load, asked]),
    ).values(),
  ]
}

/**
 * What is followed of a metric over runs: its ratio to the baseline, since a slower machine affects both; or its level where
 * no run has a ratio: for the baseline, and for metrics that are 0 for the baseline, such as the CPU of a mesh.
 */
export function followedOf(series: readonly HistoryEntry[], metric: string): 'ratio' | 'level' {
  return series.some(({ metrics }) => metrics[metric]?.ratio) ? 'ratio' : 'level'
}

type Machine = Provenance['machine']

/** The facts that make two machines comparable, by readable name. Memory is in whole GiB, since the kernel reserves a varying part. */
export function machineClass({ arch, cpu, cores, memoryBytes, governor, virtual }: Machine): Record<string, string> {
  return {
    architecture: arch,
    processor: cpu,
    cores: String(cores),
    memory: `${Math.round(memoryBytes / 1024 ** 3)} GiB`,
    'frequency governor': governor ?? 'not shown',
    virtualisation: virtual ?? 'none seen',
  }
}

/** The machine class in one line, equal for machines whose figures can be compared. */
export function machineClassText(machine: Machine): string {
  return Object.values(machineClass(machine)).join(', ')
}
