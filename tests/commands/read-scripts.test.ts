import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plannedScripts, readScripts, withChecksums } from '../../src/commands/read-scripts.ts'
import type { Load } from '../../src/model/scenario.ts'
import { loadOf } from '../build/scenario.ts'
import { testFolder } from '../temporary-folder.ts'

function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = testFolder()
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
  return folder
}

const load = (script: string): Load => loadOf({ tool: 'k6', script })
const only = (folder: string, script: string) => [...readScripts([load(script)], folder).values()][0]
const SHOP = `import { ok } from '../lib/ok.js'\nconst users = open('users.csv')\nfetch(__ENV.MESHBENCH_TARGET)`
const FILES = {
  'scripts/shop.js': SHOP,
  'lib/ok.js': `import './deep/x.js'`,
  'lib/deep/x.js': '1',
  'scripts/users.csv': 'a,b',
}

describe('readScripts', () => {
  it('brings along every module and file, relative to the folder that holds them all', () => {
    const script = only(folderWith(FILES), 'scripts/shop.js')
    expect(script?.main).toBe('scripts/shop.js')
    expect(Object.keys(script?.files ?? {})).toEqual(Object.keys(FILES).toSorted())
  })

  it('takes the folder of the script where nothing lies above it', () => {
    const folder = folderWith({ 'a/b/my.js': 'MESHBENCH_TARGET' })
    expect(only(folder, 'a/b/my.js')).toMatchObject({ main: 'my.js' })
  })

  it('has the same checksum wherever the files are, and another where any of them changed', () => {
    const before = only(folderWith(FILES), 'scripts/shop.js')?.sha256
    expect(only(folderWith(FILES), 'scripts/shop.js')?.sha256).toBe(before)
    for (const path of Object.keys(FILES) as (keyof typeof FILES)[]) {
      const changed = folderWith({ ...FILES, [path]: `${FILES[path]} ` })
      expect(only(changed, 'scripts/shop.js')?.sha256).not.toBe(before)
    }
  })

  it.each([
    ['a script that is not there', {}, 'my.js', /my.js cannot be read/],
    ['a module that is not there', { 'my.js': `MESHBENCH_TARGET; import './no.js'` }, 'my.js', /no.js cannot be read/],
    [
      'a file that is not there',
      { 'my.js': `MESHBENCH_TARGET; open('no.csv')` },
      'my.js',
      /no.csv, which my.js opens, cannot/,
    ],
    [
      'a script that sends elsewhere',
      { 'my.js': `http.get('http://example.test')` },
      'my.js',
      /never reads MESHBENCH_TARGET/,
    ],
    ['bytes', { 'my.js': Uint8Array.of(0xff, 0xfe, 0x00) }, 'my.js', /no text in UTF-8/],
    ['a folder', { 'my.js/x': '' }, 'my.js', /my.js cannot be read/],
  ])('refuses %s', (_, files, path, message) => {
    const folder = folderWith(files as Record<string, string>)
    expect(() => only(folder, path)).toThrow(message)
  })

  it('refuses more files than a script has', () => {
    const many = Array.from({ length: 250 }, (_, index) => [
      `m${index}.js`,
      `MESHBENCH_TARGET; import './m${index + 1}.js'`,
    ])
    expect(() => only(folderWith(Object.fromEntries(many)), 'm0.js')).toThrow(/more than 200 files/)
  })

  it('takes modules that import each other', () => {
    const files = { 'a.js': `MESHBENCH_TARGET; import './b.js'`, 'b.js': `import './a.js'` }
    expect(Object.keys(only(folderWith(files), 'a.js')?.files ?? {})).toEqual(['a.js', 'b.js'])
  })
})

describe('plannedScripts', () => {
  it('gives scripts by their checksum, and refuses one that changed since the plan was made', () => {
    const folder = folderWith({ 'my.js': 'MESHBENCH_TARGET' })
    const planned = withChecksums([load('my.js'), loadOf()], folder)
    expect(planned[1]).not.toHaveProperty('scriptSha256')
    expect([...plannedScripts(planned, folder).keys()]).toEqual([planned[0]?.scriptSha256])
    writeFileSync(join(folder, 'my.js'), 'MESHBENCH_TARGET // other')
    expect(() => plannedScripts(planned, folder)).toThrow(/is not the one that this run started with/)
  })
})
