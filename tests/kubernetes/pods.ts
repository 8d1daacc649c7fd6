import { readFileSync } from 'node:fs'
import type { ContainerStatus, Pod } from '../../src/kubernetes/pods.ts'

export function captured<T>(name: string): T {
  return JSON.parse(readFileSync(`tests/captured/kubernetes/${name}`, 'utf8')) as T
}

export function capturedPods(name: string): Pod[] {
  return captured<{ items: Pod[] }>(name).items
}

/** A pod with one container in a state. */
export function podWith(state: Partial<ContainerStatus>, name = 'server'): Pod {
  const status: ContainerStatus = { name: 'main', image: 'x', imageID: '', ready: false, restartCount: 0, ...state }
  return {
    metadata: { name, namespace: 'bench', uid: `uid-${name}`, labels: { app: name } },
    spec: { nodeName: 'n', containers: [{ name: 'main', image: 'x' }] },
    status: { phase: 'Pending', containerStatuses: [status] },
  }
}
