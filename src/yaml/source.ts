import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  parseDocument,
  Scalar,
  visit,
  type YAMLError,
} from 'yaml'
import type { Diagnostic } from '../model/diagnostic.ts'
import { Failure } from '../model/failure.ts'
import { type Finding, type Path, pathText } from './yaml-finding.ts'

/** YAML text, read, with the place of everything in it. */
export interface Source {
  /** What is written, as plain values; undefined where it cannot be read at all. */
  readonly value: unknown
  readonly problems: readonly Problem[]
  /** Lines that could not be read: what else is found there is only a consequence. */
  readonly broken: ReadonlySet<number>
  /** Whether the structure is in doubt: what seems to be missing may only have been swallowed. */
  readonly doubtful: boolean
  problem(finding: Finding): Problem
  /** A scalar as it stands in the file: `1.30` where its value is the number 1.3. */
  written(path: Path): string | undefined
}

/** What keeps YAML from being read, and how much of it: only itself, its line, or what the structure is. */
interface Flaw {
  readonly offset: number
  readonly message: string
  readonly remedy: string
  readonly spoils: 'itself' | 'line' | 'structure'
}

export function readSource(text: string, file: string, { noun }: FileKind = SCENARIO_FILE): Source {
  const lines = new LineCounter()
  const excess = excessOf(text)
  const document: Document = parseDocument(excess ? '' : text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    logLevel: 'error',
  })
  const at = (offset: number, path: Path, message: string, remedy: string): Problem => {
    const { line, col } = lines.linePos(Math.min(offset, text.length))
    return { file, line: Math.max(1, line), column: Math.max(1, col), path: pathText(path), message, remedy }
  }
  const errors = firstOfEachLine([...document.errors, ...document.warnings], lines)
  const read = [...errors.map((error) => flawOf(error, text, noun)), ...removeLostAliases(document)]
  const flaws = excess ? [excess] : read
  const plain = excess ? { flaws: [] } : plainValue(document)
  return {
    value: plain.value,
    problems: [...flaws, ...plain.flaws].map(({ offset, message, remedy }) => at(offset, [], message, remedy)),
    broken: new Set(flaws.filter(({ spoils }) => spoils !== 'itself').map(({ offset }) => lines.linePos(offset).line)),
    doubtful: flaws.some(({ spoils }) => spoils === 'structure'),
    problem({ path, message, remedy, atKey }) {
      const place = placeOf(document, path)
      return at(atKey ? place.key : place.value, path, message, remedy)
    },
    written: (path) => placeOf(document, path).written,
  }
}

/** Many times what a file of settings has, and what the parser takes within a second: its time grows faster than the text. */
const MOST_PARTS = 50_000
const MOST_ALIASES = 500
const MOST_LEVELS = 64

/** What the lexer puts between the parts of a text: the beginning of a document or scalar, and an error. */
const MARKS = new Set(['\u0002', '\u0018', '\u001f'])

/** What is too much to be parsed. Splitting a text into parts is quick, whatever it says. */
function excessOf(text: string): Flaw | undefined {
  if (text.includes('\u0000')) {
    const remedy = 'Save it as UTF-8: editors on Windows may write UTF-16.'
    return { offset: 0, message: 'the file is not text in UTF-8', remedy, spoils: 'structure' }
  }
  let [parts, aliases, offset, inBrackets, inLine] = [0, 0, 0, 0, 0]
  for (const part of new Lexer().lex(text)) {
    parts++
    if (part.startsWith('*')) aliases++
    if (part === '[' || part === '{') inBrackets++
    else if (part === ']' || part === '}') inBrackets = Math.max(0, inBrackets - 1)
    else if (part === '-' || part === '?') inLine++
    else if (part.includes('\n')) inLine = 0
    const is = (message: string, remedy: string): Flaw => ({ offset, message, remedy, spoils: 'structure' })
    if (inBrackets + inLine > MOST_LEVELS)
      return is(`more than ${MOST_LEVELS} levels lie within one another`, 'Nest it less, and close brackets.')
    if (aliases > MOST_ALIASES) return is(`there are more than ${MOST_ALIASES} aliases`, 'Write values out instead.')
    if (parts > MOST_PARTS)
      return is('the file says too much to be read', 'Split it, or leave out what repeats itself.')
    if (!MARKS.has(part)) offset += part.length
  }
  return undefined
}

