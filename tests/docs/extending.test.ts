import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
/** In the repository, so that packages are found from it; not where git or the formatter look. */
const folder = mkdtempSync(join(ROOT, 'node_modules/.meshbench-templates-'))

const templates = [
  ...readFileSync(join(ROOT, 'docs/extending.md'), 'utf8').matchAll(/^```ts\n\/\/ (src\/\S+\.ts)\n(.*?)^```/gms),
].map(([, path, text]) => ({ path: path as string, text: text as string }))

describe('templates of docs/extending.md', () => {
  afterAll(() => rmSync(folder, { recursive: true }))

  it('have one for each kind of file', () => {
    expect(templates.map(({ path }) => dirname(path))).toEqual([
      'src/meshes',
      'src/loads',
      'src/analyse',
      'src/analyse/rules',
      'src/report/charts',
      'src/operations',
    ])
  })

  it('are what the compiler takes, as if they stood in src', () => {
    for (const { path, text } of templates) {
      mkdirSync(join(folder, dirname(path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: join(ROOT, 'tsconfig.json'),
        // A relative import is looked up in both trees.
        compilerOptions: { rootDir: ROOT, rootDirs: [join(folder, 'src'), join(ROOT, 'src')] },
        include: [join(folder, 'src')],
        exclude: [],
      }),
    )
    const compiler = join(ROOT, 'node_modules/.bin/tsc')
    const compile = () => {
      try {
        return execFileSync(compiler, ['-p', folder], { cwd: ROOT, encoding: 'utf8' })
      } catch (error) {
        return (error as { stdout: string }).stdout
      }
    }
    expect(compile()).toBe('')
    // And the check can fail.
    const [first] = templates
    writeFileSync(join(folder, first?.path as string), `${first?.text}\nexport const wrong: number = 'text'\n`)
    expect(compile()).toContain("Type 'string' is not assignable to type 'number'")
  })
})
