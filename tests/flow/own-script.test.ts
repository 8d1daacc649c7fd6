import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const SCENARIO = `
name: shop
platform: simulated
blocks: 3
arms: [none, { name: sidecar, mesh: istio-sidecar }]
`

function scenario(): string {
  const cwd = testFolder()
  writeFileSync(
    join(cwd, 'shop.yaml'),
    `${SCENARIO}loads: [{ tool: k6, script: shop.js, rate: 200/s, connections: 8, warmup: 1s, duration: 4s }]\n`,
  )
  writeFileSync(join(cwd, 'shop.js'), SCRIPT)
  return cwd
}

const SCRIPT = `import http from 'k6/http'
const password = 'planted-7Q'
export default () => http.get(__ENV.MESHBENCH_TARGET, { headers: { password } })
`

function textOf(file: string): string {
  const bytes = readFileSync(file)
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

it('measures by a script of the user’s, stores its checksum and not its text, and reports by group', async () => {
  const cwd = scenario()
  const ended = await meshbench(['run', 'shop.yaml', '--json'], { cwd })
  expect(ended.code, ended.stderr).toBe(0)
  const { analysis } = JSON.parse(ended.stdout)
  const [load] = analysis.record.run.plan.scenario.loads
  expect(load).toMatchObject({ name: 'shop-200', script: 'shop.js', payload: 0 })
  expect(load.scriptSha256).toMatch(/^[0-9a-f]{64}$/)
  expect(analysis.script.map(({ kind }: { kind: string }) => kind)).toEqual(['iteration', 'group'])
  const files = globSync(join(cwd, 'results', '**')).filter((path) => statSync(path).isFile())
  expect(files.length).toBeGreaterThan(10)
  expect(files.filter((file) => textOf(file).includes('planted-7Q'))).toEqual([])
  const page = files.find((file) => file.endsWith('report.html')) ?? ''
  expect(readFileSync(page, 'utf8')).toContain('Groups of the script')
})

it('resumes only with the same script', async () => {
  const cwd = scenario()
  const begun = await meshbench(['run', 'shop.yaml'], { cwd, abortOn: 'block 2' })
  expect(begun.code, begun.stderr).toBe(130)
  const bare = await meshbench(['run', '--resume'], { cwd })
  expect(bare.code).toBe(2)
  expect(bare.stderr).toContain('shop.js is not stored with the run')
  writeFileSync(join(cwd, 'shop.js'), `${SCRIPT}// changed\n`)
  const changed = await meshbench(['run', 'shop.yaml', '--resume'], { cwd })
  expect(changed.code).not.toBe(0)
  expect(changed.stderr).toContain('is not the one that this run started with')
  writeFileSync(join(cwd, 'shop.js'), SCRIPT)
  const resumed = await meshbench(['run', 'shop.yaml', '--resume'], { cwd })
  expect(resumed.code, resumed.stderr).toBe(0)
})

it('refuses to compare runs whose scripts differ', async () => {
  const cwd = scenario()
  const ids: string[] = []
  for (const text of [SCRIPT, `${SCRIPT}// another\n`]) {
    writeFileSync(join(cwd, 'shop.js'), text)
    const { stdout } = await meshbench(['run', 'shop.yaml', '--json'], { cwd })
    ids.push(JSON.parse(stdout).analysis.record.run.id)
  }
  const ended = await meshbench(['compare', ...ids], { cwd })
  expect(ended.code).not.toBe(0)
  expect(ended.stderr).toContain('scriptSha256')
})

it('runs a script with its own shape as a closed loop', async () => {
  const cwd = scenario()
  const yaml = readFileSync(join(cwd, 'shop.yaml'), 'utf8').replace('rate: 200/s', 'shape: own')
  writeFileSync(join(cwd, 'shop.yaml'), yaml)
  const ended = await meshbench(['run', 'shop.yaml', '--json'], { cwd })
  expect(ended.code, ended.stderr).toBe(0)
  const { analysis } = JSON.parse(ended.stdout)
  expect(analysis.record.run.plan.scenario.loads[0]).toMatchObject({ name: 'shop', shape: 'own', rate: 'max' })
  expect(JSON.stringify(analysis.trials[0].problems)).toContain('The options of the script decided')
})
