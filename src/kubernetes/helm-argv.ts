import type { Chart } from '../model/site.ts'

export interface ReleaseName {
  readonly release: string
  readonly namespace: string
  readonly kubeconfigFile: string
}

/** The argument lists of helm, as versions 3.14 and 4 understand them. */
export const helmArgv = { install, uninstall, pull }

/** Without `--wait`: readiness is watched for where it can be explained. */
function install(
  { release, namespace, kubeconfigFile }: ReleaseName,
  chart: Chart,
  version: string | undefined,
  valuesFile: string,
): string[] {
  const about = ['--namespace', namespace, '--create-namespace', '--kubeconfig', kubeconfigFile]
  return ['upgrade', '--install', release, ...chartArgv(chart, version), ...about, '--values', valuesFile]
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

/** Whether a chart is a folder or an archive of this machine. Its version is what it is. */
export function isLocalChart(chart: Chart): chart is string {
  return typeof chart === 'string' && !/^(oci|https?):\/\//.test(chart)
}

function chartArgv(chart: Chart, version: string | undefined): string[] {
  const wanted = version === undefined || isLocalChart(chart) ? [] : ['--version', version]
  return typeof chart === 'string' ? [chart, ...wanted] : [chart.chart, '--repo', chart.repository, ...wanted]
}
