import { download, downloadTrouble, whyInsecure } from '../../../host/outgoing.ts'
import { makeScratch } from '../../../host/scratch.ts'
import { examineCharts } from '../../../kubernetes/install/examine.ts'
import { isLocalChart } from '../../../kubernetes/install/helm.ts'
import { Failure } from '../../../model/failure.ts'
import type { Finding } from '../../../model/platform.ts'
import type { Site } from '../../../model/site.ts'
import { milliseconds, type Seconds } from '../../../model/units.ts'
import { locate } from '../../../tools/locate.ts'
import type { ArmMesh } from '../../in-cluster/arm-mesh.ts'
import { kubernetesVersion } from './daemon.ts'

const WITHIN: Seconds = 15

/** Some servers refuse HEAD: only what says that the thing itself is not there counts. */
const GONE = new Set([404, 410])

export async function addressTrouble(address: string, within = WITHIN): Promise<string | undefined> {
  const insecure = whyInsecure(address)
  if (insecure !== undefined) return `${insecure}. Name an https address, or a file`
  try {
    const { status } = await download(address, { method: 'HEAD', signal: AbortSignal.timeout(milliseconds(within)) })
    return GONE.has(status) || status >= 500 ? `the answer is ${status}` : undefined
  } catch (error) {
    const { cause, remedy } = downloadTrouble(address, error)
    return `${cause}. ${remedy}`
  }
}

/** For fetching the charts of all arms and rendering them. */
const RENDERING: Seconds = 300

export interface Examination {
  readonly arms: readonly ArmMesh[]
  readonly site: Site
  /** Only where every chart is a folder or an archive of this machine. */
  readonly onlyLocal?: boolean
  /** The program's path; looked for where it is absent. */
  readonly helm?: string
}

/** What is wrong with the charts of arms, as helm renders them; undefined where helm, or a chart, is not on this machine. */
export async function examineArms({
  arms,
  site,
  onlyLocal = false,
  helm,
}: Examination): Promise<Finding[] | undefined> {
  const charts = arms.flatMap(({ about, kubernetes }) =>
    kubernetes.install(about).flatMap((step) => (step.do === 'helm' ? [about.vendor.charts[step.chart]] : [])),
  )
  if (charts.length === 0) return []
  if (onlyLocal && !charts.every((chart) => chart !== undefined && isLocalChart(chart))) return undefined
  const path = helm ?? (await locate('helm'))?.path
  if (path === undefined) return undefined
  await using stack = new AsyncDisposableStack()
  const { dir } = stack.adopt(await makeScratch('doctor'), (scratch) => scratch.remove())
  const limit = AbortSignal.timeout(RENDERING * 1000)
  try {
    return await examineCharts(arms, { helm: path, dir }, kubernetesVersion(site.kind.nodeImage), limit)
  } catch (error) {
    if (!limit.aborted) throw error
    throw new Failure('helm', `charts could not be rendered within ${RENDERING} s`, {
      remedy: 'Check the connection to the charts, or name local folders in a site file.',
    })
  }
}
