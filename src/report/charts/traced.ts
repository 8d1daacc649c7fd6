import type { Layer } from './config.ts'
import type { Frame } from './frame.ts'

/** A mark at a place of the plot, in pixels. */
interface Dot {
  readonly x: number
  readonly y: number
  readonly series: string
  readonly say: string
  readonly color: string
  /** A path in the square from -1 to 1. */
  readonly shape: string
}

/** A position in pixels, as it is. */
export function pixels(field: string) {
  return { field, type: 'quantitative', scale: null } as const
}

/**
 * Small marks: in a browser each is one that can be pointed at; drawn once, all of a colour are one path, since a mark of
 * its own takes a hundred bytes and charts have hundreds of marks.
 */
export function dots(all: readonly Dot[], radius: number, { live }: Frame): Layer {
  if (live) {
    return {
      data: { values: [...all] },
      mark: { type: 'point', filled: true, size: (2 * radius) ** 2, opacity: 1 },
      encoding: {
        x: pixels('x'),
        y: pixels('y'),
        fill: { field: 'color', scale: null },
        shape: { field: 'shape', scale: null },
      },
    }
  }
  const paths = [...Map.groupBy(all, ({ color, shape }) => `${color} ${shape}`).values()].flatMap((group) => {
    const [first] = group
    return first ? [{ color: first.color, path: group.map((dot) => moved(dot, radius)).join('') }] : []
  })
  return traced(paths, { filled: true })
}

/** Paths in pixels of the plot, each in its colour: filled, or stroked so thick. */
export function traced(
  paths: readonly { readonly color: string; readonly path: string }[],
  look: { readonly filled: true } | { readonly strokeWidth: number },
): Layer {
  const paint = { field: 'color', scale: null } as const
  return {
    data: { values: [...paths] },
    // A path as the shape of a point is scaled by half of the root of its size.
    mark: { type: 'point', size: 4, opacity: 1, strokeWidth: 0, ...look },
    encoding: {
      x: { value: 0 },
      y: { value: 0 },
      shape: { field: 'path', scale: null },
      ...('filled' in look ? { fill: paint } : { stroke: paint }),
    },
  }
}

/** A shape of absolute commands at its place. */
function moved({ shape, x, y }: Dot, radius: number): string {
  const at = (value: number, offset: number) => (value * radius + offset).toFixed(1)
  return shape.replace(/([A-Z])([^A-Z]*)/g, (_, command: string, text: string) => {
    const given = text.split(',').map(Number)
    if (command === 'Z') return 'Z'
    if (command === 'H') return `H${at(given[0] ?? 0, x)}`
    if (command === 'V') return `V${at(given[0] ?? 0, y)}`
    const flags = command === 'A' ? `${radius},${radius},0,1,1,` : ''
    const [right = 0, down = 0] = given.slice(-2)
    return `${command}${flags}${at(right, x)},${at(down, y)}`
  })
}
