import { z } from 'zod'
import { meshes } from '../meshes/index.ts'
import { ISOLATIONS, PLACEMENTS, PLATFORMS, PROFILES } from '../model/scenario.ts'
import { DEFAULTS } from './defaults.ts'
import { shown } from './finding.ts'
import { gateSchema } from './gate-schema.ts'
import { loadSchema } from './load-schema.ts'
import { duration, say, share } from './quantity.ts'
import { about, name, section } from './section.ts'
import { simulationSchema } from './simulation-schema.ts'

/** Editors offer the meshes that there are; the rules judge, and suggest. */
const offered = { enum: Object.keys(meshes) }

const bareArm = z
  .string({
    error: ({ input }) => say(`${shown(input)} is not an arm`, 'Write the name of a mesh, or { name: …, mesh: … }.'),
  })
  .meta(offered)

/** A version as any project may write it; each mesh judges its own. */
export const VERSION = /^(v|edge-|stable-)?\d+(\.\d+){1,2}([-+][0-9A-Za-z.-]+)?$/
const version = z.string().regex(VERSION, {
  error: ({ input }) =>
    say(`${JSON.stringify(input)} is not a version`, 'Name one release, so that the run can be repeated: "1.40.0".'),
})

const armSchema = section({
  name: name.optional().meta(about('Name', 'What results and charts call this arm. Default: the name of its mesh.')),
  mesh: z.string().meta({ ...offered, ...about('Mesh', 'What stands between client and server.') }),
  version: version
    .optional()
    .meta(about('Version', 'Version of the mesh. Default: the one that meshbench pins.', ['1.40.0'])),
  values: z
    .record(z.string(), z.unknown())
    .optional()
    .meta(about('Values', "Overrides of the mesh's settings, by the setting's name.")),
  placement: z
    .enum(PLACEMENTS)
    .optional()
    .meta(about('Placement', 'Client and server on two nodes of the cluster, or on one. Default: cross-node.')),
  replicas: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .meta(
      about('Replicas', 'Pods of the server, in a cluster: all of them share the rate of a load. Default: 1.', [12]),
    ),
  inject: section({
    delay: duration({ least: '1us', most: '1.5s', because: "fortio's server delays an answer by no more" }).meta(
      about('Delay', 'Added to every answer at the server; 1.5s at most.', ['1ms']),
    ),
  })
    .optional()
    .meta(about('Inject', 'A known true effect, for proving that the harness finds what is there.')),
})

/** A scenario file as it is written: the one source of truth for types, limits, defaults and editors. */
export const scenarioSchema = section({
  name: name.meta(about('Name', 'Name of the scenario; part of the names of result folders.')),
  description: z.string().max(1000).optional().meta(about('Description', 'Which question it answers.')),
  platform: z
    .enum(PLATFORMS)
    .optional()
    .meta(about('Platform', 'Where arms live. Default: what this machine has; `--platform` overrides it.')),
  profile: z
    .enum(PROFILES)
    .prefault(DEFAULTS.profile)
    .meta(
      about('Profile', 'equalised: strict mTLS, no logs, traces or retries, same proxy threads. defaults: as shipped.'),
    ),
  isolation: z
    .enum(ISOLATIONS)
    .optional()
    .meta(
      about(
        'Isolation',
        'On kind. frozen: every arm stands, all but one frozen, so that blocks interleave arms. sequential: one stands at a time. Default: frozen where memory suffices.',
      ),
    ),
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .prefault(DEFAULTS.seed)
    .meta(about('Seed', 'Decides the order of arms and loads: the same seed gives the same order.')),
  cohorts: z
    .int()
    .min(1)
    .max(100)
    .prefault(DEFAULTS.cohorts)
    .meta(about('Cohorts', 'How often everything is provisioned anew.')),
  blocks: z
    .int()
    .min(1)
    .max(1000)
    .prefault(DEFAULTS.blocks)
    .meta(about('Blocks', 'Passes over all arms in each cohort: the repetitions from which intervals come.')),
  idle: duration({ least: '0s', most: '1h' })
    .prefault(DEFAULTS.idle)
    .meta(
      about(
        'Idle',
        'Window without load at the start of every visit: what an arm uses before any request. CPU per request is what a load adds to it. 0s: none, and then no such metric.',
        ['10s'],
      ),
    ),
  minEffect: share
    .prefault(DEFAULTS.minEffect)
    .meta(
      about(
        'Least effect',
        'Differences of less than this from the baseline are called no relevant difference, however certain they are.',
      ),
    ),
  arms: z
    .array(z.union([bareArm, armSchema]))
    .min(1)
    .max(50)
    .meta(about('Arms', 'What is compared. The first is the baseline; the same thing under two names is an A/A pair.')),
  loads: z.array(loadSchema).min(1).max(100).meta(about('Loads', 'What is sent to each arm in each block.')),
  simulation: simulationSchema
    .prefault({})
    .meta(about('Simulation', 'True effects and noise of the simulated platform; no other platform reads it.')),
  gate: gateSchema
    .optional()
    .meta(
      about('Gate', 'What `meshbench gate` demands: which arm is the reference of which, margins, budgets, waivers.'),
    ),
})
