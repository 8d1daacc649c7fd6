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

/** One arm under one load in one run: what is kept of a run when its folder is gone. Levels are in base units. */
export const historyEntrySchema = z.object({
  schema: z.literal(HISTORY_SCHEMA),
  run: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  scenario: z.string(),
  platform: z.string(),
  profile: z.string(),
  /** The class of the machine in one line: series of different classes are never joined. */
  machine: z.string(),
  arm: z.string(),
  mesh: z.string(),
  /** What ratios are to. */
  baseline: z.string(),
  load: z.string(),
  /** What the load asked for: a load that changed under the same name begins a new series. */
  asked: z.string(),
  /** By what they are the version of. */
  versions: z.record(z.string(), z.string()),
  validTrials: z.number(),
  plannedTrials: z.number(),
  metrics: z.record(
    z.string(),
    z.object({ unit: z.string(), better: z.string(), level: estimateSchema, ratio: estimateSchema.optional() }),
  ),
})
export type HistoryEntry = z.infer<typeof historyEntrySchema>

/** Runs that can stand in one line: same arm, load, machine class, platform and profile. */
export function seriesKey(entry: HistoryEntry): string {
  const { platform, profile, machine, arm, mesh, baseline, load, asked } = entry
  return JSON.stringify([platform, profile, machine, arm, mesh, baseline, load, asked])
}

/**
 * What is followed of a metric over the runs of a series: its ratio to the baseline, since a slower night moves both; its level
 * where no run has a ratio, of the baseline itself and of what the baseline has none of, such as the CPU of a mesh.
 */
export function followedOf(series: readonly HistoryEntry[], metric: string): 'ratio' | 'level' {
  return series.some(({ metrics }) => metrics[metric]?.ratio) ? 'ratio' : 'level'
}

type Machine = Provenance['machine']

/** What makes two machines the same for a measurement, by the name that people read. Memory in whole GiB: the kernel keeps a varying rest. */
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

/** The class in one line: equal for machines whose figures may be compared. */
export function machineClassText(machine: Machine): string {
  return Object.values(machineClass(machine)).join(', ')
}
