import { basename, dirname, extname, join, resolve } from 'node:path'
import { type ClaimsBasis, judgeClaims } from '../claims/judge-claims.ts'
import { parseClaims } from '../claims/read-claims.ts'
import { CLAIM_VERDICTS, type Claim, type ClaimVerdict, type JudgedClaim, type JudgedClaims } from '../model/claim.ts'
import { EXIT } from '../model/exit-codes.ts'
import { Failure } from '../model/failure.ts'
import { RUN_FOLDER } from '../model/run-folder.ts'
import type { Arm, Scenario } from '../model/scenario.ts'
import { commandText } from '../model/words.ts'
import { claimsMarkdown, claimsPage, confidenceWords, tallyWords } from '../report/site/claims-page.ts'
import { readFeatureFolder } from '../store/features/feature-store.ts'
import { findRun, listRuns, PROBED } from '../store/find-run.ts'
import { readRunFile } from '../store/read-run.ts'
import { PAGE_MARK, refuseForeignFile, SUMMARY_MARK } from '../store/write-once.ts'
import { type Style, styleFor } from '../ui/terminal-style.ts'
import { paragraph } from '../ui/text-layout.ts'
import { scenarioFailure } from '../yaml/source.ts'
import { analyseRun } from './analyse-run.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'
import { pageOf } from './compare.ts'
import { scenarioText } from './read-scenario.ts'
import { openInBrowser, replaceFile } from './write-report.ts'

interface ClaimsOptions extends CommonOptions {
  readonly run?: readonly string[]
  readonly features?: readonly string[]
  readonly output?: string
  readonly open?: boolean
}

/** The scenario whose claims are judged where none is named. */
const SHIPPED_CLAIMS = 'claims'

/** `meshbench claims`: judges the claims of a scenario by runs that are there. Claims are no gate: it ends with 0. */
export async function claimsCommand(
  [given = SHIPPED_CLAIMS]: readonly string[],
  options: ClaimsOptions,
  context: CommandContext,
): Promise<number> {
  const { cwd, stdout, stderr, env } = context
  const { scenario, claims } = await readClaims(given, cwd)
  const commands = { run: commandText(['meshbench', 'run', given]), features: 'meshbench features' }
  const found = await foldersOf({ scenario, claims, options, commands }, context)
  const runs = await inTurn(found.runs, analyseRun)
  const features = await inTurn(found.features, readFeatureFolder)
  const judged = judgeClaims(claims, { scenario, runs, features, commands })
  const dirs = new Map([
    ...runs.map(({ record }, index) => [record.run.id, found.runs[index] ?? ''] as const),
    ...features.map(({ run }, index) => [run.id, found.features[index] ?? ''] as const),
  ])
  const written = await writeClaims(judged, { given, options, dirs }, context)
  if (options.json) stdout.writeJson({ schema: 1, command: 'claims', file: given, ...written, ...judged })
  else stdout.write(`${claimsTable(judged, styleFor(stdout, env))}\n`)
  stderr.write(`\npage: ${written.page}\nsummary: ${written.summary}\n`)
  if (options.open) await openInBrowser(written.page, context)
  return EXIT.ok
}

async function readClaims(given: string, cwd: string): Promise<{ scenario: Scenario; claims: readonly Claim[] }> {
  const { file, problems } = parseClaims(...(await scenarioText(given, cwd)))
  if (!file) throw scenarioFailure(problems)
  return file
}

/** One after the other: a run takes memory while it is read. */
async function inTurn<From, To>(all: readonly From[], read: (one: From) => Promise<To>): Promise<To[]> {
  const done: To[] = []
  for (const one of all) done.push(await read(one))
  return done
}

interface Wanted {
  readonly scenario: Scenario
  readonly claims: readonly Claim[]
  readonly options: ClaimsOptions
  readonly commands: ClaimsBasis['commands']
}

/** The folders that are named; where none of a kind is, the newest run of the scenario, and the newest run of probes with the arms of the claims. */
async function foldersOf(
  { scenario, claims, options, commands }: Wanted,
  { cwd, stderr }: CommandContext,
): Promise<{ readonly runs: readonly string[]; readonly features: readonly string[] }> {
  const root = resolve(cwd, options.results)
  const isNamed = options.run !== undefined || options.features !== undefined
  const named = {
    runs: await inTurn(options.run ?? [], (run) => findRun(root, run, cwd)),
    features: await inTurn(options.features ?? [], (run) => findRun(root, run, cwd, PROBED)),
  }
  const runs = isNamed ? named.runs : await newestRun(root, scenario)
  const features = isNamed ? named.features : await newestProbes(root, { scenario, claims })
  if (runs.length > 0 || features.length > 0) {
    if (runs.length === 0) stderr.alert(`measured claims need a run: ${commands.run}\n`)
    if (features.length === 0) stderr.alert(`claims about features need a run of probes: ${commands.features}\n`)
    return { runs, features }
  }
  throw new Failure('no-results', 'there is no run to judge the claims by', {
    cause: `${root} has neither a run of the scenario ${scenario.name} nor a run of probes`,
    remedy: `Make both: ${commands.run} and ${commands.features}. Or name others with --run and --features.`,
  })
}

