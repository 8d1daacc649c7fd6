import type { Chart } from '../model/site.ts'

export interface ReleaseName {
  readonly release: string
  readonly namespace: string
  readonly kubeconfigFile: string
}

/** The argument lists of helm, as versions 3.14 and 4 understand them. */
export const helmArgv = { install, uninstall, pull, show, template }

export interface ReleaseLabels {
  /** On helm's own record of the release. */
  readonly labels?: Readonly<Record<string, string>>
}

/** Without `--wait`: readiness is watched for where it can be explained. */
function install(
  { release, namespace, kubeconfigFile, labels = {} }: ReleaseName & ReleaseLabels,
  chart: Chart,
  version: string | undefined,
  valuesFile: string,
): string[] {
  const about = ['--namespace', namespace, '--create-namespace', '--kubeconfig', kubeconfigFile]
  const stamps = Object.entries(labels).map(([name, value]) => `${name}=${value}`)
  const stamping = stamps.length === 0 ? [] : ['--labels', stamps.join(',')]
  return ['upgrade', '--install', release, ...chartArgv(chart, version), ...about, ...stamping, '--values', valuesFile]
}

function uninstall({ release, namespace, kubeconfigFile }: ReleaseName): string[] {
  return [
    'uninstall',
    release,
    '--namespace',
    namespace,
    '--kubeconfig',
    kubeconfigFile,
    '--ignore-not-found',
    '--wait',
  ]
}

function pull(chart: Chart, version: string | undefined, folder: string): string[] {
  return ['pull', ...chartArgv(chart, version), '--destination', folder]
}

/** What a chart makes of values, without a cluster; `kubernetes`: the version that it is rendered for. */
function template(
  { release, namespace }: Omit<ReleaseName, 'kubeconfigFile'>,
  chart: string,
  valuesFile: string,
  kubernetes: string | undefined,
): string[] {
  const version = kubernetes === undefined ? [] : ['--kube-version', kubernetes]
  return ['template', release, chart, '--namespace', namespace, '--include-crds', ...version, '--values', valuesFile]
}

/** What a chart says of itself, without fetching all of it where that can be helped. */
function show(chart: Chart, version: string | undefined): string[] {
  return ['show', 'chart', ...chartArgv(chart, version)]
}

/** Whether a chart is a folder or an archive of this machine. Its version is what it is. */
export function isLocalChart(chart: Chart): chart is string {
  return typeof chart === 'string' && !/^(oci|https?):\/\//.test(chart)
}

function chartArgv(chart: Chart, version: string | undefined): string[] {
  const wanted = version === undefined || isLocalChart(chart) ? [] : ['--version', version]
  return typeof chart === 'string' ? [chart, ...wanted] : [chart.chart, '--repo', chart.repository, ...wanted]
}
