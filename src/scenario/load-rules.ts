import { loads as tools } from '../loads/index.ts'
import type { Capacity } from '../model/scenario.ts'
import type { LoadToolName } from '../model/traits.ts'
import { TOOL_TRAITS } from '../model/traits.ts'
import { formatDuration, formatLatency, formatNumber, formatRate, formatShare, formatSize } from '../model/units.ts'
import { type Finding, shown } from '../yaml/yaml-finding.ts'
import { type Draft, type DraftLoad, MAX_LOADS, type Rule, repeated } from './draft.ts'

/** fortio's server closes a connection that is idle for longer (`-server-idle-timeout`). */
const IDLE_SECONDS = 30

/** Seconds. Requests over loopback are not faster than this on known machines. */
const FASTEST_SECONDS = 0.00005

const loadNamesAreUnique: Rule = ({ loads }) =>
  repeated(loads.map(({ load, at }) => ({ name: load.name, path: at('name') }))).map(({ name, path }) => ({
    path,
    message: `two loads are called ${shown(name)}`,
    remedy: 'Give one of them another name, or remove a value that a list repeats.',
  }))

const loadsAreFew: Rule = ({ loads }) =>
  loads.length <= MAX_LOADS
    ? []
    : [
        {
          path: ['loads'],
          message: `the lists multiply to more than ${MAX_LOADS} loads`,
          remedy: 'Shorten the lists, or spread them over several scenarios.',
        },
      ]

const toolsSpeakTheProtocol: Rule = ({ loads }) =>
  loads.flatMap(({ load: { tool, protocol }, at }) => {
    if (!tool || !protocol || tools[tool].protocols.includes(protocol)) return []
    return [
      {
        path: at('protocol'),
        message: `${tool} does not support ${protocol}`,
        remedy: `Use fortio, or a protocol that ${tool} supports: ${tools[tool].protocols.join(', ')}.`,
      },
    ]
  })

const toolsTakeTheScript: Rule = ({ loads }) =>
  loads.flatMap(({ load: { tool, script }, at }) => {
    if (!tool || script === undefined || tools[tool].scripts) return []
    const able = Object.values(tools).filter(({ scripts }) => scripts)
    return [
      {
        path: at('script'),
        message: `${tool} runs no scripts`,
        remedy: `Write tool: ${able.map(({ name }) => name).join(' or ')}.`,
        atKey: true,
      },
    ]
  })

/** With a shape of its own the rate is `max`, whatever is written: that is refused where the file is read. */
const shapesAreOfScripts: Rule = ({ loads }) =>
  loads.flatMap(({ load: { script, shape }, at }) =>
    shape === undefined || script !== undefined
      ? []
      : [
          {
            path: at('shape'),
            message: `shape: ${shape} is that of a script, and the load has none`,
            remedy: 'Add the key script, or remove shape.',
            atKey: true,
          },
        ],
  )

const tcpHasAPayload: Rule = ({ loads }) =>
  loads.flatMap(({ load: { protocol, payload }, at }) =>
    protocol === 'tcp' && payload === 0
      ? [
          {
            path: at('payload'),
            message: 'tcp needs a payload',
            remedy: 'Write 1B or more.',
          },
        ]
      : [],
  )

const payloadsAreTaken: Rule = ({ loads }) =>
  loads.flatMap(({ load: { tool, protocol, payload }, at }) => {
    const limit = tool && protocol && tools[tool].payloadLimits?.[protocol]
    if (!limit || payload === undefined || payload <= limit.most) return []
    return [
      {
        path: at('payload'),
        message: `${formatSize(payload)} is more than ${tool} can send by ${protocol}: ${limit.because}`,
        remedy: `Write ${limit.most / 1024}KiB or less, or use another protocol.`,
      },
    ]
  })

/** Bytes of bodies that a load generator is to hold at most. */
const MOST_HELD = 1024 ** 3

/** A generator that swaps, or is killed, measures itself. */
const bodiesFitTheMemory: Rule = ({ loads }) =>
  loads.flatMap(({ load: { connections, payload }, at }) => {
    if (connections === undefined || payload === undefined || connections * payload <= MOST_HELD) return []
    return [
      {
        path: at('payload'),
        message: `${counted(connections)} with a payload of ${formatSize(payload)} each are ${formatSize(connections * payload)} of bodies, more than the ${formatSize(MOST_HELD)} that a load generator is to hold`,
        remedy: `Use a smaller payload, or ${Math.floor(MOST_HELD / payload)} connections at most.`,
      },
    ]
  })

