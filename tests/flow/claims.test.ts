import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseClaims } from '../../src/claims/read-claims.ts'
import { sharedFolder, testFolder } from '../temporary-folder.ts'
import { meshbench } from './surroundings.ts'

const claim = (id: string, test: string) =>
  `  - { id: ${id}, claim: "What ${id} says.", source: "https://example.com/a", date: 2026-01, ${test} }\n`
const LATENCY = 'of: istio-sidecar, over: none, load: steady, metric: p50'

/** Latency × 2, 100 MiB of memory: the truth is known. Traffic goes around linkerd. */
const SCENARIO = `
name: known
platform: simulated
arms: [none, istio-sidecar, linkerd]
loads: [{ name: steady, rate: 200/s, connections: 4, duration: 5s }]
blocks: 6
simulation:
  latency: 5ms
  noise: { trial: 0.05, block: 0.05, cohort: 0 }
  effects: { istio-sidecar: { latency: 2, memory: 100MiB }, linkerd: { latency: 1.5, memory: 20MiB } }
  faults: [{ kind: bypass, arm: linkerd }]
claims:
${[
  claim('twice-holds', `${LATENCY}, ratio: { atLeast: 1.5 }`),
  claim('little-fails', `${LATENCY}, ratio: { atMost: 1.5 }`),
  claim('within-holds', `${LATENCY}, ratio: { between: [1.8, 2.2] }`),
  claim('outside-fails', `${LATENCY}, ratio: { between: [2.5, 3] }`),
  claim('near-the-bound', `${LATENCY}, ratio: { atLeast: 1.95 }`),
  claim('adds-holds', `${LATENCY}, difference: { between: [3ms, 8ms] }`),
  claim('adds-fails', `${LATENCY}, difference: { atMost: 1ms }`),
  claim('value-holds', 'of: istio-sidecar, load: steady, metric: mesh-memory, value: { between: [60MiB, 200MiB] }'),
  claim('value-fails', 'of: istio-sidecar, load: steady, metric: mesh-memory, value: { atMost: 40MiB }'),
  claim(
    'part-is-less',
    'of: istio-sidecar, load: steady, metric: mesh-memory, roles: [server-proxy], value: { atMost: 90MiB }',
  ),
  claim('no-ratio', 'of: istio-sidecar, over: none, load: steady, metric: mesh-memory, ratio: { atLeast: 1 }'),
  claim('went-around', 'of: linkerd, over: none, load: steady, metric: p50, ratio: { atLeast: 1 }'),
  claim('feature-holds', 'feature: retries, arm: istio-sidecar, expected: works'),
  claim('feature-fails', 'feature: retries, arm: linkerd, expected: works'),
  claim('absence-holds', 'feature: retries, arm: linkerd, expected: [does-not-work, unsupported]'),
  claim('not-tried', 'feature: timeouts, arm: linkerd, expected: works'),
  claim('no-way-yet', 'needs: "A second cluster."'),
  // The page has a part with this id.
  claim('claims', 'needs: "Nothing."'),
].join('')}`

interface Judged {
  readonly claim: { readonly id: string }
  readonly verdict: string
  readonly reason: string
  readonly figures?: Record<string, unknown>
}

