import { formatRate } from '../../model/units.ts'
import { invalid, type Rule, warning } from './rule.ts'

const EXHAUSTED = /cannot assign requested address|address already in use|too many open files/i

/** Linux has 28,232 ports by default, and each stays occupied for 60 seconds after closing. */
const CONNECTIONS_PER_SECOND = 28_232 / 60

export const ephemeralPorts: Rule = {
  name: 'ephemeral-ports',
  title: 'Ports and file descriptors did not run out',
  problem: 'Ports or file descriptors ran out',
  findsOverload: true,
  ofEach: true,
  judge({ reading }) {
    const message = reading.generator.messages.find((text) => EXHAUSTED.test(text))
    const effect = 'Requests failed or waited for a client port: this is a limit of the machine, not of the arm.'
    const remedy =
      'Keep connections open, widen net.ipv4.ip_local_port_range, or raise the limit of open files (`ulimit -n`).'
    if (message !== undefined) return invalid(`The load generator reported: ${message}.`, effect, remedy)
    const { sockets, connections } = reading.generator
    const opened = sockets === undefined ? 0 : (sockets - connections) / reading.seconds
    if (!(opened > CONNECTIONS_PER_SECOND)) return undefined
    return warning(
      `Connections were opened at ${formatRate(Math.round(opened))}.`,
      `At this rate a client runs out of ports. ${effect}`,
      remedy,
    )
  },
}
