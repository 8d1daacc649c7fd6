import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../../kubernetes/cluster.ts'
import { podFacts } from '../../kubernetes/pod-facts.ts'
import { Failure } from '../../model/failure.ts'
import type { PodFact, Readiness } from '../../model/mesh.ts'
import type { Seat, Step } from '../../model/platform.ts'
import type { Load } from '../../model/scenario.ts'
import type { Seconds } from '../../model/units.ts'
import type { Evidence } from '../../model/usage.ts'
import { PATIENCE } from './arm.ts'
import { partOf } from './cluster/nodes.ts'
import { isFrozen, thaw } from './freeze.ts'
import type { Ground } from './ground.ts'
import { factsOf } from './seat/facts.ts'
import { makeSeat } from './seat/seat.ts'
import type { Standing } from './standing.ts'
import { LANES, lanesOf, refuseLane, targetOf } from './workload/lanes.ts'
import { workloadFor } from './workload/objects.ts'
import { makePods, podsOf } from './workload/pods.ts'

/** For an answer through the whole path once everything is ready. */
const ANSWER: Seconds = 30

/** Thaws, makes client and server anew, and waits until nodes, mesh and workload are ready and a real request is answered. */
export async function* raiseOn(standing: Standing, ground: Ground, signal: AbortSignal): AsyncGenerator<Step, Seat> {
  const { of, cluster } = standing
  const { loads } = ground.plan.scenario
  const { arm, kubernetes, about } = of
  for (const load of loads) refuseLane(load, { name: arm.name, mesh: arm.mesh, carries: kubernetes.protocols })
  if (await isFrozen(standing, ground)) yield { title: 'thawing' }
  await thaw(standing, ground)
  yield { title: 'making client and server anew' }
  const enrolment = kubernetes.enrol(about)
  const { pods } = workloadFor({ arm, loads, images: ground.site.images, enrolment, run: ground.run })
  await makePods(cluster, pods, arm, signal)
  await cluster.untilReady([...podsOf(arm), ...lastingOf(standing)], PATIENCE, signal)
  yield { title: 'waiting for an answer through the whole path' }
  for (const protocol of lanesOf(loads)) await untilAnswered(cluster, protocol, signal)
  const seen = await seenPods(standing, signal)
  const facts = await factsOf(standing, ground, seen, signal)
  refuseStrangers(facts, arm.name)
  return makeSeat({ standing, ground, pods: seen, facts })
}

/** A webhook that fails open, a label that is gone: such pods would measure no mesh under its name. */
function refuseStrangers(facts: readonly Evidence[], arm: string): void {
  const stranger = facts.find(({ name, holds }) => name === 'enrolled' && holds === false)
  if (!stranger) return
  throw new Failure('not-enrolled', `client and server of arm ${arm} are not what its mesh makes of them`, {
    cause: stranger.seen,
    fix: "Look at the mesh's control plane and its webhook: raise the arm alone with --keep, then use kubectl.",
  })
}

/** What has been ready since the cluster was made, and must be so again after a thaw. */
function lastingOf({ of: { kubernetes, about }, nodes }: Pick<Standing, 'of' | 'nodes'>): readonly Readiness[] {
  const installed = kubernetes.install(about).flatMap((step) => (step.do === 'wait' ? step.until : []))
  const alive = Object.values(nodes).map((name) => ({ kind: 'Node', namespace: '', name }) as const)
  return [...alive, ...installed, ...kubernetes.enrol(about).until]
}

/** Pods of the workload and of the mesh, as they are now. */
async function seenPods({ cluster, name }: Standing, signal: AbortSignal): Promise<PodFact[]> {
  const pods = await cluster.pods(undefined, undefined, signal)
  return podFacts(pods, (node) => partOf(name, node) ?? 'control')
}

/** One request, by the load generator itself: what it cannot do now no load can. */
async function untilAnswered(cluster: Cluster, protocol: Load['protocol'], signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + ANSWER * 1000
  const flags = ['-c', '1', '-n', '1', '-qps', '0', '-timeout', '5s', '-quiet', '-log-errors=false', '-json', '-']
  const command = ['fortio', 'load', ...flags, ...LANES[protocol].ask, targetOf(protocol)]
  for (;;) {
    const reason = await ask(cluster, command, signal)
    if (reason === undefined) return
    if (performance.now() > deadline) {
      throw new Failure('no-answer', `no answer to a ${protocol} request to ${targetOf(protocol)} within ${ANSWER} s`, {
        cause: reason,
        fix: 'Client, server and mesh say that they are ready, so look at what is between them: run the arm alone with --keep, then use kubectl.',
      })
    }
    await sleep(100, undefined, { signal })
  }
}

const GOOD = /"RetCodes":\s*\{\s*"(200|SERVING|OK)":\s*1\s*\}/

/** Why there was no answer; undefined when there was one. Just after a thaw an exec may break, which is no answer either. */
async function ask(cluster: Cluster, command: readonly string[], signal: AbortSignal): Promise<string | undefined> {
  try {
    const { exitCode, stdout, stderr } = await cluster.exec(
      { namespace: 'bench', pod: 'client', container: 'fortio', command },
      AbortSignal.any([signal, AbortSignal.timeout(15_000)]),
    )
    if (exitCode === 0 && GOOD.test(stdout)) return undefined
    const codes = /"RetCodes":\s*\{[^}]*\}/.exec(stdout)?.[0]
    return codes ?? (stderr.trim().split('\n').at(-1) || `exit code ${exitCode}`)
  } catch (error) {
    signal.throwIfAborted()
    return Failure.from(error).message
  }
}
