/** Size and margins of a chart in pixels. Fixed margins make positions predictable, so that labels can be placed. */
export interface Frame {
  readonly name: 'wide' | 'narrow'
  readonly width: number
  readonly height: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
}

/** One drawing for columns of a desktop page and one for a phone: text keeps its size on both. */
export const FRAMES: readonly Frame[] = [
  { name: 'wide', width: 540, height: 330, top: 34, right: 14, bottom: 48, left: 58 },
  { name: 'narrow', width: 320, height: 280, top: 34, right: 10, bottom: 48, left: 54 },
]

export function plotWidth(frame: Frame): number {
  return frame.width - frame.left - frame.right
}

export function plotHeight(frame: Frame): number {
  return frame.height - frame.top - frame.bottom
}
