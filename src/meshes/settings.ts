import type { Setting } from '../model/mesh.ts'

/** Settings that several meshes have. 0 stands for "as the project ships", where 0 itself would make no sense. */
export const limitSettings = {
  cpuLimit: {
    summary: 'CPU limit of each proxy, in cores; 0 is as the project ships.',
    type: 'number',
    minimum: 0,
    default: { equalised: 2, defaults: 0 },
  },
  memoryLimit: {
    summary: 'Memory limit of each proxy, in MiB; 0 is as the project ships.',
    type: 'number',
    minimum: 0,
    default: { equalised: 1024, defaults: 0 },
  },
} as const satisfies Record<string, Setting>

export const concurrencySetting = {
  summary: 'Worker threads of each proxy; 0 is as the project ships.',
  type: 'number',
  minimum: 0,
  default: { equalised: 2, defaults: 0 },
} as const satisfies Setting

export const strictSetting = {
  summary: 'Whether the server refuses what does not come under mutual TLS; no project ships it so.',
  type: 'boolean',
  default: { equalised: true, defaults: false },
} as const satisfies Setting

export const valuesSetting = {
  summary: 'Helm values by the key of the chart ("*": every chart), merged over all others.',
  type: 'values',
  default: { equalised: {}, defaults: {} },
} as const satisfies Setting
