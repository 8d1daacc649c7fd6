import { describe, expect, it } from 'vitest'
import { pageData } from '../../../src/report/data/page-data.ts'
import { viewOf } from '../../../src/report/data/view.ts'
import { code, fenced, text } from '../../../src/report/outputs/markdown.ts'
import { summaryMarkdown } from '../../../src/report/outputs/summary.ts'
import { analysisOf, CAVEAT, type Changes, scenario } from '../fixture.ts'

function summaryOf(changes: Changes = {}, report = 'report.html'): string {
  const analysis = analysisOf(changes)
  return summaryMarkdown(viewOf(pageData(analysis)), analysis, { report })
}

/** A model of arms may be ranked; the architectures of one proxy may not. */
const ranked = { provenance: { platform: 'simulated' } }
const summary = summaryOf(ranked).replaceAll('\u{A0}', ' ')

describe('the summary', () => {
  it('warns, answers, and shows a table for each load', () => {
    expect(summary).toMatch(/^## meshbench: standard\n/)
    expect(summary.indexOf(CAVEAT)).toBeGreaterThan(0)
    expect(summary.indexOf('### http-500')).toBeLessThan(summary.indexOf('### http-2000'))
    expect(summary).toMatch(/- p99 is [\d.]+ ms with none.*envoy-sidecar/)
    expect(summary).toMatch(/- Cheapest with p99 under 10 ms: envoy-node \(\$[\d.]+ a month\)/)
    expect(
      summary.match(
        /^\| arm \| p50 \| p99 \| CPU of the mesh per million requests \| idle CPU of the mesh \| memory of the mesh \|/gm,
      ),
    ).toHaveLength(2)
    expect(summary).toMatch(
      /^\| envoy-sidecar \| [\d.]+ ms, \+\d+ % \(\+\d+ to \+\d+ %\) \| .* \| [\d.]+ s, \+[\d.]+ s \(\+[\d.]+ to \+[\d.]+ s\) \| [\d.]+ mcores, .* \|$/m,
    )
    expect(summary).toMatch(/^\| none-again \| .* \| 0 s \| 0 cores \| 0 B \|$/m)
    expect(summary).toMatch(/none-again \| \d+ µs, [^|]*, no relevant difference \|/)
  })

  it('says how far to trust it, where it was measured, and how to measure it again', () => {
    expect(summary).toContain('58 of 60 trials valid: 1 invalid, 1 failed; 6 blocks in 2 cohorts')
    expect(summary).toMatch(/\*\*Noise floor\*\*: tail of none in the A\/A pair: up to \+[\d.]+ % under http-500/)
    expect(summary).toContain('2026-03-01 20:15 UTC, platform simulated, equalised settings, seed 42')
    expect(summary).toContain('AMD EPYC 7B13, 8 cores, 32 GiB, kvm')
    expect(summary).toContain('fortio 1.68.0, envoy 1.40.0')
    expect(summary).toContain(
      '```sh\nmeshbench run standard --seed 42\nmeshbench report 2026-03-01T20-15-00-standard\n```',
    )
  })

  it('ranks nothing where an arm is not the released product', () => {
    const local = summaryOf()
    expect(local).toContain('Not ranked: these are architectures on one proxy')
    expect(local).not.toContain('Cheapest')
  })

  it('links to the page, whatever its name is', () => {
    expect(summary).toContain('[Full report](report.html)')
    expect(summaryOf({}, 'a) b.html')).toContain('[Full report](a%29%20b.html)')
  })

  it('has a row for an arm without valid data', () => {
    const none = summaryOf({ results: (one) => (one.trial.arm === 'envoy-node' ? undefined : one) })
    expect(none).toContain('| envoy-node | no valid figure | no valid figure |')
  })

  it('lets no name become markup, and no row another one', () => {
    const name = 'a|b`c`\n| x | <img src=x onerror=y> [l](http://evil) @someone **b**'
    const arms = [scenario.arms[0], { name, mesh: 'envoy-sidecar' }].flatMap((arm) => arm ?? [])
    const [load] = scenario.loads
    const loads = load ? [{ ...load, name: '# evil\n```' }] : []
    const hostile = summaryOf({
      scenario: { arms, loads, name: '<b>x</b>', description: '<!-- ' },
      provenance: { commandLine: ['meshbench', 'run', "it's ```` $(x)\nhere"], caveat: '> [x](javascript:y)' },
    })
    expect(hostile).not.toMatch(/<(?!\/?details|\/?summary)/)
    expect(hostile).not.toMatch(/(?<!\\)\[l\]/)
    expect(hostile).not.toContain('http://')
    expect(hostile).not.toContain('@someone')
    expect(hostile).not.toMatch(/^# evil/m)
    expect(hostile).not.toMatch(/^\| x \|/m)
    const columns = hostile.match(/(?<!\\)\|/g)?.length ?? 0
    expect(columns % 7).toBe(0)
    expect(hostile).toMatch(/^`{5}sh\nmeshbench run 'it'\\''s ```` \$\(x\)\nhere'$/m)
  })
})

describe('Markdown', () => {
  it('escapes what it is given', () => {
    expect(text('a|b <i> www.x.y a@b \u0000')).toBe('a\\|b &lt;i&gt; www\u200b.x.y a@\u200bb \u{FFFD}')
    expect(code('a`b\nc')).toBe('a b c')
    expect(fenced(['x'])).toEqual(['```sh', 'x', '```'])
    expect(fenced(['```'])[0]).toBe('````sh')
  })
})
