import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { download, downloadTrouble } from '../../../host/outgoing.ts'
import { helmArgv } from '../../../kubernetes/helm-argv.ts'
import { runHelm } from '../../../kubernetes/run-helm.ts'
import type { Chart } from '../../../model/site.ts'
import { milliseconds, type Seconds } from '../../../model/units.ts'
import { locate } from '../../../tools/locate.ts'

const WITHIN: Seconds = 15

/** Some servers refuse HEAD: only what says that the thing itself is not there counts. */
const GONE = new Set([404, 410])

export async function addressTrouble(address: string, within = WITHIN): Promise<string | undefined> {
  try {
    const { status } = await download(address, { method: 'HEAD', signal: AbortSignal.timeout(milliseconds(within)) })
    return GONE.has(status) || status >= 500 ? `the answer is ${status}` : undefined
  } catch (error) {
    const { why, fix } = downloadTrouble(address, error)
    return `${why}. ${fix}`
  }
}

/** By helm itself, which knows proxies and logins. Where it is not here yet, nobody can tell. */
export async function chartTrouble(chart: Chart, version: string, within = WITHIN): Promise<string | undefined> {
  const helm = await locate('helm').catch(() => undefined)
  if (!helm) return undefined
  const dir = await mkdtemp(join(tmpdir(), 'meshbench-look-'))
  try {
    await runHelm({ helm: helm.path, dir }, helmArgv.show(chart, version), AbortSignal.timeout(milliseconds(within)))
    return undefined
  } catch (error) {
    const reason = (error as Error).message
    return /aborted|timeout/i.test(reason) ? `no answer within ${within} s` : reason
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