/** An open loop whose rate, connections and duration are all known. */
interface OpenLoop extends Pick<DraftLoad, 'at'> {
  readonly tool: LoadToolName
  readonly rate: number
  readonly connections: number
  readonly duration: number
}

/** Of a search its lowest rate, at which there is the least for each connection. */
function openLoops({ loads }: Draft): OpenLoop[] {
  return loads.flatMap(({ load: { tool, rate, connections, duration, capacity }, at }) =>
    tool && typeof rate === 'number' && connections && duration
      ? [{ tool, rate: capacity?.min ?? rate, connections, duration, at }]
      : [],
  )
}

/** A range that has rates in it, and a goal that can be told from the next. */
const capacityCanBeSearched: Rule = ({ loads }) =>
  loads.flatMap(({ load: { capacity, protocol, script, warmup = 0, duration = 0 }, path }): Finding[] => {
    if (!capacity) return []
    const { min, max, width, budget } = capacity
    const at = (key: keyof Capacity) => [...path, 'capacity', key]
    const findings: Finding[] = []
    if (min !== undefined && max !== undefined && width !== undefined && max < min * (1 + width) ** 2) {
      findings.push({
        path: at('max'),
        message: `between ${formatRate(min)} and ${formatRate(max)} there is nothing to search`,
        remedy: `Write a max of ${formatRate(Math.ceil(min * 2))} or more, or a lower min.`,
      })
    }
    if (width !== undefined && (width < LEAST_WIDTH || width > MOST_WIDTH)) {
      findings.push({
        path: at('width'),
        message: `a width of ${formatShare(width)} is not from ${formatShare(LEAST_WIDTH)} to ${formatShare(MOST_WIDTH)}`,
        remedy: 'Write "5%": closer bounds cost more trials than blocks, and scatter between blocks is larger.',
      })
    }
    if (budget !== undefined && budget < 4 * (warmup + duration)) {
      findings.push({
        path: at('budget'),
        message: `a budget of ${formatDuration(budget)} is too small for a search with trials of ${formatDuration(duration)} after ${formatDuration(warmup)}`,
        remedy: `Write ${formatDuration(Math.ceil(10 * (warmup + duration)))}, or a shorter duration.`,
      })
    }
    if (script !== undefined) {
      findings.push({
        path: [...path, 'capacity'],
        message: 'capacity is not searched with a script',
        remedy: 'Write a rate: what an iteration of a script sends is up to the script.',
      })
    }
    if (protocol !== undefined && protocol === 'tcp') {
      findings.push({
        path: [...path, 'protocol'],
        message: 'capacity is not searched for tcp',
        remedy: 'Use http, http2 or grpc, whose requests have answers to be late.',
      })
    }
    return findings
  })

/** A run either searches capacities or measures at rates: its page, its table and its time are of one kind. The gate judges rates. */
const searchesStandAlone: Rule = ({ loads, sketch }) => {
  const rated = loads.find(({ load }) => load.rate !== undefined && !load.capacity)
  const searched = loads.find(({ load }) => load.capacity)
  const operated = loads.find(({ load }) => load.operation !== undefined)
  if (operated && sketch.gate) {
    return [
      {
        path: ['gate'],
        message: 'the gate does not judge what an operation brings about',
        remedy: 'Remove `gate`, or the operations.',
      },
    ]
  }
  if (operated && loads.some(({ load }) => load.operation === undefined)) {
    return [
      {
        path: operated.path,
        message: 'a scenario either has operations in all of its loads or in none: they change what the server is',
        remedy: 'Move the loads with an operation to a scenario of their own.',
      },
    ]
  }
  if (searched && sketch.gate) {
    return [
      {
        path: ['gate'],
        message: 'the gate does not judge capacities',
        remedy: 'Remove `gate`, or measure at a rate that all arms carry.',
      },
    ]
  }
  if (!rated || !searched) return []
  return [
    {
      path: searched.path,
      message: 'a scenario either searches capacities or measures at rates',
      remedy: 'Move the loads with a capacity to a scenario of their own.',
    },
  ]
}

