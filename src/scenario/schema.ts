import { z } from 'zod'
import { COSTED } from '../features/feature-cost.ts'
import { loads } from '../loads/index.ts'
import { meshes } from '../meshes/index.ts'
import {
  ENTRANCES,
  FAULTS,
  ISOLATIONS,
  PLACEMENTS,
  PROFILES,
  PROTOCOLS,
  PROVISIONS,
  SHAPES,
  TAINT_EFFECTS,
  TOLERATION_OPERATORS,
  USAGES,
} from '../model/scenario.ts'
import { DEFAULT_TOOL, PLATFORMS, TOOLS } from '../model/traits.ts'
import { list } from '../model/words.ts'
import { operations } from '../operations/index.ts'
import { about, duration, fixedRate, name, oneOrMore, rate, say, section, share, size } from '../yaml/quantities.ts'
import { shown } from '../yaml/yaml-finding.ts'
import { claimsSchema } from './claims/claims-schema.ts'
import { gateSchema } from './gate-schema.ts'
import { workloadSchema } from './workload-schema.ts'

/** Defaults as a person would write them. The schema applies them and shows them in editors. */
const DEFAULTS = {
  profile: 'equalised',
  seed: 1,
  cohorts: 1,
  blocks: 4,
  minEffect: '2%',
  idle: '5s',
  load: {
    tool: DEFAULT_TOOL,
    protocol: 'http',
    connections: 8,
    payload: '1KiB',
    warmup: '2s',
    duration: '10s',
    capacity: { errors: '0.1%', width: '5%', budget: '3m' },
  },
  simulation: {
    latency: '1ms',
    spread: 0.3,
    noise: { trial: 0.03, block: 0.05, cohort: 0.03 },
    drift: 1,
    pace: '0s',
  },
} as const

const searched = DEFAULTS.load.capacity

const capacitySchema = section({
  p99: duration({ least: '100us', most: '10m' }).meta(
    about('p99', 'The goal: most that p99 of the response time may be.', ['10ms']),
  ),
  errors: share
    .prefault(searched.errors)
    .meta(about('Errors', 'The goal: most that the share of failed requests may be.', ['0.1%'])),
  min: fixedRate('10/s').meta(
    about('Least rate', 'The lowest rate of the range that is searched; 10/s or more.', ['100/s']),
  ),
  max: fixedRate('10/s').meta(about('Highest rate', 'The highest rate of the range that is searched.', ['20k/s'])),
  width: share
    .prefault(searched.width)
    .meta(
      about('Width', 'A search ends when its upper bound is at most so much above its lower one; from 1 % to 50 %.', [
        '5%',
      ]),
    ),
  budget: duration({ least: '10s', most: '1h' })
    .prefault(searched.budget)
    .meta(about('Budget', 'Most time under load, warm-ups included, of one search: one arm in one block.', ['3m'])),
})

/** More are a test of the API server. */
const MOST_GENERATORS = 1000
const generators = z.int().min(1).max(MOST_GENERATORS).optional()

const onlyHttp = TOOLS.filter((tool) => loads[tool].protocols.every((protocol) => protocol === 'http'))

