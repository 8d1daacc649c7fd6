import { Failure } from '../../../model/failure.ts'
import type { Finding } from '../../../model/platform.ts'
import type { Seconds } from '../../../model/units.ts'
import type { Docker } from '../docker.ts'
import { error, ok } from './finding.ts'

const WITHIN: Seconds = 15

/** An image that is neither here nor to be had, and why. */
export interface Unavailable {
  readonly image: string
  readonly why: string
}

export async function unavailableImages(
  images: readonly string[],
  docker: Pick<Docker, 'image' | 'offered'>,
  within = WITHIN,
): Promise<{ readonly absent: number; readonly unavailable: readonly Unavailable[] }> {
  const here = await Promise.all(images.map((name) => docker.image(name)))
  const absent = images.filter((_, index) => here[index] === undefined)
  const answers = await Promise.allSettled(absent.map((name) => docker.offered(name, within)))
  const unavailable = absent.flatMap((image, index) => {
    const answer = answers[index]
    return answer?.status === 'rejected' ? [{ image, why: reasonOf(answer.reason) }] : []
  })
  return { absent: absent.length, unavailable }
}

/** Images of one registry that does not answer share the reason: it is said once. */
export async function imageFindings(images: readonly string[], docker: Docker): Promise<Finding[]> {
  const { absent, unavailable } = await unavailableImages(images, docker)
  if (unavailable.length === 0) {
    const rest = absent === 0 ? 'all here' : `${absent} of them not here yet: they will be pulled`
    return [ok(`${images.length} images, ${rest}`)]
  }
  const byReason = Map.groupBy(unavailable, ({ why }) => why)
  return [...byReason].map(([why, group]) => {
    const names = group.map(({ image }) => image)
    const what = `${names.length === 1 ? 'an image is' : 'images are'} neither here nor to be pulled: ${names.join(', ')}`
    const fix = `See what \`docker pull ${names[0]}\` says. A site file (--site) names a mirror, and what \`docker load\` brought is used as it is.`
    return error(what, why, fix)
  })
}

function reasonOf(thrown: unknown): string {
  const { why, message } = Failure.from(thrown)
  return why ?? message
}
