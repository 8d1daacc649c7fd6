import { describe, expect, it } from 'vitest'
import { metrics } from '../../src/analyse/metrics.ts'
import type { MetricInfo } from '../../src/model/analysis.ts'
import type { BudgetCheck, GateCell, GateFinding, GateResult } from '../../src/model/verdict.ts'
import { annotations, junit } from '../../src/report/outputs/ci-reports.ts'
import { jobSummary, pullRequestMarkdown } from '../../src/report/outputs/gate-markdown.ts'

const metric = metrics.find(({ info }) => info.name === 'p99')?.info as MetricInfo

function cell(changes: Partial<GateCell> = {}): GateCell {
  return {
    arm: 'istio',
    reference: 'istio-ref',
    load: 'http-1k',
    metric,
    level: 'error',
    verdict: 'pass',
    suspected: false,
    waived: false,
    ratio: { center: 1.12, lo: 1.08, hi: 1.16, n: 20 },
    blocks: { valid: 20, planned: 20, worse: 19 },
    cohorts: 2,
    message: 'istio adds 1.2 ms to p99 under http-1k.',
    reproduce: 'meshbench run night --arms istio,istio-ref --loads http-1k',
    ...changes,
  }
}

const finding = (severity: GateFinding['severity'], changes: Partial<GateFinding> = {}): GateFinding => ({
  rule: 'regression',
  severity,
  message: 'istio is slower.',
  ...changes,
})

function result(changes: Partial<GateResult> = {}): GateResult {
  return {
    schema: 1,
    verdict: 'pass',
    exit: 0,
    strict: false,
    run: { id: 'run-1', scenario: 'night', platform: 'kind', startedAt: '2026-01-01T00:00:00.000Z' },
    mode: 'arms',
    stage: 2,
    family: { alpha: 0.006, cells: 1, method: 'holm' },
    headline: 'Nothing is worse than its reference.',
    findings: [],
    cells: [cell()],
    budgets: [],
    changes: [],
    waivers: [],
    ...changes,
  }
}

const regression = result({
  verdict: 'regression',
  exit: 10,
  headline: 'istio is slower.',
  cells: [cell({ verdict: 'regression' }), cell({ arm: 'linkerd' })],
  findings: [finding('regression', { remedy: 'Look at it.' })],
})

describe('JUnit', () => {
  const count = (xml: string) =>
    /<testsuites [^>]*?(tests="\d+" failures="\d+" errors="\d+" skipped="\d+")/.exec(xml)?.[1]

  it('has a case for every cell, green where all passed', () => {
    expect(count(junit(result()))).toBe('tests="2" failures="0" errors="0" skipped="0"')
  })

  it.each<[string, Partial<GateCell>, boolean, string]>([
    ['a regression fails', { verdict: 'regression' }, false, 'failures="1" errors="0" skipped="0"'],
    ['an invalid cell is an error', { verdict: 'invalid' }, false, 'failures="0" errors="1" skipped="0"'],
    ['an inconclusive cell is skipped', { verdict: 'inconclusive' }, false, 'failures="0" errors="0" skipped="1"'],
    [
      'an inconclusive cell fails where strict',
      { verdict: 'inconclusive' },
      true,
      'failures="1" errors="0" skipped="0"',
    ],
    [
      'a waived regression is skipped',
      { verdict: 'regression', waived: true },
      false,
      'failures="0" errors="0" skipped="1"',
    ],
    [
      'what only warns is skipped',
      { verdict: 'regression', level: 'warn' },
      false,
      'failures="0" errors="0" skipped="1"',
    ],
    ['an improvement is green', { verdict: 'improvement' }, false, 'failures="0" errors="0" skipped="0"'],
  ])('%s', (_, changes, strict, expected) => {
    expect(count(junit(result({ cells: [cell(changes)], strict })))).toContain(expected)
  })

  it('counts budgets and what is wrong with the whole', () => {
    const budget: BudgetCheck = {
      arm: 'istio',
      load: 'http-1k',
      metric,
      limit: 0.012,
      verdict: 'broken',
      waived: false,
      message: 'p99 of istio is above 12 ms.',
    }
    const xml = junit(
      result({ budgets: [budget], findings: [finding('invalid', { rule: 'missing-trials' })], exit: 12 }),
    )
    expect(count(xml)).toContain('failures="1" errors="1"')
    expect(xml).toContain('name="missing-trials"')
  })

  it.each([10, 11, 12, 13] as const)('is never green with exit %i, even without a cell', (exit) => {
    const xml = junit(result({ exit, verdict: 'invalid', cells: [] }))
    expect(count(xml)).toBe('tests="1" failures="0" errors="1" skipped="0"')
  })

  it('is XML whatever the sentences hold', () => {
    const xml = junit(result({ headline: 'a < b & "c" > \u0000\u001b[31m]]>' }))
    expect(xml).toContain('a &lt; b &amp; &quot;c&quot; &gt; \u{fffd}\u{fffd}[31m]]&gt;')
  })
})

