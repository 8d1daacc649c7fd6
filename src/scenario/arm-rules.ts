import type { Mesh, Setting } from '../model/mesh.ts'
import { type Finding, type Path, shown } from './finding.ts'
import { type Meshes, meshNamed, type Rule, repeated } from './rule.ts'
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

export const meshesFitThePlatform: Rule = ({ arms, sketch }, meshes) =>
  arms.flatMap(({ arm, path }) => {
    const mesh = meshNamed(meshes, arm.mesh)
    if (sketch.platform !== 'local' || !mesh || mesh.processes) return []
    return [
      {
        path: [...path, 'mesh'],
        message: `${mesh.name} cannot be built from processes, as the local platform does`,
        remedy: `Choose another platform, or use one of: ${localMeshes(meshes).join(', ')}.`,
      },
    ]
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
  if (fits(setting, value)) return []
  const wanted = setting.type === 'number' ? `a whole number from ${setting.minimum ?? 0}` : `a ${setting.type}`
  return [{ path, message: `${key}: ${shown(value)} is not ${wanted}`, remedy: setting.summary }]
}

function fits({ type, minimum = 0 }: Setting, value: unknown): boolean {
  if (type === 'number') return Number.isInteger(value) && Number(value) >= minimum
  return typeof value === type
}

function localMeshes(meshes: Meshes): string[] {
  return Object.values(meshes).flatMap(({ name, processes }) => (processes ? [name] : []))
}

export const armRules: readonly Rule[] = [armNamesAreUnique, meshesExist, meshesFitThePlatform, valuesAreSettings]
