import { describe, expect, it } from 'vitest'
import { helmArgv, isLocalChart } from '../../src/kubernetes/install/helm.ts'

const name = { release: 'istiod', namespace: 'istio-system', kubeconfigFile: 'run/kubeconfig' }
const tail = [
  '--namespace',
  'istio-system',
  '--create-namespace',
  '--kubeconfig',
  'run/kubeconfig',
  '--values',
  'v.json',
]
const repository = 'https://istio-release.storage.googleapis.com/charts'

describe('helmArgv', () => {
  it('installs from a repository', () => {
    expect(helmArgv.install(name, { repository, chart: 'istiod' }, '1.31.0', 'v.json')).toEqual([
      ...['upgrade', '--install', 'istiod', 'istiod', '--repo', repository, '--version', '1.31.0'],
      ...tail,
    ])
  })
  it('installs from a registry', () => {
    expect(helmArgv.install(name, 'oci://gcr.io/charts/istiod', '1.31.0', 'v.json')).toEqual([
      ...['upgrade', '--install', 'istiod', 'oci://gcr.io/charts/istiod', '--version', '1.31.0'],
      ...tail,
    ])
  })
  it('installs a folder, whose version is what it is', () => {
    const argv = helmArgv.install(name, 'charts/istiod', '1.31.0', 'v.json')
    expect(argv).toEqual(['upgrade', '--install', 'istiod', 'charts/istiod', ...tail])
  })
  it('never waits, since readiness is watched for elsewhere', () => {
    expect(helmArgv.install(name, 'charts/istiod', undefined, 'v.json')).not.toContain('--wait')
  })
  it('uninstalls what may not be there', () => {
    expect(helmArgv.uninstall(name)).toEqual([
      ...['uninstall', 'istiod', '--namespace', 'istio-system', '--kubeconfig', 'run/kubeconfig'],
      ...['--ignore-not-found', '--wait'],
    ])
  })
  it('pulls', () => {
    expect(helmArgv.pull({ repository, chart: 'base' }, '1.31.0', 'charts')).toEqual([
      ...['pull', 'base', '--repo', repository, '--version', '1.31.0', '--destination', 'charts'],
    ])
  })
})

it.each([
  ['charts/base', true],
  ['base-1.31.0.tgz', true],
  ['oci://x/base', false],
  ['https://x/base.tgz', false],
])('knows whether %s is on this machine', (chart, local) => expect(isLocalChart(chart)).toBe(local))
