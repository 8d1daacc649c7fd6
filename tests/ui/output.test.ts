import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it, test } from 'vitest'
import { printable } from '../../src/model/foreign-text.ts'
import type { GateFinding } from '../../src/model/verdict.ts'
import { annotations } from '../../src/report/outputs/ci-reports.ts'
import { row, text } from '../../src/report/outputs/markdown.ts'
import { failureText } from '../../src/ui/failure-text.ts'
import { harmless, outputTo } from '../../src/ui/output.ts'
import { styleFor } from '../../src/ui/terminal-style.ts'
import { meshbench } from '../flow/surroundings.ts'

const COLOURED = styleFor({ isTTY: true }, { TERM: 'xterm-256color', LANG: 'C.UTF-8' })

/** Sequences that clear the screen, set the title, hide text, write the clipboard, go back over a line, turn text around. */
const ATTACKS = [
  '\u001b[2J',
  '\u001b]0;owned\u0007',
  '\u001b[8m',
  '\u001b]52;c;cm0gLXJm\u0007',
  '\r',
  '\u0008\u0008',
  '\u009b2J',
  '\u007f',
  '\u202e',
  '\u2066',
  '\u2028',
]

function written(write: (output: ReturnType<typeof outputTo>) => void): string {
  let all = ''
  const stream = new Writable({
    write(chunk, _, done) {
      all += String(chunk)
      done()
    },
  })
  write(outputTo(stream))
  return all
}

describe('what is printed', () => {
  it.each(ATTACKS)('shows %j as characters', (attack) => {
    const shown = written((output) => output.write(`before${attack}after\n`))
    expect(shown).toMatch(/^before[\x20-\x7e]+after\n$/)
    expect(JSON.parse(`"${shown.trimEnd()}"`)).toBe(`before${attack}after`)
  })

  it('keeps the colours of meshbench, and no other sequence', () => {
    const { red, bold, dim, yellow, green } = COLOURED
    const ours = [red('a'), bold('b'), dim('c'), yellow('d'), green('e'), bold(red('f'))].join(' ')
    expect(ours).toContain('\u001b[')
    expect(harmless(ours)).toBe(ours)
    expect(harmless('\u001b[31;5m')).toBe('\\u001b[31;5m')
  })

  it.each(['::error::x', '  ::add-mask::x', '\t::stop-commands::x', '\u00a0::warning::x', 'a\n::error::x'])(
    'is no workflow command: %j',
    (line) => {
      // The runner trims a line and looks for "::" at its beginning.
      const lines = harmless(line).split('\n')
      expect(lines.filter((one) => one.trimStart().startsWith('::'))).toEqual([])
    },
  )

  it.each(['##[error]x', 'a ##[add-path]x', '##vso[task.setvariable]x'])(
    'is no command of older runners: %j',
    (line) => {
      expect(harmless(line)).not.toMatch(/##(\[|vso)/)
    },
  )

  it('leaves a JSON document what it was', () => {
    const document = { name: `::error::##[error] ${ATTACKS.join('')}`, list: ['::', 'a::b', '\n::'] }
    expect(JSON.parse(harmless(JSON.stringify(document)))).toEqual(document)
    expect(JSON.parse(harmless(JSON.stringify(document, null, 2)))).toEqual(document)
  })

  it('leaves ordinary text alone', () => {
    const ordinary = 'p50 412 µs × 1.2–1.3: a::b, 10.0.0.1:80, [::1]:80, ## heading, naïve 数据 🙂\n\ttab\n'
    expect(harmless(ordinary)).toBe(ordinary)
  })

  it('has workflow commands of meshbench, each in one line', () => {
    expect(written((output) => output.writeWorkflowCommand('::group::block 1\n::error::x\u001b[2J'))).toBe(
      '::group::block 1 ::error::x\\u001b[2J\n',
    )
  })
})

test('a failure with foreign words has the width it says', () => {
  const said = failureText({ code: 'x', message: `m${ATTACKS.join('')}`, cause: '\u001b[2Jc' }, COLOURED)
  const shown = stripVTControlCharacters(said)
  expect(printable(shown)).toBe(shown)
  expect(shown).toContain('\\u001b[2Jc')
})

test('what users typed comes back as characters', async () => {
  for (const args of [
    ['report', 'a\u001b[2Jb'],
    ['--no\u001b[2J'],
    ['plan', '::error::\u202e'],
    ['gate', '\n::error::x'],
  ]) {
    const { code, stderr } = await meshbench(args)
    expect(code).toBe(2)
    expect(stderr).not.toMatch(/(?!\n)\p{Cc}|\u202e|^\s*::/mu)
  }
})

test('annotations and Markdown show commands as characters', () => {
  const sentence = `bad ${ATTACKS.join('')}\n::error::x`
  const finding = { rule: 'r', severity: 'invalid', message: sentence } as GateFinding
  expect(annotations({ findings: [finding] }).join('\n')).not.toMatch(/[^\n\x20-\x7e]|\n/)
  expect(text(sentence) + row([sentence])).not.toMatch(/[^\P{Cc}\t]|[\u202e\u2066\u2028]/u)
})
