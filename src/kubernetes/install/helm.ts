import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { downloadTrouble } from '../../host/outgoing.ts'
import { Failure } from '../../model/failure.ts'
import type { InstallAbout, Values } from '../../model/mesh.ts'
import type { Chart } from '../../model/site.ts'
import type { Seconds } from '../../model/units.ts'
import { call } from '../../tools/call.ts'
import { again, isPassing } from '../requests.ts'

interface ReleaseName {
  readonly release: string
  readonly namespace: string
  readonly kubeconfigFile: string
}

/**
 * The argument lists of helm, as versions 3.14 and 4 understand them. What a site file names stands behind `--`: helm would
 * otherwise take a chart that is called `--post-renderer=…` for an option, and run what it names.
 */
export const helmArgv = { install, uninstall, pull, show, template }

/** Values come by standard input: a file with a key in it would outlive a process that is killed. */
const FROM_INPUT = ['--values', '-']

interface ReleaseLabels {
  /** On helm's own record of the release. */
  readonly labels?: Readonly<Record<string, string>>
}

/** Without `--wait`: readiness is watched for where it can be explained. */
function install(
  { release, namespace, kubeconfigFile, labels = {} }: ReleaseName & ReleaseLabels,
  chart: Chart,
  version: string | undefined,
): string[] {
  const about = ['--namespace', namespace, '--create-namespace', '--kubeconfig', kubeconfigFile]
  const stamps = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const stamping = stamps.length === 0 ? [] : ['--labels', stamps.join(',')]
  const options = [...sourceArgv(chart, version), ...about, ...stamping, ...FROM_INPUT]
  return ['upgrade', '--install', ...options, '--', release, nameOf(chart)]
}

function uninstall({ release, namespace, kubeconfigFile }: ReleaseName): string[] {
  const options = ['--namespace', namespace, '--kubeconfig', kubeconfigFile, '--ignore-not-found', '--wait']
  return ['uninstall', ...options, '--', release]
}

function pull(chart: Chart, version: string | undefined, folder: string): string[] {
  return ['pull', ...sourceArgv(chart, version), '--destination', folder, '--', nameOf(chart)]
}

/** What a chart makes of values, without a cluster; `kubernetes`: the version that it is rendered for. */
function template(
  { release, namespace }: Omit<ReleaseName, 'kubeconfigFile'>,
  chart: string,
  kubernetes: string | undefined,
): string[] {
  const version = kubernetes === undefined ? [] : ['--kube-version', kubernetes]
  const options = ['--namespace', namespace, '--include-crds', ...version, ...FROM_INPUT]
  return ['template', ...options, '--', release, chart]
}

/** What a chart says of itself, without fetching all of it where that can be helped. */
function show(chart: Chart, version: string | undefined): string[] {
  return ['show', 'chart', ...sourceArgv(chart, version), '--', nameOf(chart)]
}

/** Whether a chart is a folder or an archive of this machine. Its version is what it is. */
export function isLocalChart(chart: Chart): chart is string {
  return typeof chart === 'string' && !/^(oci|https?):\/\//.test(chart)
}

/** The options that say where a chart is, and which one of it. */
function sourceArgv(chart: Chart, version: string | undefined): string[] {
  const wanted = version === undefined || isLocalChart(chart) ? [] : ['--version', version]
  return typeof chart === 'string' ? wanted : ['--repo', chart.repository, ...wanted]
}

function nameOf(chart: Chart): string {
  return typeof chart === 'string' ? chart : chart.chart
}

/** Which helm is run, and where it may keep its files. */
export interface Helm {
  /** The program's path. */
  readonly helm: string
  /** A folder that only we can read, for helm's own files, so that the user's helm stays as it is. */
  readonly dir: string
  /** The process's own when absent. */
  readonly env?: NodeJS.ProcessEnv
}

const WITHIN: Seconds = 300

/** Throws an Error whose message is helm's reason. `values`: where it is told to read some. */
export async function runHelm(
  about: Helm,
  argv: readonly string[],
  signal: AbortSignal,
  values?: Values,
): Promise<string> {
  const input = values && { input: JSON.stringify(values) }
  try {
    return await call(about.helm, argv, { env: envOf(about), signal, within: WITHIN, ...input })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

/** The user's settings of helm would lead elsewhere; logins at registries are kept. */
function envOf({ env = process.env, dir }: Helm): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => name === 'HELM_REGISTRY_CONFIG' || !/^(HELM_|KUBECONFIG$)/.test(name),
  )
  return {
    ...Object.fromEntries(kept),
    HELM_CACHE_HOME: join(dir, 'helm', 'cache'),
    HELM_CONFIG_HOME: join(dir, 'helm', 'config'),
    HELM_DATA_HOME: join(dir, 'helm', 'data'),
  }
}

