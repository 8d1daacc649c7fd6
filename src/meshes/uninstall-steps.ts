import type { InstallStep, KubernetesObject } from '../model/mesh.ts'

/** What undoes an installation. CustomResourceDefinitions stay, since helm leaves them too: a cluster is of one arm. */
export type UninstallStep =
  | { readonly do: 'helm-uninstall'; readonly release: string; readonly namespace: string }
  | { readonly do: 'delete'; readonly title: string; readonly objects: readonly KubernetesObject[] }
  | { readonly do: 'delete-site-manifests' }
  | { readonly do: 'delete-gateway-api' }

/** The inverse of an installation, derived: its steps undone from the last to the first. */
export function uninstallSteps(steps: readonly InstallStep[]): UninstallStep[] {
  return steps.toReversed().flatMap((step) => inverse(step) ?? [])
}

function inverse(step: InstallStep): UninstallStep | undefined {
  switch (step.do) {
    case 'helm':
      return { do: 'helm-uninstall', release: step.release, namespace: step.namespace }
    case 'apply':
      return { do: 'delete', title: step.title, objects: step.objects.toReversed() }
    case 'site-manifests':
      return { do: 'delete-site-manifests' }
    case 'gateway-api':
      return { do: 'delete-gateway-api' }
    case 'wait':
      return undefined
  }
}
