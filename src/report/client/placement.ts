import type { View } from 'vega'

/** Where a live drawing stands in the window, and how many pixels of the window one of its own is. */
export function placement(view: View, plot: HTMLElement): { left: number; top: number; scale: number } | undefined {
  const svg = plot.querySelector('.live svg')
  if (!svg) return undefined
  const { left, top, width } = svg.getBoundingClientRect()
  const { left: before, right: behind } = view.padding() as { left: number; right: number }
  return { left, top, scale: width / (view.width() + before + behind) }
}
