import { globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const SCENARIO = `
name: shop
platform: simulated
blocks: 3
arms: [none, { name: sidecar, mesh: istio-sidecar }]
workload:
  manifests: shop/
  entrance: { service: web, port: 80, path: /orders, method: POST, headers: { authorization: Bearer planted-7Qx99 }, body: '{}', expectedStatus: 201 }
loads: [{ tool: TOOL, rate: 200/s, connections: 8, warmup: 1s, duration: 4s }]
`

function scenario(tool = 'fortio'): string {
  const cwd = testFolder()
  mkdirSync(join(cwd, 'shop'))
  writeFileSync(join(cwd, 'shop', 'web.yaml'), 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\n')
  writeFileSync(join(cwd, 'shop.yaml'), SCENARIO.replace('TOOL', tool))
  return cwd
}

it.each(['fortio', 'k6'])(
  'plans and measures a request of the user’s with %s; secrets of its headers are stored nowhere',
  async (tool) => {
    const cwd = scenario(tool)
    const ended = await meshbench(['run', 'shop.yaml', '--json'], { cwd })
    expect(ended.code, ended.stderr).toBe(0)
    const { scenario: stored } = JSON.parse(ended.stdout).analysis.record.run.plan
    expect(stored.loads[0].request).toMatchObject({ path: '/orders', method: 'POST', expectedStatus: 201 })
    expect(stored.loads[0].applicationSha256).toMatch(/^[0-9a-f]{64}$/)
    const files = globSync(join(cwd, 'results', '**')).filter((path) => statSync(path).isFile())
    expect(files.filter((file) => readFileSync(file, 'latin1').includes('planted-7Qx99'))).toEqual([])
  },
)

it('resumes only with the same manifests and the same request', async () => {
  const cwd = scenario()
  const begun = await meshbench(['run', 'shop.yaml'], { cwd, abortOn: 'block 2' })
  expect(begun.code, begun.stderr).toBe(130)
  const bare = await meshbench(['run', '--resume'], { cwd })
  expect(bare.stderr).toContain('the manifests of shop/ are not stored with the run')
  const yaml = readFileSync(join(cwd, 'shop.yaml'), 'utf8')
  writeFileSync(join(cwd, 'shop.yaml'), yaml.replace('/orders', '/other'))
  const other = await meshbench(['run', 'shop.yaml', '--resume'], { cwd })
  expect(other.stderr).toContain('is not the one that this run started with')
  writeFileSync(join(cwd, 'shop.yaml'), yaml)
  writeFileSync(join(cwd, 'shop', 'web.yaml'), 'apiVersion: v1\nkind: Service\nmetadata: { name: web, labels: {} }\n')
  const changed = await meshbench(['run', 'shop.yaml', '--resume'], { cwd })
  expect(changed.stderr).toContain('its files')
  writeFileSync(join(cwd, 'shop', 'web.yaml'), 'apiVersion: v1\nkind: Service\nmetadata: { name: web }\n')
  const resumed = await meshbench(['run', 'shop.yaml', '--resume'], { cwd })
  expect(resumed.code, resumed.stderr).toBe(0)
})

it('plans a graph of services, asked at each of them, and reports by service', async () => {
  const cwd = testFolder()
  writeFileSync(
    join(cwd, 'chain.yaml'),
    `
name: chain
platform: simulated
blocks: 3
arms: [none, { name: sidecar, mesh: istio-sidecar }]
workload: { services: { a: { calls: [b] }, b: { calls: [c] }, c: { answer: 2KiB } } }
loads: [{ rate: 200/s, connections: 8, warmup: 1s, duration: 4s, service: [a, b, c] }]
`,
  )
  const ended = await meshbench(['run', 'chain.yaml', '--json'], { cwd })
  expect(ended.code, ended.stderr).toBe(0)
  const { analysis, report } = JSON.parse(ended.stdout)
  const { loads } = analysis.record.run.plan.scenario
  expect(
    loads.map(({ name, request }: { name: string; request: { answer: number } }) => [name, request.answer]),
  ).toEqual([
    ['http-200-a', 4096],
    ['http-200-b', 3072],
    ['http-200-c', 2048],
  ])
  expect(readFileSync(report, 'utf8')).toContain('Latency by depth and width')
})
