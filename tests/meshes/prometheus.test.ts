import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parsePrometheus } from '../../src/meshes/prometheus.ts'
import { captured } from './captured.ts'

const root = new URL('../captured/', import.meta.url)
const files = ['istio-sidecar', 'istio-ambient', 'istio-ambient-waypoint', 'linkerd'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, root))
    .filter((name) => name.endsWith('.prom.gz'))
    .map((name) => `${folder}/${name.slice(0, -'.gz'.length)}`),
)

describe('the Prometheus text format', () => {
  it('is a name, labels and a value', () => {
    expect(parsePrometheus('up 1\nrq_total{code="200",app="a"} 2.5e3 1795333350000\nempty{} 3\n')).toEqual([
      { name: 'up', labels: {}, value: 1 },
      { name: 'rq_total', labels: { code: '200', app: 'a' }, value: 2500, timestamp: 1795333350000 },
      { name: 'empty', labels: {}, value: 3 },
    ])
  })

  it('has timestamps behind values, which exemplars are not', () => {
    const text = 'a 1 -5\na 2 1.5 # {trace="1"} 7 8\na 3 # {trace="1"} 7\na 4 5x\n'
    expect(parsePrometheus(text).map(({ value, timestamp }) => [value, timestamp])).toEqual([
      [1, -5],
      [2, 1.5],
      [3, undefined],
      [4, undefined],
    ])
  })

  it('is looked into only for the metrics that are wanted', () => {
    const text = 'a{x="1"} 1\nab 2\nb 3\n'
    expect(parsePrometheus(text, new Set(['a', 'b'])).map(({ value }) => value)).toEqual([1, 3])
  })

  it('has escapes, and braces and commas within quotes', () => {
    const text = String.raw`a{path="C:\\x\n",say="he said \"hi\", {x}",} 1`
    expect(parsePrometheus(text)).toEqual([
      { name: 'a', labels: { path: 'C:\\x\n', say: 'he said "hi", {x}' }, value: 1 },
    ])
  })

  it('knows infinities and what is not a number', () => {
    const values = parsePrometheus('a +Inf\na -Inf\na NaN\n').map(({ value }) => value)
    expect(values).toEqual([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])
  })

  it('passes over comments, exemplars, the end mark and what was cut off', () => {
    const text =
      '# HELP a b\na_bucket{le="1"} 3 # {trace_id="x"} 0.5 1.2\n# EOF\ncut{le="\nalso_cut{le="1"}\nno_value\n'
    expect(parsePrometheus(text)).toEqual([{ name: 'a_bucket', labels: { le: '1' }, value: 3 }])
  })

  it.each(files)('is read whole: %s', (file) => {
    const text = captured(file)
    const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))
    const samples = parsePrometheus(text)
    expect(samples).toHaveLength(lines.length)
    expect(samples.every(({ name }) => /^[a-zA-Z_:][\w:]*$/.test(name))).toBe(true)
    const labels = samples.reduce((sum, sample) => sum + Object.keys(sample.labels).length, 0)
    expect(labels).toBe(lines.join('\n').match(/[\w]="/g)?.length ?? 0)
  })
})
