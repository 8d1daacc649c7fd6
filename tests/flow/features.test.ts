import { existsSync, globSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { probes } from '../../src/features/probes/index.ts'
import { testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

/** Two simulated meshes, of which traffic goes around the second. */
const SCENARIO = `
name: what-they-do
platform: simulated
arms: [{ name: istio-sidecar, mesh: istio-sidecar, values: { extensionProviders: true } }, linkerd]
loads: [{ rate: 10/s }]
blocks: 1
simulation: { faults: [{ kind: bypass, arm: linkerd }] }
`

/** What cannot be tried leaves no file. */
const TRIED = ['istio-sidecar', 'linkerd'].flatMap((mesh) =>
  probes.filter(({ means: { [mesh]: means } }) => means && !('untried' in means)),
)

function folder(text = SCENARIO): string {
  const cwd = testFolder()
  writeFileSync(join(cwd, 's.yaml'), text)
  return cwd
}

const fileOf = (cwd: string, pattern: string) => {
  const [file, ...others] = globSync(join(cwd, 'results', '*', pattern))
  expect(others).toEqual([])
  return file ?? ''
}

describe('meshbench features', () => {
  it('writes what each arm does: a matrix, a page, a summary and a file for each cell', async () => {
    const cwd = folder()
    const { code, stdout, stderr } = await meshbench(['features', 's.yaml'], { cwd })
    expect(code, stderr).toBe(0)
    const [line] = stdout.split('\n').filter((text) => text.startsWith('Weighted split'))
    expect(line).toMatch(/works within 0.1 s +does not work$/)
    expect(readdirSync(fileOf(cwd, 'features'))).toHaveLength(TRIED.length)
    expect(readFileSync(fileOf(cwd, 'report.html'), 'utf8')).toContain('What each mesh does')
    expect(readFileSync(fileOf(cwd, 'summary.md'), 'utf8')).toContain(
      '| Weighted split | ✓ works within 0.1 s | ✗ does not work |',
    )
  })

  it('tries only the probes that are named, and names those that there are', async () => {
    const cwd = folder()
    const { stdout } = await meshbench(['features', 's.yaml', '--probes', 'retries,timeouts', '--json'], { cwd })
    const { results } = JSON.parse(stdout)
    expect(results.map(({ arm, feature, verdict }: Record<string, string>) => [arm, feature, verdict])).toEqual([
      ['istio-sidecar', 'timeouts', 'works'],
      ['istio-sidecar', 'retries', 'works'],
      ['linkerd', 'timeouts', 'does-not-work'],
      ['linkerd', 'retries', 'does-not-work'],
    ])
    const wrong = await meshbench(['features', 's.yaml', '--probes', 'retry'], { cwd })
    expect(wrong.code).toBe(2)
    expect(wrong.stderr).toContain('retries')
  })

  it('goes on where it was interrupted, and tries nothing twice', async () => {
    const cwd = folder()
    const stopped = await meshbench(['features', 's.yaml'], { cwd, abortOn: 'istio-sidecar, header-routing' })
    expect(stopped.code).toBe(130)
    const [, id = ''] = /--resume (\S+)/.exec(stopped.stderr) ?? []
    const before = readdirSync(fileOf(cwd, 'features'))
    expect(before.length).toBeGreaterThan(5)
    const kept = readFileSync(join(fileOf(cwd, 'features'), before[0] ?? ''), 'utf8')
    const { code, stderr } = await meshbench(['features', 's.yaml', '--resume', id], { cwd })
    expect(code, stderr).toBe(0)
    expect(stderr).not.toContain('istio-sidecar, weighted-split')
    expect(readdirSync(fileOf(cwd, 'features'))).toHaveLength(TRIED.length)
    expect(readFileSync(join(fileOf(cwd, 'features'), before[0] ?? ''), 'utf8')).toBe(kept)
  })

  it('does not go on with another scenario', async () => {
    const cwd = folder()
    const stopped = await meshbench(['features', 's.yaml'], { cwd, abortOn: 'istio-sidecar, header-routing' })
    const [, id = ''] = /--resume (\S+)/.exec(stopped.stderr) ?? []
    writeFileSync(join(cwd, 's.yaml'), SCENARIO.replace(', linkerd]', ', istio-ambient, linkerd]'))
    const { code, stderr } = await meshbench(['features', 's.yaml', '--resume', id], { cwd })
    expect(code).not.toBe(0)
    expect(stderr).toContain('the scenario is not what')
    writeFileSync(join(cwd, 's.yaml'), SCENARIO)
    const fewer = await meshbench(['features', 's.yaml', '--probes', 'retries', '--resume', id], { cwd })
    expect(fewer.stderr).toContain('the probes are not what')
    const elsewhere = await meshbench(['features', 's.yaml', '--resume', `../results/${id}`], { cwd })
    expect(elsewhere.stderr).toContain('is not the id of a run')
  })

  it('ends with 10 where what worked does not any more, and with 0 where it does', async () => {
    const cwd = folder(SCENARIO.replace(/simulation.*/, ''))
    const before = await meshbench(['features', 's.yaml', '--probes', 'retries', '--json'], { cwd })
    writeFileSync(join(cwd, 'expected.json'), before.stdout)
    const args = ['features', 's.yaml', '--probes', 'retries', '--expect', 'expected.json']
    expect((await meshbench(args, { cwd })).code).toBe(0)
    writeFileSync(join(cwd, 's.yaml'), SCENARIO)
    const { code, stderr } = await meshbench(args, { cwd })
    expect(code).toBe(10)
    expect(stderr).toContain('linkerd, retries: it used to work; now: does not work')
  })

  it('ends with 12 where what worked could not be tried', async () => {
    const cwd = folder(SCENARIO.replace(/simulation.*/, ''))
    const before = await meshbench(['features', 's.yaml', '--probes', 'retries', '--json'], { cwd })
    writeFileSync(join(cwd, 'expected.json'), before.stdout)
    writeFileSync(join(cwd, 's.yaml'), SCENARIO.replace('kind: bypass', 'kind: raise'))
    const ended = await meshbench(['features', 's.yaml', '--probes', 'retries', '--expect', 'expected.json'], { cwd })
    expect(ended.code, ended.stderr).toBe(12)
    expect(ended.stderr).toContain('The arm is not up')
  })

  it('tries again what could not be tried', async () => {
    const cwd = folder(SCENARIO.replace('kind: bypass', 'kind: raise'))
    const first = await meshbench(['features', 's.yaml', '--probes', 'retries', '--json'], { cwd })
    const { run, results } = JSON.parse(first.stdout)
    expect(results.map(({ verdict }: { verdict: string }) => verdict)).toEqual(['works', 'not-tried'])
    const again = await meshbench(['features', 's.yaml', '--probes', 'retries', '--resume', run], { cwd })
    expect(again.code, again.stderr).toBe(0)
    expect(again.stderr).toContain('linkerd, retries')
    expect(again.stderr).not.toContain('istio-sidecar, retries')
  })

  it('refuses expectations that are none, and such that are not tried', async () => {
    const cwd = folder()
    writeFileSync(join(cwd, 'none.json'), '{}')
    const none = await meshbench(['features', 's.yaml', '--expect', 'none.json'], { cwd })
    expect([none.code, existsSync(join(cwd, 'results'))]).toEqual([2, false])
    const all = await meshbench(['features', 's.yaml', '--probes', 'retries,timeouts', '--json'], { cwd })
    writeFileSync(join(cwd, 'all.json'), all.stdout)
    const fewer = await meshbench(['features', 's.yaml', '--probes', 'retries', '--expect', 'all.json'], { cwd })
    expect(fewer.code).toBe(2)
    expect(fewer.stderr).toContain('timeouts')
  })

  it('is no run: other commands do not take it for one', async () => {
    const cwd = folder()
    await meshbench(['features', 's.yaml', '--probes', 'retries'], { cwd })
    expect((await meshbench(['report'], { cwd })).stderr).toContain('no run')
    expect((await meshbench(['run', '--resume'], { cwd })).code).not.toBe(0)
  })
})