const loadShape = section({
  name: name
    .optional()
    .meta(about('Name', 'Name of the load in results and charts. Default: protocol and rate, such as `http-1000`.')),
  tool: oneOrMore(z.enum(TOOLS))
    .prefault(DEFAULTS.load.tool)
    .meta(about('Tool', `The load generator, or a list. ${list(onlyHttp)} support http only.`)),
  protocol: oneOrMore(z.enum(PROTOCOLS))
    .prefault(DEFAULTS.load.protocol)
    .meta(about('Protocol', 'http is HTTP/1.1 with keep-alive, http2 is HTTP/2 without TLS; or a list of protocols.')),
  rate: oneOrMore(rate({ least: '1/h', most: '1000k/s' }))
    .optional()
    .meta(
      about(
        'Rate',
        'Requests per second over all connections, or `max` for a closed loop; or a list of rates. With a script, its iterations per second. Every load has a rate, or a `capacity` in its place.',
        ['500/s', ['100/s', '200/s', '400/s'], 'max'],
      ),
    ),
  capacity: capacitySchema
    .optional()
    .meta(
      about(
        'Capacity',
        'Searches the highest rate at which every arm meets a goal, in place of a rate. `duration` is the length of its full trials.',
      ),
    ),
  connections: oneOrMore(z.int().min(1).max(10_000))
    .prefault(DEFAULTS.load.connections)
    .meta(
      about(
        'Connections',
        'Connections: of k6 virtual users, each with a connection; of vegeta workers that share as many; or a list.',
        [8, [8, 64]],
      ),
    ),
  generators: generators.meta(
    about(
      'Generators',
      'Load generators that share rate and connections of this load, in place of those of the scenario. Default: those of the scenario.',
      [4],
    ),
  ),
  payload: oneOrMore(size({ least: '0B', most: '16MiB', because: 'a load generator holds one for each connection' }))
    .prefault(DEFAULTS.load.payload)
    .meta(
      about(
        'Payload',
        'Size of the body of requests and answers; 0B is a plain GET; 16MiB at most, with grpc 4095KiB, with tcp 1MiB; or a list.',
        ['1KiB', ['0B', '64KiB']],
      ),
    ),
  warmup: duration({ least: '0s', most: '1h' })
    .prefault(DEFAULTS.load.warmup)
    .meta(about('Warm-up', 'Load before each measurement, whose results are discarded; 0s to 1h.', ['2s'])),
  duration: duration({ least: '1s', most: '24h' })
    .prefault(DEFAULTS.load.duration)
    .meta(about('Duration', 'Length of each measurement; 1s to 24h.', ['10s', '1m30s'])),
  script: z
    .string()
    .min(1)
    .max(1000)
    .optional()
    .meta(
      about(
        'Script',
        'A k6 script of your own that makes the requests: a path relative to the scenario file. It finds the address of the arm in __ENV.MESHBENCH_TARGET.',
        ['checkout.js'],
      ),
    ),
  operation: z
    .enum(Object.keys(operations) as [string, ...string[]])
    .optional()
    .meta(
      about(
        'Operation',
        'What is done, or what fails, while the load goes on. Reported are errors, late requests and the time until all is normal again, in place of latencies.',
        ['server-rollout'],
      ),
    ),
  operationAt: duration({ least: '5s', most: '1h' })
    .optional()
    .meta(
      about(
        'Time of the operation',
        'From the start of the window to the operation: what is before it shows what is normal. Default: a quarter of the duration, and 5s at least.',
        ['10s'],
      ),
    ),
  service: oneOrMore(z.string().min(1).max(40))
    .optional()
    .meta(
      about(
        'Service',
        'Which service of workload.services is asked, or a list: a chain that is asked at each of its services shows what its depth costs. Default: the one at the entrance.',
        ['cart', ['front', 'cart']],
      ),
    ),
  shape: z
    .enum(SHAPES)
    .optional()
    .meta(
      about(
        'Shape',
        'own: the options of the script say how many virtual users run it, and when. Default: meshbench sets rate, connections and duration, so that all arms get the same load.',
      ),
    ),
})

/** Only a script says by itself how much it sends. */
export const loadSchema = loadShape
  .refine(({ rate, shape, capacity }) => rate !== undefined || shape !== undefined || capacity !== undefined, {
    path: ['rate'],
    message: 'is missing\nWrite a rate with a unit: 500/s, or max for a closed loop.',
    // Also beside other mistakes.
    when: ({ value }) =>
      typeof value === 'object' && value !== null && !['rate', 'shape', 'capacity'].some((key) => key in value),
  })
  .refine(({ rate, shape, capacity }) => capacity === undefined || (rate === undefined && shape === undefined), {
    path: ['capacity'],
    message: say('a load has either a rate or a capacity to search, not both', 'Remove one of them.'),
  })
  .refine(({ rate, shape }) => rate === undefined || shape === undefined, {
    path: ['rate'],
    message: say(
      'a load with a shape of its own has no rate',
      'Remove rate, or remove shape: then meshbench sets the rate.',
    ),
  })

const ratio = z.number().min(0.01).max(100)
const deviation = z.number().min(0).max(2)
const defaults = DEFAULTS.simulation

const disturbance = duration({ least: '0s', most: '1h' }).optional()

const simulationSchema = section({
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
        operation: section({
          errors: disturbance.meta(about('Errors', 'How long every request fails, from the operation on.', ['2s'])),
          pause: disturbance.meta(about('Pause', 'How long no request is answered, from the operation on.', ['3s'])),
          slow: disturbance.meta(
            about('Slow', 'How long every answer takes ten times as long, from the operation on.', ['5s']),
          ),
        })
          .optional()
          .meta(about('Operation', 'What the operation of a load does to this arm. Default: nothing.')),
      }),
    )
    .prefault({})
    .meta(about('Effects', 'True effects by name of the arm; absent ones have defaults.')),
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
    .meta(about('Noise', 'Scatter of levels between repetitions.')),
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
          'Randomness of the start and length of stalls in every trial, from 0 (default, none) to 1 (any time within the period, up to twice as long).',
        ),
      ),
  })
    .optional()
    .meta(about('Stalls', 'Times during which the server answers nothing.')),
  faults: z
    .array(
      section({
        kind: z.enum(FAULTS).meta(about('Kind', 'Kind of fault.')),
        arm: z.string().meta(about('Arm', 'The arm with the fault.')),
        blocks: z
          .array(z.int().min(1).max(100_000))
          .optional()
          .meta(about('Blocks', 'Blocks with the fault, counted from 1 over the whole run. Default: all.')),
      }),
    )
    .max(1000)
    .prefault([])
    .meta(about('Faults', 'Injected faults.')),
  pace: duration({ least: '0s', most: '1h' })
    .prefault(defaults.pace)
    .meta(about('Pace', 'Wall-clock time that a simulated trial takes.', ['200ms'])),
})