/** A syntax error often brings others on its line, which say nothing more. */
function firstOfEachLine(errors: readonly YAMLError[], lines: LineCounter): YAMLError[] {
  const lineOf = ({ pos }: YAMLError) => lines.linePos(pos[0]).line
  const first = new Map(errors.toReversed().map((error) => [lineOf(error), error]))
  return errors.filter((error) => error.code === 'DUPLICATE_KEY' || first.get(lineOf(error)) === error)
}

const REMEDIES: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'Indent with spaces.',
  BLOCK_AS_IMPLICIT_KEY: 'Put text with a colon in quotes, and line keys up with their neighbours.',
  MULTILINE_IMPLICIT_KEY: 'End the key with a colon, and line keys up with their neighbours.',
  MISSING_CHAR: 'Close the quote or bracket, or add the missing colon.',
  BAD_INDENT: 'Line it up with its neighbours, and close brackets.',
}

function flawOf({ code, message, pos: [offset, end] }: YAMLError, text: string, noun: string): Flaw {
  if (code === 'DUPLICATE_KEY') {
    const key = /^[^\s:]*/.exec(text.slice(offset, offset + 60))?.[0]
    return { offset, message: `"${key}" is given twice`, remedy: 'Keep one of them.', spoils: 'itself' }
  }
  if (code === 'MULTIPLE_DOCS') {
    const remedy = `Keep one ${noun} in a file: remove this line and what follows.`
    return { offset, message: 'the file holds more than one document', remedy, spoils: 'line' }
  }
  if (code === 'TAG_RESOLVE_FAILED') {
    const remedy = `Remove the tag; a ${noun} has plain values only.`
    return { offset, message: `the tag ${text.slice(offset, end)} has no meaning here`, remedy, spoils: 'line' }
  }
  const said = `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`
  return { offset, message: said, remedy: REMEDIES[code] ?? 'Correct it.', spoils: 'structure' }
}

/** An alias without its anchor above would keep the whole file from being read: it becomes null. */
function removeLostAliases(document: Document): Flaw[] {
  const anchors = new Set<string>()
  const lost: Flaw[] = []
  visit(document, {
    Node(_, node) {
      if (!isAlias(node)) {
        if (node.anchor) anchors.add(node.anchor)
        return undefined
      }
      if (anchors.has(node.source)) return undefined
      lost.push({
        offset: node.range?.[0] ?? 0,
        message: `*${node.source} refers to nothing`,
        remedy: `Define &${node.source} above, or write the value here.`,
        spoils: 'line',
      })
      const empty = new Scalar(null)
      empty.range = node.range ?? null
      return empty
    },
  })
  return lost
}

/** Aliases that multiply without end are refused by the library, which throws. */
function plainValue(document: Document): { value?: unknown; flaws: readonly Flaw[] } {
  try {
    return { value: document.toJS(), flaws: [] }
  } catch (error) {
    const message = `this cannot be read: ${(error as Error).message}`
    return {
      flaws: [{ offset: 0, message, remedy: 'Write values out instead of using aliases.', spoils: 'structure' }],
    }
  }
}

/** The node of a path, or, where the file has none, the nearest that contains it. */
interface Place {
  readonly found: boolean
  /** Where the node begins, as an offset in the text. */
  readonly value: number
  /** Where its key begins. */
  readonly key: number
  /** A scalar as it stands in the file: `1.30` where its value is the number 1.3. */
  readonly written?: string
}

