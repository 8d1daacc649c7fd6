import type { Strain } from '../../../host/strain.ts'
import type { NodePart } from '../../../model/mesh.ts'
import type { Bytes, Seconds } from '../../../model/units.ts'
import type { Pressure } from '../../../model/usage.ts'

/** One node at one edge of a window. */
export interface NodeEdge {
  readonly cgroupVersion: 1 | 2
  /** Since the machine started. */
  readonly monotonic: Seconds
  /** Since the epoch. */
  readonly wall: Seconds
  /** How far apart the two clocks may have been read. */
  readonly clockDoubt: Seconds
  /** What reading the counters took. */
  readonly took: Seconds
  readonly host: HostTimes
  /** Of the whole machine, which all nodes share. */
  readonly strain: Strain
  /** The node's own root. */
  readonly total: CgroupCounters & { readonly cpuSeconds: Seconds; readonly memoryBytes: Bytes }
  /** By path below the root, without a slash at its ends. Units of systemd and pods have CPU only; containers have all. */
  readonly cgroups: ReadonlyMap<string, CgroupCounters>
}

/** Absent: the kernel has no such counter, or it is 0 for throttling. All of them include what is below. */
export interface CgroupCounters {
  readonly cpuSeconds?: Seconds
  readonly throttledPeriods?: number
  readonly throttledSeconds?: Seconds
  /** The working set as the kubelet has it: what is charged, without inactive pages of files. */
  readonly memoryBytes?: Bytes
  /** Pages of files among `memoryBytes`. */
  readonly fileBytes?: Bytes
  /** The largest charge seen, pages of files included. */
  readonly peakBytes?: Bytes
  /** Threads of all processes. */
  readonly tasks?: number
  readonly pressure?: Pressure
  readonly majorFaults?: number
}

/** The whole machine since it started, of all its processors. */
export interface HostTimes {
  readonly cores: number
  readonly busy: Seconds
  readonly stolen: Seconds
}

/** The nodes of a cluster at one edge. */
export type NodeEdges = ReadonlyMap<NodePart, NodeEdge>
