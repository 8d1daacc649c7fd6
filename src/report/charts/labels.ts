/** Keeps labels in one column apart: each at least `gap` from the next, within 0 and `length`, moved as little as a single pass can. */
export function spread(positions: readonly number[], gap: number, length: number): number[] {
  const order = positions.map((_, index) => index).sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0))
  const placed = [...positions]
  let floor = 0
  for (const index of order) {
    placed[index] = Math.max(positions[index] ?? 0, floor)
    floor = (placed[index] ?? 0) + gap
  }
  let ceiling = length
  for (const index of order.toReversed()) {
    placed[index] = Math.min(placed[index] ?? 0, ceiling)
    ceiling = (placed[index] ?? 0) - gap
  }
  return placed
}

export interface Point {
  readonly x: number
  readonly y: number
  readonly text: string
}

export interface Placed extends Point {
  readonly align: 'left' | 'right' | 'center'
  readonly dx: number
  readonly dy: number
}

interface Box {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
}

const LETTER = 6.6
const LINE = 15
const SPOTS = [
  { align: 'left', dx: 10, dy: -9 },
  { align: 'right', dx: -10, dy: -9 },
  { align: 'left', dx: 10, dy: 11 },
  { align: 'right', dx: -10, dy: 11 },
  { align: 'center', dx: 0, dy: -18 },
  { align: 'center', dx: 0, dy: 20 },
  { align: 'left', dx: 10, dy: -26 },
  { align: 'right', dx: -10, dy: -26 },
  { align: 'left', dx: 10, dy: 28 },
  { align: 'right', dx: -10, dy: 28 },
] as const

/** Puts each label beside its point where it meets no other label or point and stays inside; leaves out what finds no room. */
export function placeLabels(points: readonly Point[], width: number, height: number): Placed[] {
  const taken: Box[] = points.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }))
  const placed: Placed[] = []
  for (const point of points) {
    for (const spot of SPOTS) {
      const box = boxOf(point, spot)
      const inside = box.left >= 0 && box.right <= width && box.top >= -8 && box.bottom <= height
      if (!inside || taken.some((other) => meets(box, other))) continue
      taken.push(box)
      placed.push({ ...point, ...spot })
      break
    }
  }
  return placed
}

function boxOf({ x, y, text }: Point, { align, dx, dy }: (typeof SPOTS)[number]): Box {
  const long = text.length * LETTER
  const left = x + dx - (align === 'left' ? 0 : align === 'right' ? long : long / 2)
  return { left, right: left + long, top: y + dy - LINE / 2, bottom: y + dy + LINE / 2 }
}

function meets(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom
}

/** Cut to a length with an ellipsis; the whole name stands in the legend and the table. */
export function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`
}