/**
 * Fetches a chart into a folder of its own, so that a run asks for it once however many clusters it installs it in, and
 * gives the archive's path. What is on this machine stays where it is.
 */
export async function pullChart(
  about: Helm & { readonly chart: Chart; readonly version?: string | undefined; readonly folder: string },
  signal: AbortSignal,
): Promise<string> {
  const { chart, version, folder } = about
  if (isLocalChart(chart)) return await local(chart)
  await mkdir(folder, { recursive: true })
  try {
    await runHelm(about, helmArgv.pull(chart, version, folder), signal)
    const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'))
    if (archive === undefined) throw new Error('helm fetched no archive')
    return join(folder, archive)
  } catch (error) {
    signal.throwIfAborted()
    const from = typeof chart === 'string' ? chart : `${chart.chart} of ${chart.repository}`
    const address = typeof chart === 'string' ? chart : chart.repository
    const { cause, remedy } = downloadTrouble(address.replace(/^oci:/, 'https:'), (error as Error).message, about.env)
    throw new Failure('helm', `The chart ${from}${version === undefined ? '' : ` ${version}`} could not be fetched.`, {
      cause,
      remedy: `${remedy} A site file can name another source.`,
    })
  }
}

async function local(chart: string): Promise<string> {
  try {
    await stat(chart)
    return chart
  } catch (cause) {
    throw new Failure('helm', `There is no chart at ${chart}.`, { cause, remedy: 'Check the paths in the site file.' })
  }
}

interface ReleaseOf extends ReleaseName, ReleaseLabels, Helm {
  readonly chart: Chart
  /** The newest when absent; of no meaning for what is on this machine. */
  readonly version?: string | undefined
  /** May hold keys, so they are written to no file. */
  readonly values: Values
}

/** How long refusals that pass are put up with. */
const PATIENCE: Seconds = 60

/** Installs a chart, or upgrades it. Does not wait until it is ready. */
export async function installRelease(about: ReleaseOf, signal: AbortSignal): Promise<void> {
  await mkdir(about.dir, { recursive: true, mode: 0o700 })
  const reason = await again(PATIENCE, signal, async () => {
    const said = await reasonOf(about, helmArgv.install(about, about.chart, about.version), signal)
    if (said !== undefined && isStuck(said)) await uninstallRelease(about, signal)
    return { value: said, final: said === undefined || !(isStuck(said) || isPassing(said)) }
  })
  if (reason !== undefined) throw failed(about, reason)
}

async function reasonOf(
  about: Helm & Pick<ReleaseOf, 'values'>,
  argv: readonly string[],
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await runHelm(about, argv, signal, about.values)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return error instanceof Error ? error.message : String(error)
  }
}

/** An installation that was killed leaves a release that can be neither installed nor upgraded. */
function isStuck(reason: string): boolean {
  return /another operation .* is in progress|has no deployed releases/.test(reason)
}

function failed({ release, namespace, chart }: ReleaseOf, cause: string): Failure {
  const from = typeof chart === 'string' ? chart : `${chart.chart} of ${chart.repository}`
  return new Failure('helm', `The chart ${from} could not be installed as ${namespace}/${release}.`, {
    cause,
    remedy: 'Check that the chart is reachable and has these values. A site file can name another source.',
  })
}

/** Removes a release and waits until its objects are gone; what is not there is fine. */
export async function uninstallRelease(about: ReleaseName & Helm, signal: AbortSignal): Promise<void> {
  try {
    await runHelm(about, helmArgv.uninstall(about), signal)
  } catch (cause) {
    signal.throwIfAborted()
    throw new Failure('helm', `The release ${about.namespace}/${about.release} could not be removed.`, { cause })
  }
}

/** Where a chart of a mesh's vendor is, as the site has it. */
export function chartAddress({ vendor }: InstallAbout, chart: string): Chart {
  const address = vendor.charts[chart]
  if (address !== undefined) return address
  throw new Failure('no-chart', `the chart ${chart} of ${vendor.name} has no address`, {
    remedy: `Name it in the site file: ${vendor.name}: { charts: { ${chart}: … } }.`,
  })
}