describe('meshbench claims', () => {
  const cwd = sharedFolder()
  let judged: ReadonlyMap<string, Judged>
  let document: Record<string, unknown>

  beforeAll(async () => {
    writeFileSync(join(cwd, 's.yaml'), SCENARIO)
    await meshbench(['run', 's.yaml', '--keep-going'], { cwd })
    await meshbench(['features', 's.yaml', '--probes', 'retries'], { cwd })
    const { code, stdout, stderr } = await meshbench(['claims', 's.yaml', '--json'], { cwd })
    expect(code, stderr).toBe(0)
    document = JSON.parse(stdout)
    judged = new Map((document['claims'] as Judged[]).map((one) => [one.claim.id, one]))
  })

  it.each([
    ['twice-holds', 'holds'],
    ['little-fails', 'does-not-hold'],
    ['within-holds', 'holds'],
    ['outside-fails', 'does-not-hold'],
    ['near-the-bound', 'cannot-tell'],
    ['adds-holds', 'holds'],
    ['adds-fails', 'does-not-hold'],
    ['value-holds', 'holds'],
    ['value-fails', 'does-not-hold'],
    ['part-is-less', 'holds'],
    ['no-ratio', 'cannot-tell'],
    ['went-around', 'cannot-tell'],
    ['feature-holds', 'holds'],
    ['feature-fails', 'does-not-hold'],
    ['absence-holds', 'holds'],
    ['not-tried', 'cannot-tell'],
    ['no-way-yet', 'cannot-tell'],
  ])('judges by what is true: %s %s', (id, verdict) => {
    expect(judged.get(id)?.verdict, judged.get(id)?.reason).toBe(verdict)
  })

  it('says what would tell, and which trials are not valid', () => {
    expect(judged.get('near-the-bound')?.reason).toMatch(/The interval contains the bound.*blocks/)
    expect(judged.get('went-around')?.reason).toContain('mesh-bypassed')
    expect(judged.get('not-tried')?.reason).toContain('meshbench features')
    expect(judged.get('no-way-yet')?.reason).toContain('A second cluster.')
  })

  it('documents its JSON, and names run, versions and blocks', () => {
    const docs = readFileSync(resolve(import.meta.dirname, '../../docs/json.md'), 'utf8')
    const keys = (value: unknown): string[] =>
      Array.isArray(value)
        ? value.flatMap(keys)
        : value !== null && typeof value === 'object'
          ? Object.entries(value).flatMap(([key, inner]) => [key, ...keys(inner)])
          : []
    for (const key of new Set(keys(document))) expect(docs).toContain(`\`${key}\``)
    expect(judged.get('twice-holds')?.figures).toMatchObject({ estimate: { n: 6 }, valid: 12, planned: 12 })
  })

  it('writes a page and a summary, with a link to the run', () => {
    const { page, summary } = document as { page: string; summary: string }
    const html = readFileSync(page, 'utf8')
    for (const { claim } of judged.values()) expect(html).toContain(`<tr id="claim-${claim.id}">`)
    expect(html).toContain('href="https://example.com/a"')
    expect(html).toContain('href="report.html"')
    expect(html).not.toContain('<script')
    expect(html).not.toContain(cwd)
    expect(html).toContain('no such bound is known for verdicts by probes')
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(ids).toEqual([...new Set(ids)])
    expect(ids).toEqual(expect.arrayContaining(['claims', 'claim-claims']))
    expect(readFileSync(summary, 'utf8')).toContain('✗ does not hold')
  })

  it('prints a table, and takes runs that are named', async () => {
    const [run = ''] = globSync(join(cwd, 'results', '*', 'run.json')).map((file) => basename(dirname(file)))
    const output = join(cwd, 'public', 'claims.html')
    const { code, stdout, stderr } = await meshbench(['claims', 's.yaml', '--run', run, '--output', output], { cwd })
    expect(code).toBe(0)
    expect(stdout).toContain('✓ holds  twice-holds')
    expect(stdout).toMatch(/18 claims: \d+ hold/)
    expect(stderr).toContain('claims about features need a run of probes')
    expect(readFileSync(output, 'utf8')).toContain(`href="../results/${run}/report.html"`)
    const foreign = join(cwd, 'mine.html')
    writeFileSync(foreign, 'mine')
    expect((await meshbench(['claims', 's.yaml', '--output', foreign], { cwd })).code).not.toBe(0)
    expect(readFileSync(foreign, 'utf8')).toBe('mine')
  })

  it('does not take another load or mesh for the one that is meant', async () => {
    const [run = ''] = globSync(join(cwd, 'results', '*', 'run.json')).map((file) => basename(dirname(file)))
    writeFileSync(join(cwd, 'other.yaml'), SCENARIO.replace('rate: 200/s', 'rate: 300/s'))
    const { stdout } = await meshbench(['claims', 'other.yaml', '--run', run, '--json'], { cwd })
    const [first] = JSON.parse(stdout).claims
    expect(first.verdict).toBe('cannot-tell')
    expect(first.reason).toContain('the load steady has other settings')
    writeFileSync(
      join(cwd, 'mesh.yaml'),
      SCENARIO.replace('arms: [none, istio-sidecar,', 'arms: [none, { name: istio-sidecar, mesh: istio-ambient },'),
    )
    const swapped = JSON.parse((await meshbench(['claims', 'mesh.yaml', '--run', run, '--json'], { cwd })).stdout)
    expect(swapped.claims[0].reason).toContain('the arm istio-sidecar is another mesh')
    writeFileSync(join(cwd, 'profile.yaml'), SCENARIO.replace('blocks: 6', 'blocks: 6\nprofile: defaults'))
    const profiled = JSON.parse((await meshbench(['claims', 'profile.yaml', '--run', run, '--json'], { cwd })).stdout)
    expect(profiled.claims[0].reason).toContain('has the profile equalised, not defaults')
  })

  it('takes no run of probes with another mesh of the same name', async () => {
    const other = SCENARIO.replace('istio-sidecar, linkerd]', 'istio-sidecar, { name: linkerd, mesh: istio-ambient }]')
    writeFileSync(join(cwd, 'probed.yaml'), other)
    const [file = ''] = globSync(join(cwd, 'results', '*', 'features.json'))
    const features = basename(dirname(file))
    const options = { cwd }
    const named = await meshbench(['claims', 'probed.yaml', '--features', features, '--json'], options)
    const find = ({ stdout }: { readonly stdout: string }, id: string): Judged | undefined =>
      (JSON.parse(stdout).claims as Judged[]).find(({ claim }) => claim.id === id)
    for (const id of ['feature-fails', 'absence-holds']) {
      expect(find(named, id)?.verdict).toBe('cannot-tell')
      expect(find(named, id)?.reason).toContain(`in run ${features} the arm linkerd is another mesh`)
    }
    expect(find(named, 'feature-holds')?.verdict).toBe('holds')
    // Where none is named, it is not chosen.
    expect(find(await meshbench(['claims', 'probed.yaml', '--json'], options), 'feature-fails')?.reason).toContain(
      'there is no run of probes',
    )
  })

  it('is not judged by a run with operations', async () => {
    const folder = testFolder()
    const operated = SCENARIO.slice(0, SCENARIO.indexOf('claims:'))
      .replace('rate: 200/s, connections: 4, duration: 5s', 'operation: server-rollout, rate: 200/s, duration: 16s')
      .replace('  faults: [{ kind: bypass, arm: linkerd }]\n', '')
    writeFileSync(join(folder, 'o.yaml'), operated)
    expect((await meshbench(['run', 'o.yaml', '--blocks', '3'], { cwd: folder })).code).toBe(0)
    writeFileSync(join(folder, 's.yaml'), SCENARIO)
    const { code, stdout } = await meshbench(['claims', 's.yaml', '--json'], { cwd: folder })
    expect(code).toBe(0)
    for (const { claim, verdict, reason, figures } of JSON.parse(stdout).claims as Judged[]) {
      expect(verdict, claim.id).toBe('cannot-tell')
      expect(figures, claim.id).toBeUndefined()
      if (claim.id === 'value-holds') expect(reason).toMatch(/has operations, of which no steady latencies are told/)
    }
  })

  it('says how to measure where there is no run', async () => {
    const empty = testFolder()
    const { code, stderr } = await meshbench(['claims'], { cwd: empty })
    expect(code).toBe(2)
    expect(stderr).toContain('meshbench run claims and meshbench features.')
    expect(existsSync(join(empty, 'results'))).toBe(false)
  })

  it.each([
    ['metric: p50', 'metric: p51', 'there is no metric p51'],
    [
      'metric: p50',
      'metric: operation-recovery',
      'operation-recovery is a metric of operations, which judge no claims',
    ],
    ['metric: p50', 'metric: capacity', 'capacity is a metric of searches of capacities, which judge no claims'],
    ['duration: 5s', 'duration: 40s, operation: server-rollout', 'whose load "steady" has an operation'],
    [
      'rate: 200/s',
      'capacity: { p99: 10ms, min: 100/s, max: 1k/s }',
      'no claim is judged by this scenario, whose load "steady" searches a capacity',
    ],
    ['feature: retries', 'feature: retrie', 'Did you mean "retries"'],
    ['of: istio-sidecar', 'of: istio-sidecart', 'there is no arm "istio-sidecart"'],
    ['load: steady', 'load: stead', 'there is no load "stead"'],
    ['difference: { atMost: 1ms }', 'difference: { atMost: 1MiB }', '1MiB is not a value of p50'],
    ['metric: mesh-memory, roles', 'metric: p50, roles', 'p50 is not of the components of a mesh'],
    ['ratio: { atLeast: 1.95 }', 'ratio: { atLeast: 1.95, atMost: 3 }', 'ratio has 2 bounds'],
    [', ratio: { atLeast: 1.95 }', '', 'the claim has no bound'],
    ['over: none, load', 'load', '"over" is missing'],
    ['needs: "A second cluster."', '', 'nothing says how the claim is tested'],
    ['needs: "A second cluster."', 'needs: "x", feature: retries', 'are of different kinds'],
    ['value: { atMost: 40MiB }', 'over: none, value: { atMost: 40MiB }', 'a value is of one arm'],
    ['id: no-way-yet', 'id: twice-holds', 'two claims are called "twice-holds"'],
    ['https://example.com/a', 'example', 'is not an address'],
    ['date: 2026-01', 'date: yesterday', 'is not a date'],
    ['date: 2026-01', 'date: 2026-02-31', '"2026-02-31" is not a date'],
    ['date: 2026-01', 'date: 2025-02-29', '"2025-02-29" is not a date'],
    ['expected: works', 'expected: work', 'is not one of the choices'],
  ])('refuses %s → %s with its place', async (from, to, said) => {
    const folder = testFolder()
    writeFileSync(join(folder, 's.yaml'), SCENARIO.replace(from, to))
    const { code, stderr } = await meshbench(['claims', 's.yaml'], { cwd: folder })
    expect(code).toBe(2)
    expect(stderr).toContain(said)
    expect(stderr).toMatch(/s\.yaml:\d+:\d+: /)
  })

  it('ships at least 25 claims of every kind, each with its source', () => {
    const file = 'scenarios/claims.yaml'
    const { claims = [] } = parseClaims(readFileSync(file, 'utf8'), file).file ?? {}
    expect(claims.length).toBeGreaterThanOrEqual(25)
    const kinds = Map.groupBy(claims, ({ test }) => test.kind)
    for (const kind of ['measured', 'feature', 'none'] as const) expect(kinds.get(kind)?.length).toBeGreaterThan(5)
  })

  it('refuses a scenario without claims', async () => {
    const { code, stderr } = await meshbench(['claims', 'quick'], { cwd: testFolder() })
    expect(code).toBe(2)
    expect(stderr).toContain('the scenario has no claims')
  })

  it('keeps claims out of what is run', () => {
    const [file = ''] = globSync(join(cwd, 'results', '*', 'run.json'))
    expect(readFileSync(file, 'utf8')).not.toContain('example.com')
  })
})
