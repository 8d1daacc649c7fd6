import type { Container, Docker } from '../../../src/platforms/kind/docker.ts'

interface Scene {
  readonly containers?: readonly Partial<Container>[]
  readonly networks?: readonly string[]
  readonly broken?: boolean
}

/** A docker that has what it is given, and writes down what it is told to change. */
export function fakeDocker({ containers = [], networks = [], broken = false }: Scene): Docker & { calls: unknown[] } {
  const calls: unknown[] = []
  const all = containers.map((container) => {
    const name = container.name ?? 'unnamed'
    return {
      id: name,
      name,
      state: 'running',
      labels: {},
      volumes: [],
      networks: [],
      ...container,
    } as unknown as Container
  })
  const answers: Partial<Docker> = {
    containers: async (labels) => {
      if (broken) throw new Error('no docker')
      return all.filter((container) => labels.every((label) => fits(container, label)))
    },
    inspect: async (names) => all.filter(({ name }) => names.includes(name)),
    networks: async () => [...networks],
  }
  const noted = (name: string) => async (what: readonly string[]) => {
    if (what.length > 0) calls.push([name, what])
  }
  return new Proxy({ calls } as Docker & { calls: unknown[] }, {
    get: (target, name: string) =>
      name === 'calls' ? target.calls : ((answers as Record<string, unknown>)[name] ?? noted(name)),
  })
}

function fits({ labels }: Container, label: string): boolean {
  const [key = '', value] = label.split('=')
  return value === undefined ? key in labels : labels[key] === value
}
