import type { View } from 'vega'
import type { TopLevelSpec } from 'vega-lite'

/** What draws charts. It comes as a script of its own, since it is ten times as large as the rest. */
export interface Engine {
  /** Draws into the element. Expressions are interpreted: the page's policy allows no other way. */
  draw(spec: TopLevelSpec, element: HTMLElement): Promise<View>
}

/** The global by which the one script hands itself to the other. */
export const ENGINE = 'meshbenchEngine'
