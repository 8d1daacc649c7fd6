import type { LoadTool } from '../model/platform.ts'
import type { LoadToolName } from '../model/traits.ts'
import { fortio } from './fortio/fortio.ts'
import { k6 } from './k6/k6.ts'
import { vegeta } from './vegeta/vegeta.ts'

/** The registry: a new load tool is one file and one line here. */
export const loads: Readonly<Record<LoadToolName, LoadTool>> = { fortio, k6, vegeta }
