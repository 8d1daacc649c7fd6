import type { Setting } from '../model/mesh.ts'

/** What an arm may set on any Envoy. `defaults` is Envoy as it ships, not as some mesh ships it. */
export const l4Settings = {
  concurrency: {
    summary: 'Worker threads of each proxy; 0 is one for each core, as Envoy ships.',
    type: 'number',
    minimum: 0,
    default: { equalised: 2, defaults: 0 },
  },
  accessLog: {
    summary: 'Whether each proxy writes a line for each request or connection.',
    type: 'boolean',
    default: { equalised: false, defaults: false },
  },
} as const satisfies Record<string, Setting>

/** What an Envoy that reads requests can do besides. */
export const l7Settings = {
  ...l4Settings,
  retries: {
    summary: 'Retries of a failed request, by the first proxy that reads requests; Istio has 2 by default, Envoy none.',
    type: 'number',
    minimum: 0,
    default: { equalised: 0, defaults: 0 },
  },
} as const satisfies Record<string, Setting>
