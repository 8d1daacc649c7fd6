import type { Setting, SettingValue } from '../model/mesh.ts'
import { isTree } from './merge-values.ts'

/** Whether a value is one that the setting takes. */
export function settingFits({ type, minimum = 0 }: Setting, value: unknown): value is SettingValue {
  if (type === 'values') return isTree(value) && Object.values(value).every(isTree)
  if (type === 'number') return Number.isInteger(value) && Number(value) >= minimum
  return typeof value === type
}

/** What the setting takes, in words: "a whole number from 0". */
export function settingWants({ type, minimum = 0 }: Setting): string {
  if (type === 'values') return 'an object of Helm values by chart, like { "istiod": { "traceSampling": 1 } }'
  return type === 'number' ? `a whole number from ${minimum}` : `a ${type}`
}
