import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { analyse } from '../../src/analyse/analyse.ts'
import type { Analysis } from '../../src/model/analysis.ts'
import { pageData } from '../../src/report/data/page-data.ts'
import { viewOf } from '../../src/report/data/view.ts'
import { summaryMarkdown } from '../../src/report/outputs/summary.ts'
import { readRun } from '../../src/store/read-run.ts'
import { analysisTable } from '../../src/ui/analysis-table.ts'
import { statements } from '../../src/ui/statements.ts'
import { styleFor } from '../../src/ui/terminal-style.ts'
import { analysisOf, type Changes, pageOf, scenario } from './fixture.ts'

/** Trials of other levels than their neighbours are missing: then means of what is left do not fit paired ratios. */
const holes: Changes = {
  results: (result) => {
    const { arm, block } = result.trial
    if ((arm === 'envoy-sidecar' && block === 3) || (arm === 'none' && block === 4)) return undefined
    const { outcome } = result
    if (outcome.status === 'failed' || block < 3 || block > 4) return result
    const { latency, observation } = outcome.reading
    const usage = observation.usage.map((one) => ({ ...one, cpuSeconds: 3 * one.cpuSeconds }))
    const slow = (one: object) =>
      Object.fromEntries(Object.entries(one).map(([key, value]) => [key, key === 'count' ? value : 3 * value]))
    const { summary } = latency
    const slowed = summary && {
      service: slow(summary.service),
      ...(summary.response && { response: slow(summary.response) }),
    }
    const reading = {
      ...outcome.reading,
      latency: { ...latency, ...(slowed && { summary: slowed as typeof summary }) },
      observation: { ...observation, usage },
    }
    return { ...result, outcome: { status: 'measured', reading } }
  },
}

const example = async (name: string) => analyse(await readRun(join(import.meta.dirname, '../../examples', name)))

const shapes: readonly (readonly [name: string, make: () => Analysis | Promise<Analysis>])[] = [
  ['two cohorts', () => analysisOf({ provenance: { platform: 'simulated' } })],
  ['missing trials', () => analysisOf(holes)],
  ['one block', () => analysisOf({ scenario: { cohorts: 1, blocks: 1, loads: scenario.loads.slice(0, 1) } })],
  ['the example on kind', () => example('kind')],
  ['the example on this host', () => example('local')],
]

const plain = (text: string) =>
  text
    .replace(/<(style|script)[^>]*>.*?<\/\1>/gs, '')
    .replace(/<(p|td|th|tr|h\d|li|div|figure|details|caption)\b/g, '\n<$1')
    .replace(/<[^>]*>/g, '')
    .replaceAll('&#39;', "'")
    .replace(/[ \u{A0}]+/gu, ' ')

const UNITS: Readonly<Record<string, number>> = {
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  '': 1,
}

interface Figure {
  readonly value: number
  /** Half of its last digit: figures have three. */
  readonly half: number
}

function figureOf(text: string): Figure {
  const [, number = '', unit = ''] = /^\$?([\d,.]+) ?(.*)$/.exec(text.trim()) ?? []
  const value = Number(number.replaceAll(',', '')) * (UNITS[unit] ?? Number.NaN)
  const digit = text.startsWith('$') ? 0.01 : 10 ** (Math.floor(Math.log10(value)) - 2)
  return { value, half: digit / 2 }
}

function ratioOf(text: string): Figure {
  const factor = /^×([\d.,]+)$/.exec(text)?.[1]
  if (factor !== undefined) {
    const value = Number(factor.replaceAll(',', ''))
    return { value, half: 10 ** (value < 10 ? -2 : Math.floor(Math.log10(value)) - 2) / 2 }
  }
  const [, sign, percent = ''] = /^([+−])([\d.]+) %$/.exec(text) ?? []
  const decimals = percent.split('.')[1]?.length ?? 0
  return { value: 1 + ((sign === '−' ? -1 : 1) * Number(percent)) / 100, half: 10 ** -decimals / 200 }
}

const AMOUNT = String.raw`(?:\$?[\d,.]+(?: (?:µs|ms|s|B|KiB|MiB|GiB)\b)?)`
const SENTENCE = new RegExp(String.raw`^(?:- )?(.*) is (${AMOUNT}) with (\S+) \((\w+) mean, (\d+) trials?\)(.*)$`, 'gm')
const PART = new RegExp(String.raw`(\S+)( takes off| adds)? (${AMOUNT}) \(([×+−][\d.,]+(?: %)?)\)`, 'g')

/** Every "level … adds amount (ratio)" of a text. */
function claims(text: string) {
  return [...text.matchAll(SENTENCE)].flatMap(([, what = '', level = '', , mean, , rest = '']) => {
    let sign = 1
    return [...rest.matchAll(PART)].map(([, arm = '', verb, amount = '', ratio = '']) => {
      if (verb) sign = verb === ' adds' ? 1 : -1
      return { what, arm, mean, sign, level: figureOf(level), amount: figureOf(amount), ratio: ratioOf(ratio) }
    })
  })
}

