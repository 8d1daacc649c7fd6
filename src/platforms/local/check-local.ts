import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { freemem, tmpdir } from 'node:os'
import { readProc } from '../../host/processes.ts'
import { meshes } from '../../meshes/index.ts'
import { settingsOf } from '../../meshes/settings.ts'
import { Failure } from '../../model/failure.ts'
import type { Plan } from '../../model/plan.ts'
import type { Finding } from '../../model/platform.ts'
import type { Arm, Load } from '../../model/scenario.ts'
import type { Program, ProgramName } from '../../model/site.ts'
import { APPLICATION } from '../../model/traits.ts'
import { formatSize } from '../../model/units.ts'
import { canDelay } from './local-running-arm.ts'
import { allowedCpus } from './pin.ts'
import { parseKilobytes, parseOpenFiles } from './proc.ts'

export type Locate = (name: ProgramName) => Promise<Program | undefined>

/** What a process of ours needs at most when it idles, and what a run writes to the scratch folder; measured, rounded up. */
const MEMORY_PER_PROCESS = 100 * 1024 ** 2
const SCRATCH_SPACE = 500 * 1000 ** 2

/** Programs that a plan needs: Envoy and k6 only where something uses them. */
export function programsFor({ scenario }: Plan): ProgramName[] {
  const proxies = scenario.arms.some((arm) => (meshes[arm.mesh]?.processes?.proxies.length ?? 0) > 0)
  const tools = scenario.loads.map(({ tool }) => tool)
  return [...new Set<ProgramName>([APPLICATION, ...(proxies ? (['envoy'] as const) : []), ...tools])]
}

export async function checkPlan(plan: Plan, locate: Locate, os: NodeJS.Platform): Promise<Finding[]> {
  if (os !== 'linux') {
    return [
      {
        severity: 'error',
        message: `the local platform measures processes through /proc, which ${os} does not have`,
        remedy: 'Use `--platform kind`, or run meshbench on Linux.',
      },
    ]
  }
  const programs = await Promise.all(programsFor(plan).map((name) => lookFor(name, locate)))
  const envoy = programs.find(({ name }) => name === 'envoy')?.found
  return [
    ...programs.map(({ finding }) => finding),
    ...plan.scenario.arms.flatMap((arm) => armFindings(plan, arm, envoy)),
    coresFinding(allowedCpus().length),
    memoryFinding(plan),
    filesFinding(plan),
    await scratchFinding(),
  ]
}

interface Looked {
  readonly name: ProgramName
  readonly found?: Program
  readonly finding: Finding
}

async function lookFor(name: ProgramName, locate: Locate): Promise<Looked> {
  try {
    const found = await locate(name)
    if (!found)
      return { name, finding: { severity: 'ok', message: `${name} is not on this machine and will be downloaded` } }
    const message = `${name} ${found.provenance.version} (${found.provenance.origin}: ${found.path})`
    return { name, found, finding: { severity: 'ok', message } }
  } catch (error) {
    return { name, finding: Failure.from(error).toFinding() }
  }
}

/** Everything about one arm that is known to fail: said before the run instead of in each of its trials. */
function armFindings({ scenario }: Plan, arm: Arm, envoy: Program | undefined): Finding[] {
  const mesh = meshes[arm.mesh]
  if (!mesh?.processes) {
    return [
      error(`arm ${arm.name}: ${arm.mesh} cannot be built from processes on one host`, 'Use `--platform kind` for it.'),
    ]
  }
  const { protocols, proxies } = mesh.processes
  const refused = (load: Load) => !protocols.includes(load.protocol)
  const undelayed = (load: Load) => arm.inject !== undefined && !refused(load) && !canDelay(load)
  return [
    ...failureOf(() => settingsOf(mesh, scenario.profile, arm)),
    ...failureOf(() => envoy && proxies.length > 0 && refuseOtherVersion(arm, envoy)),
    ...(arm.version !== undefined && proxies.length === 0
      ? [error(`arm ${arm.name} names a version, but ${arm.mesh} has none`, 'Remove `version`.')]
      : []),
    ...scenario.loads
      .filter(refused)
      .map((load) =>
        error(
          `arm ${arm.name}: ${arm.mesh} does not carry ${load.protocol} (load ${load.name})`,
          `It carries: ${protocols.join(', ')}.`,
        ),
      ),
    ...scenario.loads
      .filter(undelayed)
      .map((load) =>
        error(
          `arm ${arm.name}: no delay can be injected into ${load.protocol} (load ${load.name})`,
          'Use http or http2.',
        ),
      ),
  ]
}

