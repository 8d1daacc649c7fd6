/** Of Stryker's JSON report, what we read. */
export interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly Mutant[] }>>
}

interface Mutant {
  readonly status: 'Killed' | 'Timeout' | 'Survived' | 'NoCoverage' | 'CompileError' | 'RuntimeError' | 'Ignored'
  readonly mutatorName: string
  readonly replacement?: string
  readonly location: { readonly start: { readonly line: number } }
}

interface Tally {
  readonly name: string
  readonly killed: number
  readonly endless: number
  readonly survived: number
  readonly untouched: number
}

/** Share of the changes that a test noticed. */
export function scoreOf(report: Report): number {
  return shareOf(tallyOfAll(report))
}

/** docs/mutation.md: the score, by file, and every mutant that no test noticed. */
export function pageOf(report: Report): string {
  const files = Object.fromEntries(Object.entries(report.files).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  const tallies = Object.entries(files).map(([name, { mutants }]) => tallyOf(name, mutants))
  const all = tallyOfAll(report)
  return [
    '# Do the tests of the statistics notice what breaks?',
    '',
    `Made by \`npm run mutate\`: Stryker changes \`src/stats/\` in ${total(all)} ways, one at a time, and runs those tests of \`tests/stats/\` that reach the change. **${percent(all)} of the changes make a test fail.** Goal: 85 %.`,
    '',
    'A change that makes the code run for ever counts as noticed; one that no test reaches does not.',
    '',
    '| file | changes | noticed | run for ever | not noticed | not reached | score |',
    '|---|---|---|---|---|---|---|',
    ...[...tallies, all].map(row),
    '',
    '## Not noticed',
    '',
    'Some of these change nothing that could be seen: a bound that is never met exactly, a step that only saves time.',
    '',
    ...Object.entries(files).flatMap(([name, { mutants }]) => survivors(name, mutants)),
    '',
  ].join('\n')
}

function tallyOfAll({ files }: Report): Tally {
  return tallyOf(
    'all',
    Object.values(files).flatMap(({ mutants }) => mutants),
  )
}

function tallyOf(name: string, mutants: readonly Mutant[]): Tally {
  const count = (status: Mutant['status']) => mutants.filter((mutant) => mutant.status === status).length
  return {
    name,
    killed: count('Killed'),
    endless: count('Timeout'),
    survived: count('Survived'),
    untouched: count('NoCoverage'),
  }
}

const total = ({ killed, endless, survived, untouched }: Tally) => killed + endless + survived + untouched

const shareOf = (tally: Tally) => (tally.killed + tally.endless) / total(tally)

const percent = (tally: Tally) => `${(100 * shareOf(tally)).toFixed(1)} %`

function row(tally: Tally): string {
  const { name, killed, endless, survived, untouched } = tally
  return `| ${name} | ${total(tally)} | ${killed} | ${endless} | ${survived} | ${untouched} | ${percent(tally)} |`
}

function survivors(name: string, mutants: readonly Mutant[]): string[] {
  const missed = mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
  return missed.map(({ location, mutatorName, replacement = '' }) => {
    const code = replacement.replaceAll(/\s+/g, ' ').replaceAll('`', "'").slice(0, 100)
    return `- ${name}:${location.start.line}, ${mutatorName}: \`${code}\``
  })
}
