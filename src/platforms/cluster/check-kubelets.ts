import type { Cluster } from '../../kubernetes/cluster.ts'
import { Failure } from '../../model/failure.ts'
import type { Plan } from '../../model/plan.ts'
import type { Finding } from '../../model/platform.ts'
import { formatDuration, formatShare, type Seconds } from '../../model/units.ts'
import { PRECISION } from '../../model/usage.ts'
import { list } from '../../model/words.ts'
import { ok } from '../findings.ts'
import { parseCadvisor } from '../in-cluster/kubelet/cadvisor.ts'
import { cadvisorPath } from '../in-cluster/kubelet/kubelet-meter.ts'
import { hasAgents } from './cluster-testbed.ts'

/** The longest that a reading of a kubelet is away from one end of a window: its timer of 15 s, and as much again by chance. */
const APART: Seconds = 30
/**
 * What the idle CPU of proxies varies by, as a share of what they use under load. An Istio sidecar used 0.0017 core idle and 0.075 core
 * at 200 requests per second (2.2 %), measured on two busy cores; at higher rates it is less.
 */
const IDLE = 0.05

/** The window in which the error stays below `PRECISION`: doubt of idle × outside ÷ (CPU under load × window). */
const ENOUGH: Seconds = Math.ceil((IDLE * 2 * APART) / PRECISION)

/** Whether windows are long enough for the counters of kubelets; nothing where agents read. By the plan alone. */
export function windowsFindings({ scenario }: Plan): Finding[] {
  if (hasAgents(scenario)) return []
  const short = scenario.loads.filter(({ duration }) => duration < ENOUGH)
  if (short.length === 0) return []
  const names = short.map(({ name, duration }) => `${name} (${formatDuration(duration)})`)
  return [
    {
      severity: 'warning',
      message: `windows are short for the counters of kubelets: ${list(names)}`,
      cause: `A kubelet reads each container every 10 to 30 s, so up to ${formatDuration(2 * APART)} outside of a window have to be taken off. In windows of ${formatDuration(ENOUGH)} the error of CPU stays below ${formatShare(PRECISION)} where the idle CPU of a proxy varies by less than ${formatShare(IDLE)} of what it uses under load.`,
      remedy: `Use \`duration: ${ENOUGH}s\` or more, or \`usage: agent\`. Each trial states its own error, and which window would do.`,
    },
  ]
}

/** Whether the kubelets of these nodes show what is needed, and how old it is. */
export async function kubeletFindings(
  cluster: Cluster,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Finding[]> {
  const asked = names.map(async (name): Promise<Seconds> => {
    const { now, cgroups } = parseCadvisor(await cluster.get(cadvisorPath(name), signal), name)
    return now - Math.min(...[...cgroups.values()].map(({ at }) => at))
  })
  try {
    const oldest = Math.max(...(await Promise.all(asked)))
    const message = `the kubelets of ${list(names)} show CPU and memory; their oldest counters are ${formatDuration(Math.round(oldest))} old`
    return [ok(message)]
  } catch (error) {
    signal.throwIfAborted()
    return [Failure.from(error).toFinding()]
  }
}