const LEAST_WIDTH = 0.01
const MOST_WIDTH = 0.5

/** A tool silently leaves connections unused if there are too few requests for them. */
const everyConnectionIsUsed: Rule = (draft) =>
  openLoops(draft).flatMap(({ tool, rate, connections, duration, at }): Finding[] => {
    const requests = Math.floor(rate * duration + 1e-9)
    const most = Math.floor(requests / TOOL_TRAITS[tool].requestsPerConnection)
    if (connections <= most) return []
    const sent = `${formatNumber(requests, 6)} requests (${formatRate(rate)} for ${formatNumber(duration)} s)`
    const fewer = most > 0 ? `Use no more connections than ${most}, a` : 'Use a'
    return [
      {
        path: at('connections'),
        message: `${sent} are too few for ${counted(connections)}: ${tool} would use ${most}`,
        remedy: `${fewer} higher rate or a longer duration.`,
      },
    ]
  })

/** Each load generator has connections of its own, and every connection as much to send as the others. */
const generatorsHaveConnections: Rule = ({ loads }) =>
  loads.flatMap(({ load: { generators = 1, connections, tool, shape }, at }): Finding[] => {
    if (connections === undefined) return []
    if (connections < generators) {
      return [
        {
          path: at('connections'),
          message: `${counted(connections)} cannot be shared by ${generators} load generators`,
          remedy: `Use ${generators} connections or more, or fewer generators.`,
        },
      ]
    }
    const isEven = connections % generators === 0 || shape !== undefined
    if (!tool || isEven || !TOOL_TRAITS[tool].sharesEvenly) return []
    const below = connections - (connections % generators)
    return [
      {
        path: at('connections'),
        message: `${counted(connections)} are no multiple of ${generators} load generators, and ${tool} shares its rate by connections`,
        remedy: `Use ${below} or ${below + generators} connections.`,
      },
    ]
  })

const connectionsStayOpen: Rule = (draft) =>
  openLoops(draft).flatMap(({ rate, connections, at }) => {
    const idle = connections / rate
    if (idle <= IDLE_SECONDS) return []
    const most = Math.floor(rate * IDLE_SECONDS)
    return [
      {
        path: at('connections'),
        message: `connections would be idle for ${formatLatency(idle)} between requests, and servers close them after ${IDLE_SECONDS} s`,
        remedy: `Use ${most > 0 ? `no more connections than ${most}, or ` : ''}a rate of ${formatRate(connections / IDLE_SECONDS)} or more.`,
      },
    ]
  })

/** Only for tools that do not add connections: the others report what they could not send. */
const openLoopIsPossible: Rule = (draft) => {
  const delays = draft.arms.map(({ arm }) => ({ name: arm.name, delay: arm.inject?.delay ?? 0 }))
  const slowest = delays.reduce((a, b) => (b.delay > a.delay ? b : a), { name: undefined, delay: 0 })
  return openLoops(draft).flatMap(({ tool, rate, connections, at }) => {
    const needed = slowest.delay + FASTEST_SECONDS
    if (TOOL_TRAITS[tool].addsConnections || connections / rate >= needed) return []
    const cause =
      slowest.delay > 0 ? `arm ${slowest.name} delays it by ${formatLatency(slowest.delay)}` : 'none is that fast'
    return [
      {
        path: at('connections'),
        message: `${counted(connections)} at ${formatRate(rate)} leave ${formatLatency(connections / rate)} for each request; ${cause}`,
        remedy: `Use ${Math.ceil(rate * needed * 2)} connections or more (twice what it takes), or a lower rate.`,
      },
    ]
  })
}

const counted = (connections: number) => `${connections} ${connections === 1 ? 'connection' : 'connections'}`

export const loadRules: readonly Rule[] = [
  loadNamesAreUnique,
  loadsAreFew,
  toolsSpeakTheProtocol,
  toolsTakeTheScript,
  shapesAreOfScripts,
  tcpHasAPayload,
  payloadsAreTaken,
  bodiesFitTheMemory,
  everyConnectionIsUsed,
  generatorsHaveConnections,
  connectionsStayOpen,
  openLoopIsPossible,
  capacityCanBeSearched,
  searchesStandAlone,
]
