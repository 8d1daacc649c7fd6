import { Failure } from '../../../model/failure.ts'
import type { Load } from '../../../model/scenario.ts'
import type { Site } from '../../../model/site.ts'

/** The manifest of the workload keeps k6 idle by flags of version 1, which is what it was tried with. */
export function refuseK6({ images }: Pick<Site, 'images'>, loads: readonly Pick<Load, 'tool'>[]): void {
  if (!loads.some(({ tool }) => tool === 'k6')) return
  const major = Number(/:v?(\d+)[.\d]*(?:[-@]|$)/.exec(images.k6)?.[1] ?? 1)
  if (major < 2) return
  throw new Failure('unsupported', `the image ${images.k6} has k6 ${major}, and clusters take k6 1`, {
    cause: 'from version 2 on, k6 does not wait in its container as it does in version 1',
    fix: 'Name an image of k6 1 in the site file: images: { k6: grafana/k6:1.8.1 }; on this host (--platform local) k6 2 may be used.',
  })
}