/** Offers the known meshes in editors. Rules check the name and suggest another. */
const offered = { enum: Object.keys(meshes) }

const bareArm = z
  .string({
    error: ({ input }) => say(`${shown(input)} is not an arm`, 'Write the name of a mesh, or { name: …, mesh: … }.'),
  })
  .meta(offered)

/** A version in any form; each mesh checks its own. */
export const VERSION = /^(v|edge-|stable-)?\d+(\.\d+){1,2}([-+][0-9A-Za-z.-]+)?$/
const version = z.string().regex(VERSION, {
  error: ({ input }) =>
    say(`${JSON.stringify(input)} is not a version`, 'Name one release, so that the run can be repeated: "1.40.0".'),
})

/** A name of the kubeconfig. */
const context = z.string().min(1).max(253)

const armSchema = section({
  name: name.optional().meta(about('Name', 'Name of the arm in results and charts. Default: the name of its mesh.')),
  mesh: z.string().meta({ ...offered, ...about('Mesh', 'The mesh between client and server.') }),
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
    .meta(
      about(
        'Placement',
        'Client and server on two nodes of the cluster, or on one; on the platform cluster also on two of one zone, or of different zones. Default: cross-node.',
      ),
    ),
  replicas: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .meta(about('Replicas', 'Pods of the server in a cluster; they share the rate of a load. Default: 1.', [12])),
  idleServices: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .meta(
      about(
        'Idle services',
        "Further Services in the arm's cluster, with an endpoint each, that receive no traffic: how a mesh grows with a cluster. Default: none.",
        [1000],
      ),
    ),
  entrance: z
    .enum(ENTRANCES)
    .optional()
    .meta(
      about(
        'Entrance',
        'How load comes to the application of this arm alone, in place of the entrance of the scenario.',
      ),
    ),
  provision: z
    .enum(PROVISIONS)
    .optional()
    .meta(about('Provision', 'For the platform cluster, in place of `cluster.provision`, for this arm alone.')),
  context: context
    .optional()
    .meta(
      about(
        'Context',
        'For the platform cluster: the context whose cluster this arm stands in. Default: `cluster.context`. Arms in different clusters differ by their clusters too.',
      ),
    ),
  inject: section({
    delay: duration({ least: '1us', most: '1.5s', because: "fortio's server delays an answer by no more" }).meta(
      about('Delay', 'Added to every answer at the server; 1.5s at most.', ['1ms']),
    ),
  })
    .optional()
    .meta(about('Inject', 'A known effect, to test that meshbench finds it.')),
  feature: z
    .string()
    .optional()
    .meta({
      enum: [...COSTED],
      ...about(
        'Feature',
        'A feature that the server has for the whole of the run, by the name of its probe. The arm is compared with the one that is equal to it without the feature.',
        ['retries'],
      ),
    }),
})

function nodeLabels(what: string) {
  return z
    .record(z.string(), z.string())
    .optional()
    .meta(about('Labels', `Labels of the node for ${what}.`, [{ 'kubernetes.io/hostname': 'worker-1' }]))
}

