import type { ChartShelf } from '../../kubernetes/chart-shelf.ts'
import type { ManifestShelf } from '../../kubernetes/manifest-shelf.ts'
import type { Plan } from '../../model/plan.ts'
import type { Site } from '../../model/site.ts'
import type { Program } from '../../model/tool.ts'
import type { ImageShelf } from './cluster/images.ts'
import type { Network } from './cluster/network.ts'
import type { Records } from './cluster/record.ts'
import type { Docker } from './docker.ts'

/** What the arms of a run have in common. */
export interface Ground {
  readonly plan: Plan
  readonly run: string
  readonly site: Site
  readonly kind: Program
  readonly helm: Program
  readonly docker: Docker
  readonly records: Records
  readonly network: Network
  readonly images: ImageShelf
  readonly charts: ChartShelf
  readonly manifests: ManifestShelf
  /** What every program is started with: it bears the run's stamps. */
  readonly env: NodeJS.ProcessEnv
  /** A folder that only we can read. */
  readonly dir: string
  /** Leave the clusters standing for the next run. */
  readonly keep: boolean
}
