/** Size and margins of a chart in pixels. Fixed margins make positions predictable, so that labels can be placed. */
export interface Frame {
  readonly width: number
  readonly height: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly left: number
  /** Drawn in a browser, where a reader can zoom; otherwise drawn once, in Node. */
  readonly live: boolean
}

const NARROWEST = 288
/** The text of a page in a wide window, and a half of it. */
const WIDEST = 1136
const HALF = 548

/** What Node draws: as wide as a chart is in a wide window, beside another one or alone. */
export const STILL: Frame = { ...sized(HALF), live: false }
export const WIDE: Frame = { ...sized(WIDEST), live: false }

/** Fits a column of a page in a browser; text keeps its size. */
export function liveFrame(width: number): Frame {
  return { ...sized(Math.round(Math.min(Math.max(width, NARROWEST), WIDEST))), live: true }
}

function sized(width: number): Omit<Frame, 'live'> {
  return {
    width,
    height: Math.round(Math.min(Math.max(width * 0.65, 270), 340)),
    top: 34,
    right: 28,
    bottom: 48,
    left: 58,
  }
}

/** Below this there is no room for labels beside lines. */
export function isNarrow({ width }: Frame): boolean {
  return width < 400
}

export function plotWidth(frame: Frame): number {
  return frame.width - frame.left - frame.right
}

export function plotHeight(frame: Frame): number {
  return frame.height - frame.top - frame.bottom
}
