import { makeScratch, type Scratch } from '../../host/scratch.ts'
import { meshes } from '../../meshes/index.ts'
import { settingsOf } from '../../meshes/settings.ts'
import { Failure } from '../../model/failure.ts'
import type { ProcessMesh, ProcessProxy, Settings } from '../../model/mesh.ts'
import type { Plan } from '../../model/plan.ts'
import type { RunningArm, Step, Testbed } from '../../model/platform.ts'
import type { Arm } from '../../model/scenario.ts'
import type { Program, ProgramName } from '../../model/site.ts'
import { APPLICATION } from '../../model/traits.ts'
import type { Evidence } from '../../model/usage.ts'
import { type Endpoints, endpointsFor, issueCertificates, type Link, startChain } from './chain.ts'
import { refuseOtherVersion } from './check-local.ts'
import type { Credentials } from './envoy/envoy-parts.ts'
import { directEvidence, untilAnswered } from './local-answers.ts'
import { makeRunningArm } from './local-running-arm.ts'
import { type Server, startServer } from './local-server.ts'
import { type Affinity, cpusOfProxy, hostAffinity } from './pin.ts'
import { type Child, firstDeath } from './processes-of-arm.ts'

interface TestbedOptions {
  readonly plan: Plan
  readonly run: string
  program(name: ProgramName): Promise<Program>
}

/** What the arms of a testbed have in common. */
interface RunContext extends TestbedOptions {
  readonly scratch: Scratch
  readonly credentials: ReadonlyMap<string, Credentials>
}

/** Seconds until an arm must answer its first request. */
const PATIENCE = 10

export async function makeTestbed(options: TestbedOptions): Promise<Testbed> {
  const scratch = await makeScratch(options.run)
  try {
    const credentials = await credentialsFor(options.plan, await scratch.folder('certificates'))
    return holdTestbed({ ...options, scratch, credentials })
  } catch (error) {
    await scratch.remove()
    throw error
  }
}

async function credentialsFor(plan: Plan, dir: string): Promise<ReadonlyMap<string, Credentials>> {
  const proxies = plan.scenario.arms.flatMap((arm) => meshes[arm.mesh]?.processes?.proxies ?? [])
  const identities = [...new Set(proxies.map(({ identity }) => identity))]
  return identities.length === 0 ? new Map() : await issueCertificates(identities, dir)
}

/** Processes by arm: every visit starts fresh ones, and the end of a visit leaves none. */
function holdTestbed(context: RunContext): Testbed {
  const running = new Map<string, Child[]>()
  let visits = 0
  const lower = async (arm: Pick<Arm, 'name'>) => {
    const children = running.get(arm.name) ?? []
    const stopped = await Promise.allSettled(children.map((child) => child.stop()))
    const failed = stopped.find((outcome) => outcome.status === 'rejected')
    if (failed) throw failed.reason
    running.delete(arm.name)
  }
  return {
    async *raise(arm, signal) {
      await lower(arm)
      const children: Child[] = []
      running.set(arm.name, children)
      try {
        return yield* raise(context, visitOf(context, { arm, children, number: ++visits }), signal)
      } catch (error) {
        await lower(arm)
        throw error
      }
    },
    lower,
    async [Symbol.asyncDispose]() {
      const lowered = await Promise.allSettled([...running.keys()].map((name) => lower({ name })))
      await context.scratch.remove()
      const failed = lowered.find((outcome) => outcome.status === 'rejected')
      if (failed) throw failed.reason
    },
  }
}

function visitOf(
  { plan, scratch }: RunContext,
  { arm, children, number }: { arm: Arm; children: Child[]; number: number },
): Visit {
  const { mesh, processes } = meshOf(arm)
  const path = process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin'
  return {
    ...{ arm, children, processes },
    settings: settingsOf(mesh, plan.scenario.profile, arm),
    affinity: hostAffinity(),
    env: { ...scratch.stamps, PATH: path, HOME: scratch.dir, TMPDIR: scratch.dir },
    folder: (name) => scratch.folder(`${number}`, name),
  }
}