function expectToAgree(text: string): number {
  const all = claims(text)
  for (const { what, arm, mean, sign, level, amount, ratio } of all) {
    const [sum, product] = [level.value + sign * amount.value, level.value * ratio.value]
    const rounding = Math.abs(1 - ratio.value) * level.half + amount.half + (level.value + level.half) * ratio.half
    expect(Math.abs(sum - product), `${what}: ${arm}`).toBeLessThanOrEqual(rounding * 1.001)
    expect(mean).toBe('geometric')
  }
  return all.length
}

/** Levels as tables print them, by arm, load and metric. */
function levelsIn(page: string, analysis: Analysis): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>()
  const add = (arm: string, load: string, metric: string, level: string) => {
    const key = `${arm} ${load} ${metric}`
    found.set(key, (found.get(key) ?? new Set()).add(plain(level).trim()))
  }
  const { loads } = analysis.record.run.plan.scenario
  for (const [index, load] of loads.entries()) {
    const view = viewOf(pageData(analysis))
    const table = new RegExp(`aria-labelledby="costs-${index}">.*?</table>`, 's').exec(page)?.[0] ?? ''
    const heads = [...(/<thead>.*?<\/thead>/s.exec(table)?.[0] ?? '').matchAll(/<th scope=col>(.*?)<small>/g)]
    for (const line of table.split('<tr').slice(2)) {
      const arm = /<span class="arm">.*?<span>(.*?)<\/span>/s.exec(line)?.[1] ?? ''
      const cells = line.split('<td').slice(1)
      for (const [column, cell] of cells.entries()) {
        const level = /<span class="level">(?:<span class="rank[^>]*>[^<]*<\/span>)?(.*?)<\/span>/s.exec(cell)?.[1]
        const head = heads[column]?.[1] ?? ''
        const metric = /^p\d/.test(head) ? `p${head.slice(1).replace('.', '')}` : ''
        if (level !== undefined && view.metric(metric)) add(arm, load.name, metric, level)
      }
    }
    const figures = new RegExp(`aria-labelledby="figures-${index}">.*?</table>`, 's').exec(page)?.[0] ?? ''
    for (const line of figures.split('<tr').slice(2)) {
      const [title = '', arm = '', level = ''] = line
        .split(/<t[hd][^>]*>/)
        .slice(1)
        .map((cell) => plain(cell).trim())
      const metric = analysis.metrics.find((one) => one.title === title)
      if (metric && level !== '–') add(arm, load.name, metric.name, level)
    }
  }
  return found
}

describe.each(shapes)('%s', (_, make) => {
  it('level + difference = level × ratio in every sentence, and one level for one thing', async () => {
    const analysis = await make()
    const page = await pageOf(analysis, { generatedAt: '2026-03-01T21:00:00Z' })
    const summary = summaryMarkdown(viewOf(pageData(analysis)), analysis, { report: 'report.html' })
    const [pageText, summaryText] = [plain(page), plain(summary)]
    const decided = analysis.cells.some(({ standing }) => standing === 'higher' || standing === 'lower')
    const [onPage, inSummary] = [expectToAgree(pageText), expectToAgree(summaryText)]
    if (decided) expect(Math.min(onPage, inSummary)).toBeGreaterThan(0)

    const levels = levelsIn(page, analysis)
    expect(levels.size).toBeGreaterThan(4)
    for (const [key, texts] of levels) expect([...texts], key).toHaveLength(1)

    // Sentence, table and terminal say the same level of the baseline.
    const [baseline] = analysis.record.run.plan.scenario.arms
    for (const [, what, level = ''] of pageText.matchAll(SENTENCE)) {
      const metric = /\bp(\d+)$/.exec(what ?? '')?.[0]
      const known = [...levels].flatMap(([key, texts]) =>
        key.startsWith(`${baseline?.name} `) && key.endsWith(` ${metric}`) ? [...texts] : [],
      )
      if (metric) expect(known).toContain(level)
    }
    const style = styleFor({ isTTY: false } as NodeJS.WriteStream, { LANG: 'C.UTF-8' })
    const terminal = analysisTable(analysis, style)
    const tail = statements(analysis, 'p99').join('\n')
    for (const { name } of analysis.record.run.plan.scenario.loads) {
      const [level] = levels.get(`${baseline?.name} ${name} p99`) ?? []
      if (level === undefined) continue
      expect(terminal).toContain(level)
      expect(tail).toContain(level)
    }

    // Of one trial nothing is claimed, and what is pooled says so.
    expect(pageText).not.toMatch(/surely|blocks? in all would decide|reaches beyond|no valid data|None does for sure/)
    if (pageText.includes('p99 goes from')) expect(pageText).toContain('Of all requests of all blocks together')
  })
})
