import { changing } from './change.ts'
import { NO_MESH, type Operation } from './operation-steps.ts'

/** One that no load uses, so that the policy refuses nothing that is measured. */
const REFUSED = 'tcp'

export const policyChanged: Operation = {
  name: 'policy-changed',
  title: 'Policy changed',
  does: 'A policy is added by which nobody is let in to a port of the server that the load does not use; connections to that port show when it is in force.',
  keepsProxies: true,
  refusesPort: REFUSED,
  // Of which port makes no difference to the rights.
  writes: ({ refusal }, namespace) => refusal?.({ namespace }, 1) ?? [],
  lack: ({ layer, kubernetes }) => {
    if (layer === 'none') return NO_MESH
    return !kubernetes || kubernetes.refusal ? undefined : 'meshbench knows of no policy of it that refuses a port'
  },
  async prepare(site, load) {
    const policy = site.refusalOf(REFUSED)
    return changing(site, load, {
      protocol: REFUSED,
      isNew: ({ status }) => status === undefined,
      isOld: ({ status }) => status !== undefined,
      apply: (during) => site.apply(policy, during),
      restore: () => site.remove(policy),
    })
  },
}
