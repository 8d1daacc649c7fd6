import { settingFits, settingWants } from '../meshes/setting-fits.ts'
import type { Mesh } from '../model/mesh.ts'
import { type Finding, type Path, shown } from './finding.ts'
import { meshNamed, type Rule, repeated } from './rule.ts'
import { suggest } from './suggest.ts'

const armNamesAreUnique: Rule = ({ arms }) =>
  repeated(arms.map(({ arm, path }) => ({ name: arm.name, path: [...path, 'name'] }))).map(({ name, path }) => ({
    path,
    message: `two arms are called ${shown(name)}`,
    remedy: `Give one another name; for an A/A pair write { name: ${name}-again, mesh: … }.`,
  }))

const meshesExist: Rule = ({ arms }, meshes) =>
  arms.flatMap(({ arm: { mesh }, path }) => {
    if (mesh === undefined || meshNamed(meshes, mesh)) return []
    const message = `there is no mesh ${shown(mesh)}`
    return [{ path: [...path, 'mesh'], message, remedy: suggest(mesh, Object.keys(meshes)) }]
  })

const valuesAreSettings: Rule = ({ arms }, meshes) =>
  arms.flatMap(({ arm, path }) => {
    const mesh = meshNamed(meshes, arm.mesh)
    if (!mesh) return []
    return Object.entries(arm.values ?? {}).flatMap(([key, value]) =>
      settingFindings(mesh, key, value, [...path, 'values', key]),
    )
  })

function settingFindings(mesh: Mesh, key: string, value: unknown, path: Path): Finding[] {
  const names = Object.keys(mesh.settings)
  const setting = names.includes(key) ? mesh.settings[key] : undefined
  if (!setting) {
    const remedy = names.length === 0 ? `Remove it: ${mesh.name} has no settings.` : suggest(key, names)
    return [{ path, message: `${mesh.name} has no setting ${shown(key)}`, remedy, atKey: true }]
  }
  if (settingFits(setting, value)) return []
  return [{ path, message: `${key}: ${shown(value)} is not ${settingWants(setting)}`, remedy: setting.summary }]
}

export const armRules: readonly Rule[] = [armNamesAreUnique, meshesExist, valuesAreSettings]
