import { loads as tools } from '../loads/index.ts'
import type { LoadToolName } from '../model/traits.ts'
import { TOOL_TRAITS } from '../model/traits.ts'
import { formatLatency, formatNumber, formatRate } from '../model/units.ts'
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

/** An open loop whose rate, connections and duration are all known. */
interface OpenLoop extends Pick<DraftLoad, 'at'> {
  readonly tool: LoadToolName
  readonly rate: number
  readonly connections: number
  readonly duration: number
}

function openLoops({ loads }: Draft): OpenLoop[] {
  return loads.flatMap(({ load: { tool, rate, connections, duration }, at }) =>
    tool && typeof rate === 'number' && connections && duration ? [{ tool, rate, connections, duration, at }] : [],
  )
}

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
  everyConnectionIsUsed,
  connectionsStayOpen,
  openLoopIsPossible,
]