async function newestRun(root: string, { name }: Pick<Scenario, 'name'>): Promise<string[]> {
  const ids = await listRuns(root)
  const newest = ids.find((id) => scenarioOf(join(root, id)) === name)
  return newest === undefined ? [] : [join(root, newest)]
}

/** Undefined for a folder that cannot be read: it is not the one. */
function scenarioOf(dir: string): string | undefined {
  try {
    return readRunFile(dir).plan.scenario.name
  } catch {
    return undefined
  }
}

async function newestProbes(
  root: string,
  { scenario, claims }: Pick<Wanted, 'scenario' | 'claims'>,
): Promise<string[]> {
  const named = new Set(claims.flatMap(({ test }) => (test.kind === 'feature' ? [test.arm] : [])))
  const wanted = scenario.arms.filter(({ name }) => named.has(name))
  for (const id of await listRuns(root, PROBED)) {
    const dir = join(root, id)
    const { run } = await readFeatureFolder(dir)
    const has = ({ name, mesh }: Pick<Arm, 'name' | 'mesh'>) =>
      run.arms.some((arm) => arm.name === name && arm.mesh === mesh)
    if (wanted.every(has)) return [dir]
  }
  return []
}

interface Writing {
  readonly given: string
  readonly options: ClaimsOptions
  /** Folders of the runs, by their ids. The first one gets the page. */
  readonly dirs: ReadonlyMap<string, string>
}

async function writeClaims(
  judged: JudgedClaims,
  { given, options, dirs }: Writing,
  { cwd }: CommandContext,
): Promise<{ readonly page: string; readonly summary: string }> {
  const [first = cwd] = dirs.values()
  const { output } = options
  const page = output === undefined ? join(first, RUN_FOLDER.claims) : resolve(cwd, output)
  const summary = join(dirname(page), `${basename(page, extname(page))}.md`)
  refuseForeignFile(page, PAGE_MARK)
  refuseForeignFile(summary, SUMMARY_MARK)
  const pages = new Map(
    [...dirs].flatMap(([id, dir]): [string, string][] => {
      const link = pageOf(dir, page)
      return link === undefined ? [] : [[id, link]]
    }),
  )
  const named = (flag: string, kind: 'run' | 'features') =>
    judged.runs.flatMap((run) => (run.kind === kind ? [flag, run.run] : []))
  const command = ['meshbench', 'claims', given, ...named('--run', 'run'), ...named('--features', 'features')]
  await replaceFile(page, claimsPage(judged, { command, pages }))
  await replaceFile(summary, claimsMarkdown(judged, { command }))
  return { page, summary }
}

const PAINT: Readonly<Record<ClaimVerdict, 'green' | 'red' | 'yellow'>> = {
  holds: 'green',
  'does-not-hold': 'red',
  'cannot-tell': 'yellow',
}

/** One entry for each claim: verdict, claim, and why. */
function claimsTable(judged: JudgedClaims, style: Style): string {
  const { claims, runs } = judged
  const broken = (text: string, first = '') => paragraph(style.plain(text), { first, indent: '  ', width: style.width })
  return [
    ...claims.map((one) => entryText(one, style, broken)),
    style.bold(`${tallyWords(judged)}.`),
    style.dim(broken(confidenceWords(judged))),
    ...runs.map(({ run, platform, machine, caveats }) =>
      style.dim(broken([`${run}: platform ${platform}, ${machine}.`, ...caveats].join(' '))),
    ),
  ].join('\n')
}

function entryText(
  { claim, tested, verdict, reason }: JudgedClaim,
  style: Style,
  broken: (text: string, first?: string) => string,
): string {
  const { title, mark } = CLAIM_VERDICTS[verdict]
  const paint = style[PAINT[verdict]]
  return [
    `${paint(style.plain(`${mark} ${title}`))}  ${style.bold(style.plain(claim.id))}`,
    broken(claim.claim, '  '),
    style.dim(broken(`Tested: ${tested}`, '  ')),
    broken(reason, '  '),
    '',
  ].join('\n')
}
