import { Failure } from '../../../model/failure.ts'
import type { Scenario } from '../../../model/scenario.ts'
import type { Site } from '../../../model/site.ts'
import type { Bytes, Seconds } from '../../../model/units.ts'
import { imagesOf } from '../../in-cluster/arm-mesh.ts'
import type { DockerInfo } from '../docker.ts'
import { memoryThere } from './capacity.ts'
import { localDaemon } from './daemon.ts'
import { seekImages } from './image-check.ts'
import { type Readers, readersOf } from './readers.ts'

/** Why there can be no clusters here, and what to do about it. */
export interface Hindrance {
  readonly cause: string
  readonly remedy: string
}

/** The quick questions by which a platform is chosen; what else stands in the way is for the check to find. */
export interface KindProbe {
  /** Undefined where a container engine answers, and every image is there or its registry answers. */
  hindrance(scenario: Scenario, site: Site): Promise<Hindrance | undefined>
  /** Memory that clusters can take; undefined where no engine answers. */
  memory(): Promise<Bytes | undefined>
}

/** A registry that takes longer would not serve a run either. */
const WITHIN: Seconds = 10

export function probeKind(readers: Pick<Readers, 'docker' | 'os' | 'kernel' | 'text'> = readersOf()): KindProbe {
  const { docker } = readers
  let asked: Promise<DockerInfo> | undefined
  const info = () => {
    asked ??= localDaemon(docker)
    return asked
  }
  return {
    async hindrance(scenario, site) {
      let known: DockerInfo
      try {
        known = await info()
      } catch (thrown) {
        return hindranceOf(thrown)
      }
      const absent = await absentImages(imagesOf(scenario, site), docker)
      // Registries count what is asked of them.
      const { unavailable } = await seekImages(absent, known, docker, { within: WITHIN, onlyFirst: true })
      if (unavailable.length === 0) return undefined
      const all = unavailable.map(({ images, cause }) => `${images.join(', ')} (${cause})`)
      return {
        cause: `not on this machine, and cannot be pulled: ${all.join('; ')}`,
        remedy: 'Connect this machine to the registries, or name a mirror in a site file (--site)',
      }
    },
    memory: () =>
      info().then(
        (known) => memoryThere(known, readers),
        () => undefined,
      ),
  }
}

async function absentImages(images: readonly string[], docker: Readers['docker']): Promise<string[]> {
  const found = await Promise.all(images.map((name) => docker.image(name)))
  return images.filter((_, index) => found[index] === undefined)
}

function hindranceOf(thrown: unknown): Hindrance {
  const { message, cause, remedy = 'Run `meshbench doctor --platform kind`' } = Failure.from(thrown).toData()
  return { cause: cause === undefined ? message : `${message} (${cause})`, remedy: remedy.replace(/\.$/, '') }
}
