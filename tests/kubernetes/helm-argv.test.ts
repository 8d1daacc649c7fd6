import { describe, expect, it } from 'vitest'
import { helmArgv, isLocalChart } from '../../src/kubernetes/install/helm.ts'

const name = { release: 'istiod', namespace: 'istio-system', kubeconfigFile: 'run/kubeconfig' }
const tail = ['--namespace', 'istio-system', '--create-namespace', '--kubeconfig', 'run/kubeconfig', '--values', '-']
const repository = 'https://istio-release.storage.googleapis.com/charts'

describe('helmArgv', () => {
  it('installs from a repository', () => {
    expect(helmArgv.install(name, { repository, chart: 'istiod' }, '1.31.0')).toEqual([
      ...['upgrade', '--install', '--repo', repository, '--version', '1.31.0', ...tail, '--', 'istiod', 'istiod'],
    ])
  })
  it('installs from a registry', () => {
    const chart = 'oci://gcr.io/charts/istiod'
    expect(helmArgv.install(name, chart, '1.31.0')).toEqual([
      ...['upgrade', '--install', '--version', '1.31.0', ...tail, '--', 'istiod', chart],
    ])
  })
  it('installs a folder, whose version is what it is', () => {
    const argv = helmArgv.install(name, 'charts/istiod', '1.31.0')
    expect(argv).toEqual(['upgrade', '--install', ...tail, '--', 'istiod', 'charts/istiod'])
  })
  it('takes nothing that a site file names for an option', () => {
    const evil = '--post-renderer=/tmp/x'
    const chart = { repository, chart: evil }
    const argvs = [
      helmArgv.install(name, chart, '1.31.0'),
      helmArgv.pull(chart, undefined, 'charts'),
      helmArgv.show(chart, undefined),
      helmArgv.template(name, evil, '1.35.0'),
    ]
    for (const argv of argvs) expect(argv.slice(argv.indexOf('--') + 1)).toContain(evil)
    for (const argv of argvs) expect(argv.indexOf(evil)).toBeGreaterThan(argv.indexOf('--'))
  })
  it('never waits, since readiness is watched for elsewhere', () => {
    expect(helmArgv.install(name, 'charts/istiod', undefined)).not.toContain('--wait')
  })
  it('uninstalls what may not be there', () => {
    expect(helmArgv.uninstall(name)).toEqual([
      ...['uninstall', '--namespace', 'istio-system', '--kubeconfig', 'run/kubeconfig'],
      ...['--ignore-not-found', '--wait', '--', 'istiod'],
    ])
  })
  it('pulls', () => {
    expect(helmArgv.pull({ repository, chart: 'base' }, '1.31.0', 'charts')).toEqual([
      ...['pull', '--repo', repository, '--version', '1.31.0', '--destination', 'charts', '--', 'base'],
    ])
  })
})

it.each([
  ['charts/base', true],
  ['base-1.31.0.tgz', true],
  ['oci://x/base', false],
  ['https://x/base.tgz', false],
])('knows whether %s is on this machine', (chart, local) => expect(isLocalChart(chart)).toBe(local))
