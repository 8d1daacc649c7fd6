/** The chaos campaign must be able to fail: it is given a program with a known defect, and has to find it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { Campaign, type Case } from '../../bench/chaos/campaign.ts'
import { originals, resultCases } from '../../bench/chaos/hostile-results.ts'
import { textCases } from '../../bench/chaos/hostile-texts.ts'
import { KILLED, killCases } from '../../bench/chaos/kills.ts'
import { sharedFolder, testFolder } from '../temporary-folder.ts'

const program = join(import.meta.dirname, 'defective.ts')

/** A program with this defect. It says so itself, not this process, so that several can be tried at once. */
function programWith(defect: string): string {
  const file = join(sharedFolder(), 'program.ts')
  const lines = [`process.env['DEFECT'] = '${defect}'`, `await import(${JSON.stringify(program)})`]
  writeFileSync(file, `${lines.join('\n')}\n`)
  return file
}

/** What the campaign says of one case, if the program has this defect. */
async function saidOf(defect: string, one: Case | undefined): Promise<string> {
  if (one === undefined) throw new Error('there is no such case')
  const said: string[] = []
  const campaign = new Campaign({
    root: sharedFolder(),
    program: programWith(defect),
    say: (line) => void said.push(line),
  })
  await campaign.tryAll([one], 1)
  expect(campaign.table()).toContain(` | ${campaign.failed.length} |`)
  return said.join('\n')
}

const byKind = (cases: readonly Case[], pattern: RegExp) =>
  cases.find(({ kind, about }) => pattern.test(`${kind}, ${about}`))

describe('a hostile text', () => {
  const text = byKind(textCases(1, 40, ''), /^texts: cut, scenario/)

  it.concurrent('is passed by a program that refuses it in order', async () => {
    expect(await saidOf('none', text)).toBe('')
  })

  it.concurrent.each([
    ['trace', 'a stack trace'],
    ['words', 'an error of the language'],
    ['escape', 'a control character'],
    ['two messages', '2 messages in place of one'],
    ['no remedy', 'no remedy'],
    ['code', 'it ended with 1'],
    ['abort', 'it was ended by SIGABRT'],
    ['memory', 'MiB of memory'],
    ['wait', 'it waited'],
    ['stray', 'written outside of results and history'],
  ])('shows a program with the defect "%s"', async (defect, complaint) => {
    expect(await saidOf(defect, text)).toContain(complaint)
  })
})

describe('a hostile result', () => {
  it('shows a gate that is green whatever was changed', async () => {
    const all = await originals(testFolder(), false)
    const swapped = byKind(resultCases(1, 40, all), /^results: swapped/)
    expect(await saidOf('green', swapped)).toContain('the gate is green though a figure was changed')
  })
})

describe('a run that is killed', () => {
  const short = { ...KILLED.simulated, scenario: KILLED.simulated.scenario.replace('blocks: 4', 'blocks: 2'), turns: 1 }
  // After a result is written, so that there is a trial to be lost.
  const killed = byKind(killCases(1, 400, short), /^kills: simulated, teardown [^;]*SIGKILL$/)

  it.each([
    ['lost', 'was rewritten'],
    ['rewritten', 'was rewritten'],
    ['repeated', 'measured twice'],
    ['nothing removed', 'scratch folders are left'],
  ])('shows a program with the defect "%s"', async (defect, complaint) => {
    expect(await saidOf(defect, killed)).toContain(complaint)
  })
})

it('ends with 1, and says how to repeat the case', async () => {
  const campaign = join(import.meta.dirname, '../../bench/chaos/chaos.ts')
  const argv = [campaign, '--parts', 'texts', '--seed', '3', '--only', 'text-0', '--program', program]
  const { exitCode, stdout } = await execa(process.execPath, argv, { reject: false, env: { DEFECT: 'trace' } })
  expect(exitCode).toBe(1)
  expect(stdout).toContain('repeat with: npm run chaos -- --seed 3 --only text-0')
})
