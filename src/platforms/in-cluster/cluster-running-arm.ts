import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningArm } from '../../model/platform.ts'
import { nodeMeter, openWindow, type RunningArmOptions } from './cluster-window.ts'
import { clientPods } from './generators/client-pods.ts'
import { CLIENT, execute } from './generators/execute.ts'
import { clusterGenerators } from './generators/generators.ts'
import { kubeletMeter } from './kubelet/kubelet-meter.ts'
import { entranceOf } from './own-application.ts'
import { openProbeSite } from './probing/probe-site.ts'
import { targetOf } from './workload.ts'

/** Where client and its helper share a folder. */
const DIR = '/files'

export function makeRunningArm(options: RunningArmOptions): RunningArm {
  const { cluster, of, onNode } = options.arm
  const meter = onNode ? nodeMeter(options, onNode) : kubeletMeter(options)
  const { namespace } = of.about
  const { application } = of
  const clients = clientPods(options.pods, namespace)
  // What is asked is known before its window opens.
  let asked: string | undefined
  return {
    dir: DIR,
    target: (load) => {
      asked = load.service
      return application ? entranceOf(application, namespace, load) : targetOf(load.protocol, namespace)
    },
    wait: async (seconds, signal) => void (await sleep(seconds * 1000, undefined, { signal })),
    ...(clients.length > 1 && { generators: clusterGenerators(cluster, namespace, clients) }),
    exec: (command, signal) => execute(cluster, namespace, command, signal, clients[0]?.pod ?? CLIENT),
    observe: () => openWindow(options, meter, asked),
    ...(application ? {} : { probeSite: (signal) => openProbeSite(options.arm, signal) }),
  }
}
