import { z } from 'zod'
import type { Command } from '../../model/platform.ts'
import { parseDuration } from '../../model/units.ts'
import type { K6Scenario } from './k6-schedule.ts'

/** What the simulation reads of a k6 command: its script's options and target, and where it writes. */
export interface K6Script {
  readonly url: string
  /** Bytes of each request's body. */
  readonly payload: number
  readonly scenarios: readonly K6Scenario[]
  readonly csv?: string
  readonly systemTags?: string
  /** Where the summary goes: the output that is not the CSV. */
  readonly summary?: string
}

const duration = z.string().transform((text) => parseDuration(text) ?? 0)
const rest = { duration, startTime: duration.default(0) }
const executorSchema = z.discriminatedUnion('executor', [
  z.object({
    executor: z.literal('constant-arrival-rate'),
    rate: z.number(),
    timeUnit: duration,
    maxVUs: z.number(),
    ...rest,
  }),
  z.object({ executor: z.literal('constant-vus'), vus: z.number(), ...rest }),
])
const optionsSchema = z.object({ scenarios: z.record(z.string(), executorSchema) })

export function k6Script({ argv, files = {}, outputs = {} }: Command): K6Script {
  const source = files[argv.at(-1) ?? ''] ?? ''
  const options = /^export const options = (\{.*?\n\})$/ms.exec(source)?.[1] ?? ''
  const after = (flag: string) => (argv.includes(flag) ? argv[argv.indexOf(flag) + 1] : undefined)
  const csv = after('--out')?.replace(/^csv=(fileName=)?([^,]*).*$/, '$2')
  const summary = Object.values(outputs).find((path) => path !== csv)
  const systemTags = after('--system-tags')
  return {
    url: JSON.parse(/http\.(?:get|post)\(("(?:[^"\\]|\\.)*")/.exec(source)?.[1] ?? '""'),
    payload: Number(/\.repeat\((\d+)\)/.exec(source)?.[1] ?? 0),
    scenarios: Object.entries(optionsSchema.parse(JSON.parse(options)).scenarios).map(scenarioOf),
    ...(csv === undefined ? {} : { csv }),
    ...(systemTags === undefined ? {} : { systemTags }),
    ...(summary === undefined ? {} : { summary }),
  }
}

function scenarioOf([name, options]: [string, z.infer<typeof executorSchema>]): K6Scenario {
  const { startTime, duration } = options
  if (options.executor === 'constant-vus') return { name, startTime, duration, rate: 'max', users: options.vus }
  return { name, startTime, duration, rate: options.rate / options.timeUnit, users: options.maxVUs }
}
