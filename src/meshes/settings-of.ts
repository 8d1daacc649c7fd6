import { Failure } from '../model/failure.ts'
import type { Mesh, Settings, SettingValue } from '../model/mesh.ts'
import type { Arm, Profile } from '../model/scenario.ts'
import { settingFits, settingWants } from './setting-fits.ts'

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
      fix: known.length === 0 ? `${mesh.name} has no settings.` : `It has: ${known.join(', ')}.`,
    })
  }
  if (settingFits(setting, value)) return value
  const message = `arm ${arm.name} sets ${name} to ${JSON.stringify(value)}, which is not ${settingWants(setting)}`
  throw new Failure('scenario', message, { fix: setting.summary })
}
