import { Failure } from '../model/failure.ts'
import type { Mesh, Setting, Settings, SettingValue, Values } from '../model/mesh.ts'
import type { Arm, Profile } from '../model/scenario.ts'

/** Settings that several meshes have. 0 stands for "as the project ships", where 0 itself would make no sense. */
export const limitSettings = {
  cpuLimit: {
    summary: 'CPU limit of each proxy, in cores; 0 is as the project ships.',
    type: 'number',
    minimum: 0,
    isFractional: true,
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

/** The settings that an arm is raised with: its mesh's for the profile, overridden by the arm's own values. */
export function settingsOf(mesh: Mesh, profile: Profile, arm: Pick<Arm, 'name' | 'values'>): Settings {
  const defaults = Object.entries(mesh.settings).map(([name, setting]) => [name, setting.default[profile]] as const)
  const values = Object.entries(arm.values ?? {}).map(
    ([name, value]) => [name, checked(mesh, arm, name, value)] as const,
  )
  return Object.fromEntries([...defaults, ...values])
}

function checked(mesh: Mesh, arm: Pick<Arm, 'name'>, name: string, value: unknown): SettingValue {
  const setting = Object.hasOwn(mesh.settings, name) ? mesh.settings[name] : undefined
  if (!setting) {
    const known = Object.keys(mesh.settings)
    throw new Failure('scenario', `arm ${arm.name} sets ${name}, which ${mesh.name} does not have`, {
      remedy: known.length === 0 ? `${mesh.name} has no settings.` : `It has: ${known.join(', ')}.`,
    })
  }
  if (settingFits(setting, value)) return value
  const message = `arm ${arm.name} sets ${name} to ${JSON.stringify(value)}, which is not ${settingWants(setting)}`
  throw new Failure('scenario', message, { remedy: setting.summary })
}

/** Whether a value is one that the setting takes. */
export function settingFits({ type, minimum = 0, isFractional }: Setting, value: unknown): value is SettingValue {
  if (type === 'values') return isTree(value) && Object.values(value).every(isTree)
  if (type === 'number')
    return (isFractional ? Number.isFinite(value) : Number.isInteger(value)) && Number(value) >= minimum
  return typeof value === type
}

/** What the setting takes, in words: "a whole number from 0". */
export function settingWants({ type, minimum = 0, isFractional }: Setting): string {
  if (type === 'values') return 'an object of Helm values by chart, like { "istiod": { "traceSampling": 1 } }'
  return type === 'number' ? `a ${isFractional ? '' : 'whole '}number from ${minimum}` : `a ${type}`
}

/** Limits that the settings ask for, as Kubernetes writes them; absent where they are left as shipped. */
interface Limits {
  readonly cpu?: string
  readonly memory?: string
}

function limitsOf(settings: Settings): Limits {
  const cpu = Number(settings['cpuLimit'] ?? 0)
  const memory = Number(settings['memoryLimit'] ?? 0)
  return { ...(cpu > 0 && { cpu: String(cpu) }), ...(memory > 0 && { memory: `${memory}Mi` }) }
}

/**
 * Container resources with the limits asked for, or nothing where none are. Requests are named beside them, since a limit
 * without one becomes the request, and two cores per proxy fit no small host; none is above its limit. `cpu` of the request is in thousandths
 * of a core (`100m`), `memory` in MiB.
 */
export function resourcesFor(settings: Settings, request: { readonly cpu: string; readonly memory: number }) {
  const limits = limitsOf(settings)
  if (!limits.cpu && !limits.memory) return undefined
  const memoryLimit = Number(settings['memoryLimit'] ?? 0)
  const cpuLimit = Number(settings['cpuLimit'] ?? 0) * 1000
  const within = (wanted: number, limit: number) => (limit > 0 ? Math.min(wanted, limit) : wanted)
  const cpu = within(Number.parseInt(request.cpu, 10), cpuLimit)
  return { requests: { cpu: `${cpu}m`, memory: `${within(request.memory, memoryLimit)}Mi` }, limits }
}

/** Helm's own rule: objects are merged, later ones win, and anything else (a list too) is replaced. */
export function mergeValues(...layers: readonly (Values | undefined)[]): Values {
  return layers.reduce<Values>((below, above) => (above ? merged(below, above) : below), {})
}

function merged(below: Values, above: Values): Values {
  const entries = Object.entries(above).map(([key, value]) => {
    const under = Object.hasOwn(below, key) ? below[key] : undefined
    return [key, isTree(value) ? merged(isTree(under) ? under : {}, value) : value] as const
  })
  return { ...below, ...Object.fromEntries(entries) }
}

/** An object as YAML and JSON know it. */
export function isTree(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
