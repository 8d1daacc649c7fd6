import { execa } from 'execa'
import type { Surroundings } from './surroundings.ts'

/** Opens a file in the reader's browser. Where there is none (a server, a CI) the path on the terminal has to do. */
export async function openInBrowser(file: string, { stderr, env }: Surroundings): Promise<void> {
  if (env['CI'] || (process.platform === 'linux' && !env['DISPLAY'] && !env['WAYLAND_DISPLAY'])) return
  const opener = { darwin: 'open', win32: 'explorer' }[process.platform as string] ?? 'xdg-open'
  try {
    await execa(opener, [file], { stdio: 'ignore', timeout: 10_000 })
  } catch {
    stderr.write(`no browser could be opened (${opener}); open it by hand: ${file}\n`)
  }
}
