import type { Container, Docker } from '../../../src/platforms/kind/docker.ts'

interface Scene {
  readonly containers?: readonly Partial<Container>[]
  readonly networks?: readonly string[]
  readonly broken?: boolean
  readonly cores?: number
  /** Ids of images by their names. */
  readonly images?: Readonly<Record<string, string>>
}

export type FakeDocker = Docker & {
  readonly calls: unknown[]
  /** What throws when it is called, with the reason. */
  readonly failing: Map<string, string>
  add(container: Partial<Container>): void
  state(name: string): Container['state'] | undefined
}

/** A docker that has what it is given, remembers what it is told to change, and writes that down. */
export function fakeDocker(scene: Scene = {}): FakeDocker {
  const { networks = [], broken = false, cores = 2, images = {} } = scene
  const calls: unknown[] = []
  const failing = new Map<string, string>()
  const all = new Map<string, Container>()
  const add = (container: Partial<Container>) => {
    const name = container.name ?? 'unnamed'
    const whole = { id: name, name, state: 'running', cpus: '', labels: {}, volumes: [], networks: [], ...container }
    all.set(name, whole as unknown as Container)
  }
  for (const container of scene.containers ?? []) add(container)
  const become = (state: Container['state']) => (names: readonly string[]) => {
    for (const name of names) add({ ...all.get(name), name, state })
  }
  const effects: Readonly<Record<string, (names: readonly string[], more: string) => void>> = {
    pause: become('paused'),
    unpause: become('running'),
    remove: (names) => {
      for (const name of names) all.delete(name)
    },
    pin: (names, cpus) => {
      for (const name of names) add({ ...all.get(name), name, cpus })
    },
  }
  const answers: Partial<Docker> = {
    info: async () => ({ cores }) as never,
    image: async (name) => (images[name] === undefined ? undefined : ({ id: images[name], size: 1 } as never)),
    containers: async (labels) => {
      if (broken) throw new Error('no docker')
      return [...all.values()].filter((container) => labels.every((label) => fits(container, label)))
    },
    inspect: async (names) => [...all.values()].filter(({ name }) => names.includes(name)),
    networks: async () => [...networks],
  }
  const noted = (name: string) => async (what: readonly string[], more: string) => {
    const reason = failing.get(name)
    if (reason !== undefined) throw new Error(reason)
    effects[name]?.(what, more)
    if (what.length > 0) calls.push([name, what])
  }
  const own = { calls, failing, add, state: (name: string) => all.get(name)?.state }
  return new Proxy(own as unknown as FakeDocker, {
    get: (target, name: string) =>
      name in own ? target[name as keyof FakeDocker] : ((answers as Record<string, unknown>)[name] ?? noted(name)),
  })
}

function fits({ labels }: Container, label: string): boolean {
  const [key = '', value] = label.split('=')
  return value === undefined ? key in labels : labels[key] === value
}