/** A scenario file: the single source of types, limits, defaults and the schema for editors. */
export const scenarioSchema = section({
  name: name.meta(about('Name', 'Name of the scenario; part of the names of result folders.')),
  description: z.string().max(1000).optional().meta(about('Description', 'The question that the scenario answers.')),
  platform: z
    .enum(PLATFORMS)
    .optional()
    .meta(about('Platform', 'Where arms run. Default: kind if possible, otherwise local; `--platform` overrides it.')),
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
        'For kind. frozen: all arms exist and all but one are paused, so that blocks interleave arms. shared: one cluster for all arms, sooner provisioned, whose control planes stand side by side. sequential: one arm at a time. Default: frozen if memory suffices.',
      ),
    ),
  cluster: section({
    context: context
      .optional()
      .meta(
        about(
          'Context',
          'Context of the kubeconfig, for arms that name none; `--context` overrides it. The current context is never used unasked.',
        ),
      ),
    provision: z
      .enum(PROVISIONS)
      .optional()
      .meta(
        about(
          'Provision',
          'install: meshbench installs the meshes, side by side, and removes them afterwards. existing: they are there; only the namespaces of the run are written. Default: install.',
        ),
      ),
    usage: z
      .enum(USAGES)
      .optional()
      .meta(
        about(
          'Usage',
          'Where CPU and memory are from. agent: a pod on each node reads its cgroups; needs hostPath volumes. kubelet: counters of the kubelets, interpolated to the window; needs the right to get nodes/proxy and windows of a minute. Default: agent.',
        ),
      ),
    nodes: section({
      client: nodeLabels('the client'),
      server: nodeLabels('the server'),
      control: nodeLabels('control planes'),
    })
      .optional()
      .meta(about('Nodes', 'Which nodes are used. Default: the two largest of one zone, and one for control planes.')),
    tolerations: z
      .array(
        section({
          key: z
            .string()
            .min(1)
            .optional()
            .meta(about('Key', 'Key of the taint. Default: any.', ['dedicated'])),
          operator: z
            .enum(TOLERATION_OPERATORS)
            .optional()
            .meta(about('Operator', 'Equal: the taint has this value. Exists: it has any. Default: Equal.')),
          value: z
            .string()
            .optional()
            .meta(about('Value', 'Value of the taint.', ['benchmark'])),
          effect: z.enum(TAINT_EFFECTS).optional().meta(about('Effect', 'Effect of the taint. Default: every effect.')),
        }),
      )
      .max(20)
      .optional()
      .meta(
        about(
          'Tolerations',
          'Of the pods that meshbench binds to these nodes (client, server, waypoint, control planes), so that nodes with taints can be used.',
        ),
      ),
  })
    .optional()
    .meta(about('Cluster', 'For the platform cluster: the cluster that is measured in.')),
  entrance: z
    .enum(ENTRANCES)
    .optional()
    .meta(
      about(
        'Entrance',
        'How load comes to the application. service: its Service is asked, from within the mesh (east-west). gateway: the gateway of the mesh is asked, from outside (north-south); an arm without a mesh has none, and is asked directly. Default: service.',
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
    .meta(about('Cohorts', 'Number of times that everything is provisioned.')),
  blocks: z
    .int()
    .min(1)
    .max(1000)
    .prefault(DEFAULTS.blocks)
    .meta(about('Blocks', 'Passes over all arms in each cohort: the repetitions that give intervals.')),
  idle: duration({ least: '0s', most: '1h' })
    .prefault(DEFAULTS.idle)
    .meta(
      about(
        'Idle',
        'Window without load at the start of every visit, which measures idle use. CPU per request is what a load adds to it. 0s: no window, and no such metric.',
        ['10s'],
      ),
    ),
  minEffect: share
    .prefault(DEFAULTS.minEffect)
    .meta(
      about('Least effect', 'Smaller differences from the baseline are called not relevant, even if they are certain.'),
    ),
  arms: z
    .array(z.union([bareArm, armSchema]))
    .min(1)
    .max(50)
    .meta(
      about(
        'Arms',
        'What is compared. The first arm is the baseline; two equal arms with different names are an A/A pair.',
      ),
    ),
  generators: generators.meta(
    about(
      'Generators',
      'Load generators, each a pod, that share rate and connections of every load; for platforms with clusters, and simulated. Default: 1.',
      [4],
    ),
  ),
  loads: z.array(loadSchema).min(1).max(100).meta(about('Loads', 'The loads on each arm in each block.')),
  workload: workloadSchema
    .optional()
    .meta(about('Workload', 'An application of your own in place of the echo server; for platforms with clusters.')),
  simulation: simulationSchema
    .prefault({})
    .meta(about('Simulation', 'True effects and noise of the simulated platform; other platforms ignore it.')),
  gate: gateSchema.optional().meta(about('Gate', 'Limits of `meshbench gate`: references, margins, budgets, waivers.')),
  claims: claimsSchema
    .optional()
    .meta(about('Claims', 'Claims of others about these arms and loads, which `meshbench claims` judges.')),
})

/** The schema of scenario files for editors, in draft 7, which all editors support. */
export function scenarioJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(scenarioSchema, { io: 'input', target: 'draft-07' })
  // A refinement is a function, which no schema in JSON has.
  const loads = (schema as unknown as LoadsOfSchema).properties.loads.items
  const { properties } = loads
  loads.anyOf = (['rate', 'shape', 'capacity'] as const).map((key) => ({
    properties: { [key]: properties[key] },
    required: [key],
  }))
  return {
    $schema,
    title: 'meshbench scenario',
    description: 'A scenario: arms, loads and repetitions. Generated by `npm run schema`.',
    ...schema,
  }
}

interface LoadsOfSchema {
  readonly properties: {
    readonly loads: {
      readonly items: { readonly properties: Readonly<Record<string, unknown>>; anyOf?: readonly object[] }
    }
  }
}