describe('annotations', () => {
  it('are workflow commands with everything escaped', () => {
    const tricky = finding('regression', { rule: 'a,b:c', message: '100 %\nslower', remedy: 'undo it' })
    expect(annotations({ findings: [tricky] })).toEqual([
      '::error title=meshbench a%2Cb%3Ac::100 %25%0Aslower%0Aundo it',
    ])
  })

  it.each([
    [10, 10, undefined],
    [11, 10, 'and 2 more; see the job summary'],
    [500, 10, 'and 491 more; see the job summary'],
  ])('of %i findings of a kind shows %i', (given, shown, last) => {
    const findings = [
      ...Array.from({ length: given }, () => finding('regression')),
      ...Array.from({ length: given }, () => finding('inconclusive')),
    ]
    const lines = annotations({ findings })
    expect(lines.filter((line) => line.startsWith('::error'))).toHaveLength(shown)
    expect(lines.filter((line) => line.startsWith('::warning'))).toHaveLength(shown)
    if (last) expect(lines[9]).toContain(last)
  })
})

describe('Markdown', () => {
  it('leads with the decision and folds away what passed', () => {
    const text = jobSummary(regression)
    expect(text.split('\n')[0]).toBe('## meshbench: ❌ regression')
    expect(text.indexOf('istio against istio-ref')).toBeLessThan(text.indexOf('<details>'))
    expect(text.indexOf('linkerd against')).toBeGreaterThan(text.indexOf('<details>'))
    expect(text).toContain('meshbench run night --arms istio,istio-ref --loads http-1k')
    expect(text).toContain('Look at it.')
  })

  it('of a pull request begins with the mark by which it is found again', () => {
    expect(pullRequestMarkdown(regression)).toMatch(/^<!-- meshbench -->\n## meshbench/)
  })

  it('lets no text from elsewhere become markup or a mention', () => {
    const changes = [{ what: 'kernel', reference: 'a|b', candidate: '<img src=x> @someone [x](y)\n# h' }]
    const row = jobSummary(result({ changes }))
      .split('\n')
      .find((line) => line.startsWith('| kernel'))
    expect(row).toBe('| kernel | a\\|b | &lt;img src=x&gt; @\u200bsomeone \\[x\\](y) \\# h |')
  })

  it.each([
    ['summary', jobSummary, 1_000_000],
    ['comment', pullRequestMarkdown, 65_000],
  ])('of a %s stays within its limit, says what is missing, and closes what it opened', (_, write, limit) => {
    const many = Array.from({ length: 20_000 }, (_, index) => cell({ arm: `arm-ü-${index}` }))
    const text = write(result({ cells: many }))
    const bytes = Buffer.byteLength(text)
    expect(bytes).toBeLessThanOrEqual(limit)
    expect(bytes).toBeGreaterThan(limit * 0.99)
    expect(text).toMatch(/Omitted lines: \d+, because the limit is \d+ bytes/)
    expect(text.match(/^<details>$/gm)).toHaveLength(1)
    expect(text.match(/^<\/details>$/gm)).toHaveLength(1)
  })
})
