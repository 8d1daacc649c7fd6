import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const files = globSync('.github/workflows/*.yml', { cwd: ROOT })
const actionlint = process.env['ACTIONLINT'] ?? 'actionlint'
const isThere = spawnSync(actionlint, ['-version']).status === 0

describe('workflows', () => {
  it.skipIf(!isThere)(`satisfy actionlint${isThere ? '' : ' (skipped: actionlint is not installed)'}`, () => {
    expect(files).toHaveLength(2)
    expect(() => execFileSync(actionlint, ['-no-color', ...files], { cwd: ROOT, encoding: 'utf8' })).not.toThrow()
  })

  it.each(files)('%s uses published actions of one exact version, and names its rights', (file) => {
    const text = readFileSync(resolve(ROOT, file), 'utf8')
    const used = [...text.matchAll(/uses: (\S+)/g)].map(([, action]) => action)
    expect(used.length).toBeGreaterThan(2)
    for (const action of used) expect(action).toMatch(/^actions\/[\w/-]+@v\d+\.\d+\.\d+$/)
    expect(text).toMatch(/^permissions:\n/m)
  })
})
