import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { analysisTable, problemList } from '../../src/ui/analysis-table.ts'
import { ascii, coloured, exampleAnalysis, plain } from './example.ts'

test('the result on a terminal', () => {
  expect(analysisTable(exampleAnalysis(), plain)).toMatchInlineSnapshot(`
    "2026-11-22T1034-quick-k3f9  platform simulated, 8 blocks, 1 cohort, 1 of 2 trials valid: 1 failed
    Architectures on one proxy, not Istio or Linkerd.

    http-1k  fortio, http, 1,000/s, 16 connections, 30 s a trial
                         p50  typical p99        p99  throughput  CPU-s/million  mesh memory
    none              412 µs            –    1.24 ms     998.3/s              0          0 B
    envoy-sidecar     892 µs            –    2.52 ms     998.2/s           ?480       58 MiB
      ratio            ×2.17                  ?×1.21      ≈×1.00
      95 %         2.06–2.27               1.15–1.27   0.95–1.05

    Geometric means over trials; ratios are to none, paired within blocks, with a 95 % interval. Latency
    is response time, from the intended send. ≈ no relevant difference. ? too noisy to say.

    - The interval is too wide to decide. (envoy-sidecar: p99 latency, CPU of the mesh per million
      requests)"
  `)
})

test('without UTF-8 it is ASCII, and still aligned', () => {
  const text = analysisTable(exampleAnalysis(), ascii)
  expect(text).toMatch(/^[\n\x20-\x7e]+$/)
  expect(text).toContain('412 us')
  expect(text.split('\n').slice(3, 9)).toMatchInlineSnapshot(`
    [
      "http-1k  fortio, http, 1,000/s, 16 connections, 30 s a trial",
      "                     p50  typical p99        p99  throughput  CPU-s/million  mesh memory",
      "none              412 us            -    1.24 ms     998.3/s              0          0 B",
      "envoy-sidecar     892 us            -    2.52 ms     998.2/s           ?480       58 MiB",
      "  ratio            x2.17                  ?x1.21      ~x1.00",
      "  95 %         2.06-2.27               1.15-1.27   0.95-1.05",
    ]
  `)
})

test('colour changes nothing but colour', () => {
  const text = analysisTable(exampleAnalysis(), coloured)
  expect(text).not.toBe(stripVTControlCharacters(text))
  expect(stripVTControlCharacters(text)).toBe(analysisTable(exampleAnalysis(), plain))
})

test('no line is wider than 100 columns, whatever the names', () => {
  const analysis = exampleAnalysis()
  const name = 'an-arm-with-a-name-that-somebody-thought-of-at-night'
  const text = JSON.stringify(analysis).replaceAll('envoy-sidecar', name)
  const lines = analysisTable(JSON.parse(text), plain).split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100)
})

test('on a narrow terminal no line is wider than it, and every figure is there', () => {
  const narrow = { ...plain, width: 44 }
  const text = `${analysisTable(exampleAnalysis(), narrow)}\n${problemList(exampleAnalysis(), narrow)}`
  const lines = text.split('\n')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(44)
  for (const figure of ['412 µs', '1.24 ms', '998.3/s', '58 MiB', '×2.17', '1.15–1.27']) expect(text).toContain(figure)
  expect(text.match(/^none /gm)?.length).toBeGreaterThan(1)
})

test('the names of rules are told on request', () => {
  const text = problemList(exampleAnalysis(), plain, { verbose: true })
  expect(text).toContain('warning: Seconds with a stall [stall-seen] (1 trial: c1-b01-none-http-1k)')
  expect(problemList(exampleAnalysis(), plain)).not.toContain('stall-seen')
})

test('an arm without a valid trial has no figures, and no ratio', () => {
  const analysis = exampleAnalysis()
  const cells = analysis.cells.filter(({ arm }) => arm === 'none')
  const text = analysisTable({ ...analysis, cells }, plain)
  expect(text).toMatch(/^envoy-sidecar( +–){6}$/m)
  expect(text).not.toMatch(/^ {2}ratio/m)
})