function placeOf(document: Document, path: Path): Place {
  let node: unknown = document.contents
  let key: unknown
  for (const [depth, part] of path.entries()) {
    const next = child(isAlias(node) ? node.resolve(document) : node, part)
    if (next === undefined)
      return { found: false, value: start(node), key: depth === 0 ? start(node) : start(key ?? node) }
    node = next.value
    key = next.key ?? key
  }
  const written = isScalar(node) ? node.source : undefined
  return { found: true, value: start(node), key: start(key ?? node), ...(written === undefined ? {} : { written }) }
}

/** The last of several equal keys, since that is the one whose value counts. */
function child(node: unknown, part: string | number): { key?: unknown; value: unknown } | undefined {
  if (isSeq(node)) return typeof part === 'number' && part in node.items ? { value: node.items[part] } : undefined
  if (!isMap(node)) return undefined
  return node.items.findLast(({ key }) => (isScalar(key) ? String(key.value) : undefined) === String(part))
}

function start(node: unknown): number {
  return isNode(node) ? ((node as Node).range?.[0] ?? 0) : 0
}

/** A kind of file that people write, as messages speak of it. */
export interface FileKind {
  readonly noun: string
  /** Where its keys are explained: the end of a sentence. */
  readonly guide: string
  /** What to write into an empty one. */
  readonly beginning: string
  /** Keys that people look for in it and that it does not have, each with what there is instead. */
  readonly absent?: Readonly<Record<string, string>>
}

const OWN_APPLICATION =
  'An application of your own is the key workload of the scenario: workload: { manifests: …, entrance: { service: …, port: … } }.'
const OWN_CLUSTER = 'Name the context in cluster: { context: … }, or with --context; docs/your-cluster.md shows how.'
const OWN_SCRIPT = 'A script of your own is a key of a load: loads: [{ tool: k6, script: my.js, rate: 50/s }].'
const OWN_WORK =
  'Services are carried out by fortio, which can wait (delay) and cannot compute: for work in CPU time bring manifests of a server that does it; docs/your-application.md says why.'

export const SCENARIO_FILE: FileKind = {
  noun: 'scenario',
  guide: 'scenarios/example.yaml explains every key',
  beginning: 'Begin with a copy of scenarios/example.yaml.',
  absent: {
    script: OWN_SCRIPT,
    application: OWN_APPLICATION,
    image: OWN_APPLICATION,
    manifests: OWN_APPLICATION,
    server: OWN_APPLICATION,
    services: OWN_APPLICATION,
    target: OWN_APPLICATION,
    url: OWN_APPLICATION,
    context: OWN_CLUSTER,
    kubeconfig: OWN_CLUSTER,
    work: OWN_WORK,
  },
}

/** A mistake in a file that people write. Lines and columns count from 1. */
export interface Problem extends Diagnostic {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `loads[0].rate`; empty for the file as a whole. */
  readonly path: string
  readonly remedy: string
}

/** More are not read: the first ones often explain the rest. */
const MOST_PROBLEMS = 20

/** One problem after the other: `file:line:column: message`, with the remedy on its own line; at most twenty. */
export function formatProblems(problems: readonly Problem[]): string {
  const shown = problems
    .slice(0, MOST_PROBLEMS)
    .map(({ file, line, column, message, remedy }) => `${file}:${line}:${column}: ${message}\n  ${remedy}`)
  const rest = problems.length - shown.length
  return [...shown, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n')
}

export function scenarioFailure(problems: readonly Problem[]): Failure {
  return fileFailure('scenario', problems, SCENARIO_FILE)
}

/** Everything that is wrong with a file, as one failure. */
export function fileFailure(code: string, problems: readonly Problem[], { noun, guide }: FileKind): Failure {
  const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`
  return new Failure(code, `${problems[0]?.file ?? `the ${noun}`} has ${count}`, {
    cause: formatProblems(problems),
    remedy: `Correct the lines above; ${guide}.`,
  })
}
