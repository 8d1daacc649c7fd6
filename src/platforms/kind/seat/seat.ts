import { setTimeout as sleep } from 'node:timers/promises'
import type { Seat } from '../../../model/platform.ts'
import { targetOf } from '../workload/lanes.ts'
import { execute } from './execute.ts'
import type { SeatOptions } from './options.ts'
import { openWindow } from './window.ts'

/** Where client and its helper share a folder. */
const DIR = '/files'

export function makeSeat(options: SeatOptions): Seat {
  const { cluster } = options.standing
  return {
    dir: DIR,
    target: ({ protocol }) => targetOf(protocol),
    wait: async (seconds, signal) => void (await sleep(seconds * 1000, undefined, { signal })),
    exec: (command, signal) => execute(cluster, command, signal),
    observe: () => openWindow(options),
  }
}