/** One raising of an arm. */
interface Visit {
  readonly arm: Arm
  /** Gets every process as soon as it runs. */
  readonly children: Child[]
  readonly processes: ProcessMesh
  readonly settings: Settings
  readonly affinity: Affinity
  readonly env: Readonly<Record<string, string>>
  /** A folder for one process. */
  folder(name: string): Promise<string>
}

async function* raise(context: RunContext, visit: Visit, signal: AbortSignal): AsyncGenerator<Step, RunningArm> {
  const { arm, children, processes, settings, affinity, env } = visit
  yield { title: 'starting the server' }
  const server = await startServerOf(context, visit, signal)
  children.push(server.child)
  const links: Link[] = []
  const entry = yield* startProxies(context, visit, { application: server.addresses, links }, signal)
  yield { title: 'waiting for an answer through the whole chain' }
  const broken = firstDeath(children)
  const alive = AbortSignal.any([signal, broken])
  for (const [endpoint, address] of entry) await untilAnswered(endpoint, address, PATIENCE, alive)
  const facts: Evidence[] = [
    ...(links.length === 0 ? directEvidence(server.child, entry) : []),
    { name: 'affinity', seen: affinity.seen, source: '/proc/self/status' },
    { name: 'memory', seen: sharing(links.length), source: '/proc/PID/smaps_rollup' },
  ]
  return makeRunningArm({
    ...{ arm, processes, settings, links, broken, entry, env, facts },
    server: server.child,
    dir: await visit.folder('generator'),
    sets: affinity.sets,
    program: async (name) => (await context.program(name)).path,
  })
}

async function startServerOf(context: RunContext, visit: Visit, signal: AbortSignal): Promise<Server> {
  const { arm, processes, env, affinity } = visit
  return await startServer(
    {
      program: (await context.program(APPLICATION)).path,
      endpoints: endpointsFor(context.plan.scenario.loads, processes.protocols),
      delay: arm.inject?.delay ?? 0,
      env,
      dir: await visit.folder('server'),
      cpus: affinity.sets?.server,
    },
    signal,
  )
}

/** Starts what stands before the application, and fills `links`; the answer is where the generator is pointed at. */
async function* startProxies(
  context: RunContext,
  { arm, children, processes, settings, affinity, env, folder }: Visit,
  { application, links }: { application: Endpoints; links: Link[] },
  signal: AbortSignal,
): AsyncGenerator<Step, Endpoints> {
  if (processes.proxies.length === 0) return application
  const envoy = await context.program('envoy')
  refuseOtherVersion(arm, envoy)
  const cpus = (proxy: ProcessProxy) => cpusOfProxy(affinity.sets, proxy)
  const chain = { processes, settings, application, program: envoy.path, credentials: context.credentials }
  const starting = startChain({ ...chain, env, folder, cpus }, signal)
  let step = await starting.next()
  while (!step.done) {
    children.push(step.value.envoy.child)
    links.unshift(step.value)
    yield { title: `${step.value.proxy.name} is up` }
    step = await starting.next()
  }
  return step.value
}

function sharing(proxies: number): string {
  const shared = "each process's proportional share"
  return proxies < 2 ? shared : `${shared}: pages of the program that all ${proxies} proxies run are divided among them`
}

function meshOf(arm: Arm) {
  const mesh = meshes[arm.mesh]
  if (mesh?.processes) return { mesh, processes: mesh.processes }
  const known = Object.values(meshes).filter(({ processes }) => processes)
  throw new Failure('unsupported', `arm ${arm.name}: ${arm.mesh} cannot be built from processes on one host`, {
    remedy: `Use platform kind for it, or one of: ${known.map(({ name }) => name).join(', ')}.`,
  })
}
