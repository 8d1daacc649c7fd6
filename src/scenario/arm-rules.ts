import { isTree, settingFits, settingWants } from '../meshes/settings.ts'
import type { Mesh, Values } from '../model/mesh.ts'
import { type Finding, type Path, shown, suggest } from '../yaml/yaml-finding.ts'
import { meshNamed, type Rule, repeated } from './draft.ts'
import { VERSION } from './schema.ts'

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

const versionsCanBeInstalled: Rule = ({ arms }, meshes) =>
  arms.flatMap(({ arm: { mesh, version }, path }) => {
    if (version === undefined || !VERSION.test(version)) return []
    const trouble = meshNamed(meshes, mesh)?.kubernetes?.versionTrouble?.(version)
    return trouble ? [{ path: [...path, 'version'], ...trouble }] : []
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
  const charts = Object.keys(mesh.kubernetes?.vendor?.charts ?? {})
  if (!setting) {
    const chart = charts.includes(key) ? key : '<chart>'
    const isHelm = charts.length > 0 && (charts.includes(key) || isTree(value) || key.includes('.'))
    const helm = isHelm ? `Helm values go under values.values.${chart}, one of: ${charts.join(', ')}. ` : ''
    const remedy = names.length === 0 ? `Remove it: ${mesh.name} has no settings.` : `${helm}${suggest(key, names)}`
    return [{ path, message: `${mesh.name} has no setting ${shown(key)}`, remedy, atKey: true }]
  }
  if (setting.type === 'values' && isTree(value)) return helmFindings(mesh, charts, value, path)
  if (settingFits(setting, value)) return []
  return [{ path, message: `${key}: ${shown(value)} is not ${settingWants(setting)}`, remedy: setting.summary }]
}

/** Checks Helm values by chart. Helm ignores keys that no chart reads, so the arm would not have the intended settings. */
function helmFindings(mesh: Mesh, charts: readonly string[], values: Values, path: Path): Finding[] {
  return Object.entries(values).flatMap(([chart, value]) => {
    const at = [...path, chart]
    if (chart !== '*' && !charts.includes(chart)) {
      const meant = charts.find((name) => chart.endsWith(`-${name}`))
      const remedy = `${meant ? `Did you mean ${meant}? ` : ''}Helm values go under values.values.<chart>: ${charts.join(', ')}, or "*" for all of them.`
      return [{ path: at, message: `${mesh.name} has no chart ${shown(chart)}`, remedy, atKey: true }]
    }
    if (isTree(value)) return dottedKeys(value, at)
    const remedy = 'Write the values of the chart as keys below it.'
    return [{ path: at, message: `${chart}: ${shown(value)} is not a map of Helm values`, remedy }]
  })
}

/** Keys below which names may contain dots. */
const NAMES = /(annotations|labels|selector|matchlabels|metadata|env|data|headers|tags|requests|limits)$/i
const PATH = /^[a-z_]\w*(\[\d+\])?(\.[a-z_]\w*(\[\d+\])?)+$/i

/** Finds keys such as `meshConfig.accessLogFile`, as after `--set`: in a values file they are one key that no chart reads. */
function dottedKeys(values: Values, path: Path): Finding[] {
  if (NAMES.test(String(path.at(-1)))) return []
  return Object.entries(values).flatMap(([key, value]) => {
    const at = [...path, key]
    if (!PATH.test(key)) return isTree(value) ? dottedKeys(value, at) : []
    const keys = key.split('.')
    const nested = `${keys.join(': { ')}: ${shown(value)}${' }'.repeat(keys.length - 1)}`
    const message = `${shown(key)} is one key with dots, which no chart reads`
    return [{ path: at, message, remedy: `Write keys below each other: ${nested}.`, atKey: true }]
  })
}

export const armRules: readonly Rule[] = [armNamesAreUnique, meshesExist, versionsCanBeInstalled, valuesAreSettings]
