import { proxyFor, proxyName } from '../../../host/outgoing.ts'
import { Failure } from '../../../model/failure.ts'
import type { Finding } from '../../../model/platform.ts'
import type { Seconds } from '../../../model/units.ts'
import { error, ok, warning } from '../../findings.ts'
import type { Docker, DockerInfo } from '../docker.ts'

const WITHIN: Seconds = 15

/** Images that are not to be had, for one reason. */
interface Unavailable {
  readonly images: readonly string[]
  readonly cause: string
}

/** What the registries say of images that are not here. */
interface Sought {
  readonly unavailable: readonly Unavailable[]
  /** Images that the docker command could not ask for, and how the daemon will by another way: a mirror, a proxy of its own. */
  readonly otherWay: readonly (Unavailable & { readonly way: string })[]
}

/**
 * Registries side by side, the images of each one after the other: what a registry counts is not asked of it once it has
 * said that there were too many questions, and what does not answer is not waited for again. `onlyFirst`: one answer of each
 * registry is enough.
 */
export async function seekImages(
  absent: readonly string[],
  info: DockerInfo,
  docker: Pick<Docker, 'offered'>,
  { within = WITHIN, onlyFirst = false }: { readonly within?: Seconds; readonly onlyFirst?: boolean } = {},
): Promise<Sought> {
  const byRegistry = Map.groupBy(absent, registryOf)
  const found = await Promise.all(
    [...byRegistry].map(async ([registry, images]) => {
      const way = wayOfDaemon(registry, info)
      const reasons = await askRegistry(images, info, (name) => docker.offered(name, within), onlyFirst)
      return reasons.map((reason) => ({ ...reason, way }))
    }),
  )
  const all = found.flat()
  return {
    unavailable: byReason(all.filter(({ way }) => way === undefined)),
    otherWay: all.flatMap(({ way, ...reason }) => (way === undefined ? [] : [{ ...reason, way }])),
  }
}

async function askRegistry(
  images: readonly string[],
  { architecture }: DockerInfo,
  offered: (name: string) => Promise<readonly string[]>,
  onlyFirst: boolean,
): Promise<Unavailable[]> {
  const found: Unavailable[] = []
  for (const [index, image] of images.entries()) {
    if (onlyFirst && index > 0) break
    try {
      const platforms = await offered(image)
      const own = `linux/${architecture}`
      if (platforms.length > 0 && architecture !== '' && !platforms.includes(own)) {
        found.push({ images: [image], cause: `there is none for ${own}, only for ${platforms.join(', ')}` })
      }
    } catch (thrown) {
      const cause = reasonOf(thrown)
      if (CONCERNS_ALL.test(cause)) return [...found, { images: images.slice(index), cause }]
      found.push({ images: [image], cause })
    }
  }
  return found
}

const TOO_MANY = /toomanyrequests|too many requests|\b429\b|rate limit/i
const NO_ANSWER =
  /no answer within|no such host|dial |lookup |timeout|timed out|refused|unreachable|reset by peer|EOF|x509|tls|certificate|proxyconnect|HTTP response to HTTPS|\b5\d\d\b/i

/** Of the registry, not of the one image. */
const CONCERNS_ALL = new RegExp(`${TOO_MANY.source}|${NO_ANSWER.source}`, 'i')

function byReason(found: readonly Unavailable[]): Unavailable[] {
  return [...Map.groupBy(found, ({ cause }) => cause)].map(([cause, group]) => ({
    cause,
    images: group.flatMap(({ images }) => images),
  }))
}

/** The part before the first slash, where it can be a host: `cr.l5d.io/linkerd/proxy`, but not `istio/pilot`. */
function registryOf(image: string): string {
  const [host = '', ...rest] = image.split('/')
  return rest.length > 0 && (/[.:]/.test(host) || host === 'localhost') ? host : HUB
}

const HUB = 'docker.io'

/** How the daemon reaches a registry where the docker command goes straight to it; undefined where both go the same way. */
function wayOfDaemon(registry: string, { mirrors, insecure, proxies }: DockerInfo): string | undefined {
  if (registry === HUB && mirrors.length > 0) return `its mirror ${mirrors.join(', ')}`
  const proxy = proxyFor(`https://${registry}`, proxies)
  if (proxy) return `its proxy ${proxyName(proxy).replace(/ \(.*/, '')}`
  return insecure.includes(registry) ? `a registry that it takes without TLS` : undefined
}

export async function imageFindings(
  images: readonly string[],
  info: DockerInfo,
  docker: Pick<Docker, 'image' | 'offered'>,
): Promise<Finding[]> {
  const here = await Promise.all(images.map((name) => docker.image(name)))
  const absent = images.filter((_, index) => here[index] === undefined)
  const strange = images.flatMap((name, index) => {
    const { architecture = '' } = here[index] ?? {}
    return isOther(architecture, info) ? [{ name, architecture }] : []
  })
  const { unavailable, otherWay } = await seekImages(absent, info, docker)
  const found = [
    ...(strange.length > 0 ? [strangeFinding(strange, info)] : []),
    ...unavailable.map(unavailableFinding),
    ...otherWay.map(({ images, cause, way }) =>
      warning(
        `the docker command could not ask for ${images.join(', ')}, which the daemon pulls by ${way}`,
        cause,
        'Nothing, where the daemon can pull them: the run does so before anything is made.',
      ),
    ),
  ]
  if (found.length > 0) return found
  return [
    ok(
      `${images.length} images, ${absent.length === 0 ? 'all here' : `${absent.length} of them not here yet: they will be pulled`}`,
    ),
  ]
}

/** Whether an image is for another processor than the daemon's. */
export function isOther(architecture: string, info: Pick<DockerInfo, 'architecture'>): boolean {
  return architecture !== '' && info.architecture !== '' && architecture !== info.architecture
}

function strangeFinding(
  strange: readonly { readonly name: string; readonly architecture: string }[],
  { architecture }: DockerInfo,
): Finding {
  const names = strange.map((one) => `${one.name} (${one.architecture})`)
  return error(
    `images for another processor than Docker's, ${architecture}: ${names.join(', ')}`,
    'They run emulated, several times slower, or end with "exec format error": no figure of theirs would hold.',
    `Fetch each for this processor, as in: docker pull --platform linux/${architecture} ${strange[0]?.name}. Where DOCKER_DEFAULT_PLATFORM is set, docker fetches others.`,
  )
}

function unavailableFinding({ images, cause }: Unavailable): Finding {
  const message = `${images.length === 1 ? 'an image is' : 'images are'} neither here nor to be pulled: ${images.join(', ')}`
  return error(message, cause, imageRemedy(images[0] ?? '', cause))
}

/** What to do where an image cannot be had, by the registry's reason. */
export function imageRemedy(image: string, cause: string): string {
  const elsewhere = 'A site file (--site) names a mirror, and what `docker load` brought is used as it is.'
  const registry = registryOf(image)
  const login = registry === HUB ? 'docker login' : `docker login ${registry}`
  if (TOO_MANY.test(cause)) return `\`${login}\` raises the limit of pulls, or wait until it has passed. ${elsewhere}`
  if (/unauthorized|denied|forbidden|authentication/i.test(cause)) {
    return `Check the name, and \`${login}\` where it asks for one: \`docker pull ${image}\` says more. ${elsewhere}`
  }
  return `See what \`docker pull ${image}\` says. ${elsewhere}`
}

function reasonOf(thrown: unknown): string {
  const { why, message } = Failure.from(thrown)
  return why ?? message
}