function error(message: string, remedy: string): Finding {
  return { severity: 'error', message, remedy }
}

function failureOf(attempt: () => unknown): Finding[] {
  try {
    attempt()
    return []
  } catch (thrown) {
    return [Failure.from(thrown).toFinding()]
  }
}

export function coresFinding(cores: number): Finding {
  if (cores >= 4)
    return { severity: 'ok', message: `${cores} cores: generator, client side and server side get their own` }
  return {
    severity: 'warning',
    message: `${cores === 1 ? '1 core' : `${cores} cores`}: generator, server and proxies share them`,
    cause: 'They compete for CPU, so latencies are higher and scatter more than on separate machines.',
    remedy:
      'Compare arms only with each other, at rates well below saturation; use at least 4 cores for figures to publish.',
  }
}

function memoryFinding({ scenario }: Plan): Finding {
  const longest = Math.max(0, ...scenario.arms.map((arm) => meshes[arm.mesh]?.processes?.proxies.length ?? 0))
  const needed = (longest + 2) * MEMORY_PER_PROCESS
  const free = parseKilobytes(readProc('meminfo') ?? '', 'MemAvailable') ?? freemem()
  if (free >= needed) return { severity: 'ok', message: `${formatSize(free)} of memory available` }
  return {
    severity: 'warning',
    message: `only ${formatSize(free)} of memory available, and an arm may need ${formatSize(needed)}`,
    cause: 'Trials are invalid if processes are swapped out or killed.',
    remedy: 'Stop other programs that use memory.',
  }
}

/** A proxy holds two files for each connection; the rest is its own. */
function filesFinding({ scenario }: Plan): Finding {
  const connections = Math.max(0, ...scenario.loads.map((load) => load.connections))
  const needed = 2 * connections + 200
  const limit = parseOpenFiles(readProc('self/limits') ?? '')
  if (limit >= needed) return { severity: 'ok', message: `${limit.toLocaleString('en-US')} open files allowed` }
  return {
    severity: 'error',
    message: `only ${limit} open files allowed, and ${connections} connections need ${needed}`,
    remedy: `Run \`ulimit -n ${needed}\` first, or use fewer connections.`,
  }
}

async function scratchFinding(): Promise<Finding> {
  const dir = tmpdir()
  try {
    await access(dir, constants.W_OK)
    const { bavail, bsize } = await statfs(dir)
    const free = bavail * bsize
    if (free >= SCRATCH_SPACE) return { severity: 'ok', message: `${dir}: ${formatSize(free)} free for scratch files` }
    return {
      severity: 'warning',
      message: `${dir} has only ${formatSize(free)} free, and logs of a long load may need ${formatSize(SCRATCH_SPACE)}`,
      remedy: 'Free some space there, or set TMPDIR to another folder.',
    }
  } catch (error) {
    const cause = Failure.from(error).message
    return {
      severity: 'error',
      message: `${dir} cannot be written to`,
      cause,
      remedy: 'Set TMPDIR to a folder that can.',
    }
  }
}

/** One Envoy is resolved for a run; an arm that asks for another must not be measured under a wrong name. */
export function refuseOtherVersion(arm: Arm, envoy: Program): void {
  const resolved = envoy.provenance.version
  if (arm.version === undefined || arm.version.replace(/^v/, '') === resolved.replace(/^v/, '')) return
  throw new Failure('other-version', `arm ${arm.name} asks for Envoy ${arm.version}, and ${resolved} is what is here`, {
    cause: `It is ${envoy.path} (${envoy.provenance.origin}).`,
    remedy: `Leave \`version\` out, or point MESHBENCH_ENVOY at an Envoy ${arm.version}.`,
  })
}
