import { formatDuration, formatLatency, formatNumber, formatShare } from '../../model/units.ts'
import { count } from '../../model/words.ts'
import type { TrialView } from '../trial-view.ts'
import { invalid, type Objection, type Rule, warning } from './rule.ts'

const REOPENED = 0.001
const WORST = 3
/** Servers close connections that are idle for this long. */
const IDLE = 30

const EFFECT = 'Latencies include new connections and their handshakes.'
const REMEDY = 'Find what closes the connections: a limit on requests, an idle time-out, or errors.'

export const keepAliveBroken: Rule = {
  name: 'keep-alive-broken',
  title: 'Connections stayed open',
  problem: 'Connections were closed',
  findsDisturbance: true,
  findsOverload: true,
  ofEach: true,
  judge: (trial) => idle(trial) ?? reopened(trial) ?? connecting(trial),
}

function idle({ load }: TrialView): Objection | undefined {
  if (load.rate === 'max' || load.connections / load.rate <= IDLE) return undefined
  return invalid(
    `With ${count(load.connections, 'connection')}, a connection carries one request in ${formatDuration(load.connections / load.rate)}.`,
    `Servers close connections that are idle this long. ${EFFECT}`,
    'Use fewer connections or a higher rate.',
  )
}

function reopened({ reading }: TrialView): Objection | undefined {
  const { sockets, socketsOfWorst = 0, connections, connect, resent = 0 } = reading.generator
  if (sockets === undefined) return undefined
  // Requests that were sent again are judged by the rule `errors`.
  const again = sockets - connections - reading.errors - resent
  const took = () => (connect === undefined ? '' : ` Connecting took ${formatLatency(connect)} on average.`)
  if (again / reading.requests > REOPENED) {
    return warning(
      `Connections were opened again ${count(again, 'time')} (${formatShare(again / reading.requests)} of the requests).${took()}`,
      EFFECT,
      REMEDY,
    )
  }
  if (socketsOfWorst <= WORST * Math.max(1, sockets / connections)) return undefined
  return warning(
    `One connection used ${count(socketsOfWorst, 'socket')}; the average is ${formatNumber(sockets / connections)}.${took()}`,
    EFFECT,
    REMEDY,
  )
}

function connecting({ reading }: TrialView): Objection | undefined {
  const { connectingP95 = 0 } = reading.generator
  if (connectingP95 === 0) return undefined
  return warning(
    `At least 5 % of the requests opened a connection (p95 of connecting: ${formatLatency(connectingP95)}).`,
    EFFECT,
    REMEDY,
  )
}
