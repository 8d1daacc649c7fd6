import { Failure } from '../model/failure.ts'
import { helmArgv, type ReleaseName } from './helm-argv.ts'
import { type Helm, runHelm } from './run-helm.ts'

/** Removes a release and waits until its objects are gone; what is not there is fine. */
export async function uninstallRelease(about: ReleaseName & Helm, signal: AbortSignal): Promise<void> {
  try {
    await runHelm(about, helmArgv.uninstall(about), signal)
  } catch (cause) {
    signal.throwIfAborted()
    throw new Failure('helm', `The release ${about.namespace}/${about.release} could not be removed.`, { cause })
  }
}
