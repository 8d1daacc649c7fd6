import { type Item, parse, View } from 'vega'
import { expressionInterpreter } from 'vega-interpreter'
import { compile } from 'vega-lite'
import { ENGINE, type Engine } from './packed.ts'

/** Nothing is ever loaded: not by data, not by images, not by links. */
const nowhere = {
  load: refuse,
  sanitize: refuse,
  http: refuse,
  file: refuse,
}

function refuse(): Promise<never> {
  return Promise.reject(new Error('this page loads nothing'))
}

const engine: Engine = {
  async draw(spec, element) {
    const view = new View(parse(compile(spec).spec, undefined, { ast: true }), {
      expr: expressionInterpreter,
      renderer: 'svg',
      hover: false,
      loader: nowhere as never,
      tooltip: silent,
    })
    view.initialize(element)
    return await view.runAsync()
  },
}

/** The page has words of its own for a mark. */
function silent(_handler: unknown, _event: unknown, _item: Item): void {}

Object.assign(globalThis, { [ENGINE]: engine })
