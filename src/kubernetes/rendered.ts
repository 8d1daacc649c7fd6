import type { Installation } from '../model/installation.ts'
import type { KubernetesObject } from '../model/mesh.ts'
import { shortened } from './describe-installation.ts'
import { parseManifests } from './parse-manifests.ts'
import { redact } from './redact.ts'
import { type Helm, runHelm } from './run-helm.ts'

/** An installation with what helm made of its charts, asked of the cluster where it stands. */
export async function withRendered(
  installation: Installation,
  helm: Helm & { readonly kubeconfigFile: string },
  signal: AbortSignal,
): Promise<Installation> {
  const parts = await Promise.all(
    installation.parts.map(async (part) => {
      const { title, chart, namespace } = part
      if (!chart || namespace === undefined) return part
      return { ...part, rendered: await renderedOf(title, namespace, helm, signal) }
    }),
  )
  return { ...installation, parts }
}

async function renderedOf(
  release: string,
  namespace: string,
  helm: Helm & { readonly kubeconfigFile: string },
  signal: AbortSignal,
): Promise<KubernetesObject[]> {
  const argv = ['get', 'manifest', release, '--namespace', namespace, '--kubeconfig', helm.kubeconfigFile]
  const text = await runHelm(helm, argv, signal)
  return parseManifests(text, `release ${release}`).map((object) => redact(shortened(object)))
}
