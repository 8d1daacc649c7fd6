import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { WORDS } from '../../src/report/sections/method.ts'

const glossary = readFileSync(resolve(import.meta.dirname, '../../docs/glossary.md'), 'utf8')
  .replaceAll('`', '')
  .replaceAll("'", '’')

describe('the words of the page', () => {
  it.each(WORDS)('%s means what the glossary says', (word, meaning) => {
    const entries = glossary.split('\n').filter((line) => line.startsWith(`- **${word}**`))
    expect(entries).toHaveLength(1)
    expect(entries[0]).toContain(`: ${meaning}`)
  })
})
