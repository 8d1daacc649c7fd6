import { existsSync, readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Execution } from '../../src/model/platform.ts'
import type { Load } from '../../src/model/scenario.ts'

type Finished = Pick<Execution, 'exitCode' | 'stdout' | 'stderr' | 'read'>

/**
 * A finished run of a real load tool: `fortio/http`, `k6/stall`. Made with the commands of src/loads against the echo
 * server of fortio 1.68.0 on one host; `stall`: the server was stopped for 0.3 s. `istio-ambient`, `appended` (its log
 * holds two runs) and `by-hand` are older, and were made with other flags.
 */
export function captured(name: string): { execution: Finished; load: Load; text(file: string): string } {
  const dir = new URL(`../captured/${name}/`, import.meta.url)
  const { exitCode, load } = JSON.parse(readFileSync(new URL('load.json', dir), 'utf8'))
  const bytes = (file: string) => {
    if (existsSync(new URL(file, dir))) return readFileSync(new URL(file, dir))
    return existsSync(new URL(`${file}.gz`, dir))
      ? gunzipSync(readFileSync(new URL(`${file}.gz`, dir)))
      : Buffer.alloc(0)
  }
  const stderr = readFileSync(new URL('stderr.txt', dir), 'utf8')
  const read = (file: string) => inPieces(bytes(file))
  return { execution: { exitCode, stdout: '', stderr, read }, load, text: (file) => bytes(file).toString() }
}

/** A finished run with these files and nothing else. */
export function finished(files: Readonly<Record<string, string>>, stderr = '', exitCode = 0): Finished {
  return { exitCode, stdout: '', stderr, read: (name) => inPieces(Buffer.from(files[name] ?? '')) }
}

export async function* inPieces(bytes: Uint8Array, size = 4096): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
