import { Failure } from '../model/failure.ts'
import type { Mesh, Setting } from '../model/mesh.ts'
import type { Arm, Profile } from '../model/scenario.ts'

export type Settings = Readonly<Record<string, number | boolean | string>>

/** The settings that an arm is raised with: its mesh's for the profile, overridden by the arm's own values. */
export function settingsOf(mesh: Mesh, profile: Profile, arm: Pick<Arm, 'name' | 'values'>): Settings {
  const defaults = Object.entries(mesh.settings).map(([name, setting]) => [name, setting.default[profile]] as const)
  const values = Object.entries(arm.values ?? {}).map(
    ([name, value]) => [name, checked(mesh, arm, name, value)] as const,
  )
  return Object.fromEntries([...defaults, ...values])
}

function checked(mesh: Mesh, arm: Pick<Arm, 'name'>, name: string, value: unknown): number | boolean | string {
  const setting = mesh.settings[name]
  if (!setting) {
    const known = Object.keys(mesh.settings)
    throw new Failure('scenario', `arm ${arm.name} sets ${name}, which ${mesh.name} does not have`, {
      fix: known.length === 0 ? `${mesh.name} has no settings.` : `It has: ${known.join(', ')}.`,
    })
  }
  if (fits(setting, value)) return value
  const wanted = setting.type === 'number' ? `a whole number from ${setting.minimum ?? 0}` : `a ${setting.type}`
  throw new Failure('scenario', `arm ${arm.name} sets ${name} to ${JSON.stringify(value)}, which is not ${wanted}`, {
    fix: setting.summary,
  })
}

function fits(setting: Setting, value: unknown): value is number | boolean | string {
  if (setting.type !== 'number') return typeof value === setting.type
  return Number.isInteger(value) && (value as number) >= (setting.minimum ?? 0)
}
