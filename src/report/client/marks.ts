import type { View } from 'vega'

/** A mark that has words, with its box in pixels of the drawing. */
export interface Mark {
  readonly series: string
  readonly say: string
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** What a scene is made of, as far as it is read here. */
interface Scene {
  readonly marktype?: string
  readonly items?: readonly SceneItem[]
}

interface SceneItem extends Scene {
  readonly x?: number
  readonly y?: number
  readonly bounds?: { readonly x1: number; readonly y1: number; readonly x2: number; readonly y2: number }
  readonly datum?: { readonly say?: unknown; readonly series?: unknown }
}

/** Of several marks that say the same, such as a point and its interval, the one that comes first here is shown. */
const ORDER = ['symbol', 'rect', 'arc', 'line', 'area', 'rule', 'text']
/** Half of the box around a point of a line. */
const POINT = 5

/** Every mark with words, in the order in which it is drawn. */
export function marksOf(view: View): Mark[] {
  const { left, top } = view.padding() as { left: number; top: number }
  const [x = 0, y = 0] = view.origin()
  const found = new Map<string, { mark: Mark; rank: number }>()
  walk((view.scenegraph() as unknown as { root: Scene }).root, left + x, top + y, (mark, type) => {
    const key = JSON.stringify([mark.series, mark.say])
    const rank = ORDER.indexOf(type)
    const known = found.get(key)
    if (!known) found.set(key, { mark, rank })
    else if (rank < known.rank) Object.assign(known, { mark, rank })
  })
  return [...found.values()].map(({ mark }) => mark)
}

function walk(
  { marktype = '', items = [] }: Scene,
  x: number,
  y: number,
  take: (mark: Mark, type: string) => void,
): void {
  for (const item of items) {
    if (marktype === 'group') {
      for (const inner of item.items ?? []) walk(inner as Scene, x + (item.x ?? 0), y + (item.y ?? 0), take)
      continue
    }
    const { say, series } = item.datum ?? {}
    const box = boxOf(item, marktype)
    if (typeof say !== 'string' || !box) continue
    take({ series: String(series ?? ''), say, ...box, left: x + box.left, top: y + box.top }, marktype)
  }
}

/** A line has its points as items, and one box for all of them. */
function boxOf({ x, y, bounds }: SceneItem, type: string): Omit<Mark, 'series' | 'say'> | undefined {
  if (type === 'line' || type === 'area' || type === 'trail') {
    if (x === undefined || y === undefined) return undefined
    return { left: x - POINT, top: y - POINT, width: 2 * POINT, height: 2 * POINT }
  }
  if (!bounds || !Number.isFinite(bounds.x1)) return undefined
  const { x1, y1, x2, y2 } = bounds
  return { left: x1, top: y1, width: x2 - x1, height: y2 - y1 }
}

/** The mark under a point or next to it: none farther away than `reach`; of several the one whose middle is nearest. */
export function markAt(marks: readonly Mark[], x: number, y: number, reach: number): Mark | undefined {
  let best: { mark: Mark; outside: number; middle: number } | undefined
  for (const mark of marks) {
    const { left, top, width, height } = mark
    const outside = Math.hypot(Math.max(left - x, 0, x - left - width), Math.max(top - y, 0, y - top - height))
    if (outside > reach) continue
    const middle = Math.hypot(left + width / 2 - x, top + height / 2 - y)
    if (best && (outside > best.outside || (outside === best.outside && middle >= best.middle))) continue
    best = { mark, outside, middle }
  }
  return best?.mark
}
