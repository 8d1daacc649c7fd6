import type { Chart } from '../chart.ts'
import { eachChart } from '../charts/index.ts'
import type { PageData } from '../data/page-data.ts'
import { type PageState, PUBLISHED, stateText } from '../data/page-state.ts'
import { restate } from '../data/restate.ts'
import type { View } from '../data/view.ts'

/** What the reader asked of the page, and the page as it is then. */
export interface Reading {
  readonly data: PageData
  readonly state: PageState
  readonly view: View
  /** What differs from the published page besides the load, looks included, as text; empty where nothing does. */
  readonly asked: string
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
  let charts = finder(view)
  const set = (next: PageState) => {
    state = tidy(data, next)
    view = restate(data, state)
    charts = finder(view)
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
    get asked() {
      const { load: _, ...rest } = state
      return stateText(rest)
    },
    chart(id) {
      return charts(id)
    },
    change: (asked) => set({ ...state, ...asked }),
    reset: () => set({ ...PUBLISHED, ...(state.load !== undefined && { load: state.load }) }),
    listen: (listener) => void listeners.push(listener),
  }
}

/** Charts by id, each made once, and none before it or one behind it is asked for: all of them take a moment. */
function finder(view: View): Reading['chart'] {
  const made = new Map<string, Chart>()
  const rest = eachChart(view)
  return (id) => {
    while (!made.has(id)) {
      const { value } = rest.next()
      if (!value) return undefined
      made.set(value.id, value)
    }
    return made.get(id)
  }
}

/** Asking for what is published anyway is asking for nothing. */
function tidy({ arms, loads }: PageData, { load, baseline, clock, ...rest }: PageState): PageState {
  const published = arms.find(({ role }) => role === 'baseline')?.name
  return {
    ...rest,
    ...(load !== undefined && load !== loads[0]?.name && { load }),
    ...(baseline !== undefined && baseline !== published && { baseline }),
    ...(clock === 'service' && { clock }),
  }
}
