import { execFileSync, spawnSync } from 'node:child_process'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { testFolder } from '../temporary-folder.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const files = globSync('.github/workflows/*.yml', { cwd: ROOT })
const actionlint = process.env['ACTIONLINT'] ?? 'actionlint'
const isThere = spawnSync(actionlint, ['-version']).status === 0
/** Whoever names it wants it run; and where Go could have built it, CI may not skip it. */
const mustBeThere =
  process.env['ACTIONLINT'] !== undefined || (Boolean(process.env['CI']) && spawnSync('go', ['version']).status === 0)

/** Workflows that pages tell readers to copy. */
const shown = globSync(['*.md', 'docs/*.md'], { cwd: ROOT }).flatMap((page) =>
  [...readFileSync(resolve(ROOT, page), 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)]
    .map(([, text = '']) => ({ page, text }))
    .filter(({ text }) => parse(text)?.jobs),
)

describe('workflows', () => {
  it.runIf(mustBeThere)('are linted where actionlint is named, and in CI wherever Go can build it', () =>
    expect(isThere).toBe(true),
  )

  it.skipIf(!isThere)(`satisfy actionlint${isThere ? '' : ' (skipped: actionlint is not installed)'}`, () => {
    expect(files).toHaveLength(4)
    expect(() => execFileSync(actionlint, ['-no-color', ...files], { cwd: ROOT, encoding: 'utf8' })).not.toThrow()
  })

  it.skipIf(!isThere).each(shown)('of $page satisfy it as well', ({ text }) => {
    const folder = testFolder()
    mkdirSync(join(folder, '.github/workflows'), { recursive: true })
    writeFileSync(join(folder, '.github/workflows/shown.yml'), text)
    // The label of a runner of the reader's own.
    writeFileSync(join(folder, 'actionlint.yaml'), 'self-hosted-runner: { labels: [bench] }\n')
    const args = ['-no-color', '-config-file', 'actionlint.yaml', '.github/workflows/shown.yml']
    const { status, stdout } = spawnSync(actionlint, args, { cwd: folder, encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })

  it('of pages are whole: every job takes the checkout and Node before it calls meshbench', () => {
    expect(shown.map(({ page }) => page)).toEqual(['docs/self-hosted.md'])
    const jobs = shown.flatMap(({ text }) => Object.values<{ steps: { uses?: string }[] }>(parse(text).jobs))
    expect(jobs).toHaveLength(2)
    for (const { steps } of jobs) {
      expect(steps.slice(0, 2).map(({ uses }) => uses?.replace(/@.*/, ''))).toEqual([
        'actions/checkout',
        'actions/setup-node',
      ])
    }
  })

  it.each([
    ...files.map((file) => ({ name: file, text: readFileSync(resolve(ROOT, file), 'utf8') })),
    ...shown.map(({ page, text }) => ({ name: page, text })),
  ])(
    '$name uses actions by their commit with the version beside it, and gives no job the right to write that does not say what for',
    ({ text }) => {
      const used = [...text.matchAll(/uses: (.+)/g)].map(([, action]) => action)
      expect(used.length).toBeGreaterThan(1)
      for (const action of used) expect(action).toMatch(/^actions\/[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
      expect(text).toMatch(/^permissions:\n {2}contents: read\n/m)
      for (const [line] of text.matchAll(/^.*: write.*$/gm)) expect(line).toMatch(/^ {6}[\w-]+: write # \w/)
    },
  )
})
