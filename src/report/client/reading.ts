import type { Chart } from '../chart.ts'
import { allCharts } from '../charts/index.ts'
import type { PageData } from '../page-data.ts'
import { type PageState, PUBLISHED, stateText } from '../page-state.ts'
import { restate } from '../restate.ts'
import type { View } from '../view.ts'

/** What the reader asked of the page, and the page as it is then. */
export interface Reading {
  readonly data: PageData
  readonly state: PageState
  readonly view: View
  /** Whether everything is as it was published, looks included. */
  readonly isPublished: boolean
  /** By id; undefined where the page has a figure that no chart is for. */
  chart(id: string): Chart | undefined
  change(asked: Partial<PageState>): void
  reset(): void
  /** Called after each change. */
  listen(listener: () => void): void
}

export function startReading(data: PageData, first: PageState): Reading {
  const listeners: (() => void)[] = []
  let state = tidy(data, first)
  let view = restate(data, state)
  let charts: ReadonlyMap<string, Chart> | undefined
  const set = (next: PageState) => {
    state = tidy(data, next)
    view = restate(data, state)
    charts = undefined
    for (const listener of listeners) listener()
  }
  return {
    data,
    get state() {
      return state
    },
    get view() {
      return view
    },
    get isPublished() {
      return stateText(state) === ''
    },
    chart(id) {
      charts ??= new Map(allCharts(view).map((chart) => [chart.id, chart]))
      return charts.get(id)
    },
    change: (asked) => set({ ...state, ...asked }),
    reset: () => set(PUBLISHED),
    listen: (listener) => void listeners.push(listener),
  }
}

/** Asking for what is published anyway is asking for nothing. */
function tidy({ arms }: PageData, { baseline, clock, ...rest }: PageState): PageState {
  const published = arms.find(({ role }) => role === 'baseline')?.name
  return {
    ...rest,
    ...(baseline !== undefined && baseline !== published && { baseline }),
    ...(clock === 'service' && { clock }),
  }
}
