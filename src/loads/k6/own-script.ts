import { Failure } from '../../model/failure.ts'
import type { Script, ScriptReferences, ScriptSupport } from '../../model/platform.ts'
import type { Load } from '../../model/scenario.ts'

/** The environment variable by which a script learns where to send. */
const TARGET = 'MESHBENCH_TARGET'

export const SCRIPTS: ScriptSupport = { target: TARGET, references }

/** A script of the user's within the one that meshbench makes. */
export interface Wrapped {
  /** The file that k6 is given. */
  readonly main: string
  readonly files: Readonly<Record<string, string>>
  readonly argv: readonly string[]
}

/** Options that say when and by whom iterations are run; and those whose crossing would be an exit code of its own. */
const SHAPING = [
  'scenarios',
  'vus',
  'duration',
  'stages',
  'iterations',
  'rps',
  'executionSegment',
  'executionSegmentSequence',
]
const UNUSED = ['thresholds', 'linger', 'paused']

/**
 * The user's script behind one of ours in the same folder, so that relative paths mean the same. Ours sets what k6 is to do and
 * takes the summary, without what `setup` returned, which may be a token. All else of the script stands: default function,
 * setup, teardown, and options such as `hosts`.
 */
export function wrapScript(
  { main, files }: Script,
  {
    dir,
    target,
    scenarios,
    summary,
    waiting,
    made,
  }: {
    readonly dir: string
    readonly target: string
    /** Absent: those of the script. */
    readonly scenarios: object | undefined
    readonly summary: string
    /** Lines with which it waits until it may begin. */
    readonly waiting: readonly string[]
    /** Lines at the top, and in the first iteration of a virtual user, that say when it was made. */
    readonly made: { readonly top: readonly string[]; readonly first: string }
  },
): Wrapped {
  const place = main.split('/').slice(0, -1)
  const wrapper = [dir, ...place, 'meshbench-wrapper.js'].join('/')
  const left = [...(scenarios ? SHAPING : []), ...UNUSED].join(', ')
  const own = JSON.stringify(`./${main.split('/').at(-1)}`)
  const text = [
    `import * as own from ${own}`,
    ...waiting,
    ...(scenarios ? made.top : []),
    `export * from ${own}`,
    `const { ${left}, ...others } = own.options ?? {}`,
    `const load = ${JSON.stringify(scenarios ? { scenarios } : {}, null, 2)}`,
    `export const options = { ...others, ...load }`,
    `export default function (data) {`,
    ...(scenarios ? [`  ${made.first}`] : []),
    `  if (typeof own.default !== 'function') throw new Error('the script exports no default function')`,
    `  return own.default(data)`,
    `}`,
    `export const handleSummary = ({ metrics }) => ({ ${JSON.stringify(summary)}: JSON.stringify({ metrics }) })`,
    '',
  ].join('\n')
  const placed = Object.entries(files).map(([path, content]) => [`${dir}/${path}`, content])
  return {
    main: wrapper,
    files: { ...Object.fromEntries(placed), [wrapper]: text },
    argv: ['--no-thresholds', '-e', `${TARGET}=${target}`],
  }
}

/** Whether virtual users wait for what comes before their scenarios. */
export function hasSetup({ main, files }: Script): boolean {
  return /\bexport\s+(?:async\s+)?(?:function\s*\*?|const|let|var)\s+setup\b|\bexport\s*\{[^}]*\bsetup\b/.test(
    files[main] ?? '',
  )
}

/** Whether the load says who runs when. */
export function isShaped({ shape }: Pick<Load, 'shape'>): boolean {
  return shape === undefined
}

/** Comments, text, templates and regular expressions, of which only text is of interest. An expression begins where a value may. */
const TOKEN =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|(?<=(?:^|[=(,:;!&|?{}[\n]|\breturn)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g

/** What stands before a text that names a module. A `from` may be a variable, but not before a text. */
const BEFORE_MODULE = /(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*$/
const BEFORE_FILE = /(?<![\w$.])open\s*\(\s*$|\bfs\s*\.\s*open\s*\(\s*$/
/** Characters before a text that say what it is. */
const REACH = 60
/** A call whose argument is no text. */
const COMPUTED =
  /(?<![\w$.])(?:require|open)\s*\(\s*(?!\s*(?:§|\)))|(?<![\w$.])import\s*\(\s*(?!\s*§)|\bfs\s*\.\s*open\s*\(\s*(?!\s*§)/

function references(text: string, file: string): ScriptReferences {
  const modules: string[] = []
  const opened: string[] = []
  const plain: string[] = []
  let tail = ''
  let from = 0
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    const between = text.slice(from, index)
    const before = (tail + between).slice(-REACH)
    from = index + token.length
    const isText = /^['"`]/.test(token) && !(token.startsWith('`') && token.includes('${'))
    const left = isText ? '§' : /^\/[/*]/.test(token) ? ' ' : '0'
    plain.push(between, left)
    tail = before + left
    if (!isText) continue
    if (BEFORE_MODULE.test(before)) modules.push(textOf(token))
    else if (BEFORE_FILE.test(before)) opened.push(textOf(token))
  }
  plain.push(text.slice(from))
  if (COMPUTED.test(plain.join(''))) {
    throw new Failure('script', `${file} imports or opens a file whose path is not written out`, {
      cause: 'meshbench has to bring every file of a script to the load generator, so it must know them before it runs',
      remedy: "Write the path as text: open('./data.json').",
    })
  }
  return { modules: modules.filter((name) => isFile(name, file)), opened }
}

function textOf(token: string): string {
  return token.slice(1, -1).replace(/\\(.)/g, '$1')
}

/** Modules of k6 itself are there; what else is no file beside the script is refused. */
function isFile(name: string, file: string): boolean {
  if (name === 'k6' || (name.startsWith('k6/') && !name.startsWith('k6/x/'))) return false
  if (name.startsWith('./') || name.startsWith('../')) return true
  const [cause, remedy] = refusalOf(name)
  throw new Failure('script', `${file} imports ${name}, which cannot be brought along`, { cause, remedy })
}

function refusalOf(name: string): [cause: string, remedy: string] {
  if (/^[a-z]+:\/\//i.test(name)) {
    return [
      'it is an address: what it has may change from trial to trial, and the load generator may not reach it',
      'Download it beside the script, and import the copy by a path that begins with ./',
    ]
  }
  if (name.startsWith('k6/x/')) {
    return ['it is an extension of k6, which the k6 that meshbench runs does not have', 'Do without the extension.']
  }
  if (name.startsWith('/')) return ['it is an absolute path', 'Import it by a path that begins with ./ or ../']
  return [
    'it is a package, and k6 finds no packages',
    'Bundle the script into one file, as the docs of k6 describe for esbuild and webpack.',
  ]
}
