import { expect, it } from 'vitest'
import { uninstallSteps } from '../../src/meshes/uninstall-steps.ts'
import type { InstallStep, KubernetesObject } from '../../src/model/mesh.ts'

it('an installation is undone from its last step to its first', () => {
  const object = (name: string): KubernetesObject => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
  const release = { do: 'helm', chart: 'c', version: '1', namespace: 'n', values: {} } as const
  const steps: InstallStep[] = [
    { do: 'gateway-api' },
    { ...release, release: 'first' },
    { do: 'wait', until: [] },
    { do: 'site-manifests' },
    { do: 'apply', title: 'two', objects: [object('a'), object('b')] },
    { ...release, release: 'second' },
  ]
  expect(uninstallSteps(steps)).toEqual([
    { do: 'helm-uninstall', release: 'second', namespace: 'n' },
    { do: 'delete', title: 'two', objects: [object('b'), object('a')] },
    { do: 'delete-site-manifests' },
    { do: 'helm-uninstall', release: 'first', namespace: 'n' },
    { do: 'delete-gateway-api' },
  ])
})
