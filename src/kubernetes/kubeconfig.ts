import { Failure } from '../model/failure.ts'
import { list } from '../model/words.ts'

/** A context of the user's kubeconfig, and a kubeconfig that has nothing else. */
export interface KubeContext {
  readonly name: string
  /** Where its API server listens. */
  readonly server: string
  /** The text of a kubeconfig with this context alone, in which paths are absolute. */
  readonly kubeconfig: string
}

/**
 * Reads one context by its name.
 *
 * @param file the kubeconfig; that of KUBECONFIG or of the home folder when absent
 * @throws Failure `kubeconfig` where the file cannot be read or has no such context
 */
export async function readContext(name: string, file?: string): Promise<KubeContext> {
  const config = await load(file)
  const context = config.getContextObject(name)
  if (!context) {
    const names = config.getContexts().map((one) => one.name)
    throw new Failure('kubeconfig', `the kubeconfig has no context ${name}`, {
      remedy: names.length > 0 ? `It has: ${list(names)}.` : 'It has none: check KUBECONFIG, or use --kubeconfig.',
    })
  }
  config.setCurrentContext(name)
  const cluster = config.getCluster(context.cluster)
  const user = config.getUser(context.user)
  if (!cluster || !user) {
    throw new Failure('kubeconfig', `the context ${name} names a cluster or a user that the kubeconfig does not have`, {
      remedy: `Try it: \`kubectl --context ${name} get nodes\`.`,
    })
  }
  const { KubeConfig } = await import('@kubernetes/client-node')
  const alone = new KubeConfig()
  alone.loadFromOptions({ clusters: [cluster], users: [user], contexts: [context], currentContext: name })
  return { name, server: cluster.server.replace(/\/$/, ''), kubeconfig: alone.exportConfig() }
}

/** Names of all contexts, and which of them is current. */
export async function listContexts(file?: string): Promise<{ readonly names: string[]; readonly current: string }> {
  const config = await load(file)
  return { names: config.getContexts().map(({ name }) => name), current: config.getCurrentContext() }
}

async function load(file: string | undefined) {
  const { KubeConfig } = await import('@kubernetes/client-node')
  const config = new KubeConfig()
  try {
    if (file === undefined) config.loadFromDefault()
    else config.loadFromFile(file)
  } catch (cause) {
    throw new Failure('kubeconfig', `${file ?? 'the kubeconfig'} cannot be read`, {
      cause,
      remedy: 'Try it: `kubectl config get-contexts`. --kubeconfig names another file.',
    })
  }
  return config
}
