import { z } from 'zod'
import { FAULTS } from '../model/scenario.ts'
import { DEFAULTS } from './defaults.ts'
import { duration, size } from './quantity.ts'
import { about, section } from './section.ts'

const ratio = z.number().min(0.01).max(100)
const deviation = z.number().min(0).max(2)
const defaults = DEFAULTS.simulation

export const simulationSchema = section({
  latency: duration({ least: '1us', most: '10s' })
    .prefault(defaults.latency)
    .meta(about('Latency', 'Median service time of the baseline.', ['1ms'])),
  spread: z
    .number()
    .min(0)
    .max(3)
    .prefault(defaults.spread)
    .meta(about('Spread', 'Sigma of the log-normal service time within a trial.')),
  effects: z
    .record(
      z.string(),
      section({
        latency: ratio.optional().meta(about('Latency', 'Ratio to the baseline: 1.2 is 20 % slower.')),
        cpu: ratio.optional().meta(about('CPU', 'Ratio to the baseline, of what requests add to CPU.')),
        memory: size({ least: '0B', most: '1024GiB' })
          .optional()
          .meta(about('Memory', 'Memory of the mesh without load.', ['50MiB'])),
      }),
    )
    .prefault({})
    .meta(about('Effects', 'True effects by the name of the arm; what is absent has defaults.')),
  noise: section({
    trial: deviation
      .prefault(defaults.noise.trial)
      .meta(about('Trial', "Standard deviation of the log of a trial's level.")),
    block: deviation
      .prefault(defaults.noise.block)
      .meta(about('Block', "Standard deviation of the log of a block's level.")),
    cohort: deviation
      .prefault(defaults.noise.cohort)
      .meta(about('Cohort', "Standard deviation of the log of a cohort's level.")),
  })
    .prefault({})
    .meta(about('Noise', 'How much levels differ from one repetition to the next.')),
  drift: z
    .number()
    .min(0.5)
    .max(2)
    .prefault(defaults.drift)
    .meta(about('Drift', 'Growth of the latency from one block to the next, as a ratio: 1.02 is 2 % per block.')),
  stalls: section({
    every: duration({ least: '10ms', most: '1h' }).meta(about('Every', 'Time from one stall to the next.', ['5s'])),
    last: duration({ least: '1ms', most: '1h' }).meta(about('Last', 'How long a stall lasts.', ['100ms'])),
    jitter: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .meta(
        about(
          'Jitter',
          'Chance in when a stall comes and how long it lasts, drawn anew for every trial. Default: 0, none. With 1 it comes at any moment of its period and lasts up to twice as long.',
        ),
      ),
  })
    .optional()
    .meta(about('Stalls', 'Times during which the server answers nothing.')),
  faults: z
    .array(
      section({
        kind: z.enum(FAULTS).meta(about('Kind', 'What breaks.')),
        arm: z.string().meta(about('Arm', 'The arm it strikes.')),
        blocks: z
          .array(z.int().min(1).max(100_000))
          .optional()
          .meta(about('Blocks', 'Blocks it strikes in, counted from 1 over the whole run. Default: all.')),
      }),
    )
    .max(1000)
    .prefault([])
    .meta(about('Faults', 'What breaks on demand.')),
  pace: duration({ least: '0s', most: '1h' })
    .prefault(defaults.pace)
    .meta(about('Pace', 'Wall-clock time that a simulated trial takes.', ['200ms'])),
})
