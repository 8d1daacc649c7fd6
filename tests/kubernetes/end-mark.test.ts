import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endMark } from '../../src/kubernetes/exec.ts'

const TOKEN = '7f3c'

function run(chunks: readonly Buffer[]) {
  const mark = endMark(TOKEN)
  const parts: Buffer[] = []
  let exitCode: number | undefined
  for (const chunk of chunks) {
    const taken = mark.take(chunk)
    parts.push(taken.rest)
    exitCode = taken.exitCode ?? exitCode
  }
  return { text: Buffer.concat(parts).toString('latin1'), exitCode }
}

describe('endMark', () => {
  it('finds the mark wherever the output is cut, and passes on all before it', () => {
    const output = fc.array(fc.constantFrom('7', 'f', '3', 'c', '1', '\n', 'x'), { maxLength: 30 })
    fc.assert(
      fc.property(output, fc.integer({ min: 0, max: 255 }), fc.integer({ min: 1, max: 7 }), (letters, code, step) => {
        const text = letters.join('')
        fc.pre(!text.includes(TOKEN))
        const all = Buffer.from(`${text}${TOKEN}${code}\n`)
        const chunks = Array.from({ length: Math.ceil(all.length / step) }, (_, i) =>
          all.subarray(i * step, (i + 1) * step),
        )
        expect(run(chunks)).toEqual({ text, exitCode: code })
      }),
    )
  })

  it('has no exit code of an output that was cut short', () => {
    expect(run([Buffer.from(`abc${TOKEN}1`)]).exitCode).toBeUndefined()
    expect(run([Buffer.from('abcdefghijklmnop')])).toEqual({ text: 'abcdefgh', exitCode: undefined })
  })
})
