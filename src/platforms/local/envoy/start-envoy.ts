import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Failure } from '../../../model/failure.ts'
import { type Child, describeEnd, startChild } from '../processes-of-arm.ts'
import {
  askAdmin,
  type InForce,
  parseConfigDump,
  parseListeners,
  parseServerInfo,
  type ServerInfo,
} from './envoy-admin.ts'
import type { Address, Json } from './envoy-parts.ts'

interface EnvoyOptions {
  readonly name: string
  readonly program: string
  readonly bootstrap: Json
  /** Worker threads; 0 is one for each core. */
  readonly concurrency: number
  readonly env: Readonly<Record<string, string>>
  /** Its own folder. */
  readonly dir: string
  readonly cpus?: string | undefined
}

/** An Envoy that is up. */
export interface Envoy {
  readonly child: Child
  /** Where it listens, by listener name. */
  readonly listeners: ReadonlyMap<string, Address>
  readonly info: ServerInfo
  readonly inForce: InForce
}

/** Seconds until it must be live. */
const PATIENCE = 10

export async function startEnvoy(options: EnvoyOptions, signal: AbortSignal): Promise<Envoy> {
  const config = join(options.dir, 'envoy.json')
  await writeFile(config, JSON.stringify(options.bootstrap, null, 1), { mode: 0o600 })
  const threads = options.concurrency === 0 ? ['--cpuset-threads'] : ['--concurrency', `${options.concurrency}`]
  const argv = ['--config-path', config, '--disable-hot-restart', '--log-level', 'warning', ...threads]
  const { name, program, env, dir, cpus } = options
  const child = await startChild({ name, program, argv, env, cwd: dir, log: join(dir, 'log.txt'), cpus })
  try {
    await untilLive(child, signal)
    const listeners = parseListeners(await askAdmin(child.pid, '/listeners?format=json'))
    const info = parseServerInfo(await askAdmin(child.pid, '/server_info'))
    const inForce = parseConfigDump(await askAdmin(child.pid, '/config_dump?resource=static_listeners'))
    return { child, listeners, info, inForce }
  } catch (error) {
    await child.stop()
    throw error
  }
}

async function untilLive(child: Child, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + PATIENCE * 1000
  for (;;) {
    signal.throwIfAborted()
    const answer = await askAdmin(child.pid, '/ready').catch(String)
    if (answer.startsWith('LIVE')) return
    const ended = child.end()
    if (ended) throw refusal(child.name, readFileSync(child.log, 'utf8'), describeEnd(ended))
    if (performance.now() > deadline)
      throw refusal(child.name, readFileSync(child.log, 'utf8'), `is not ready: ${answer}`)
    await sleep(5)
  }
}

/** An Envoy that does not come up, in the words of its own first error. */
export function refusal(name: string, log: string, how: string): Failure {
  const cause = firstError(log)
  if (/address already in use/i.test(log)) {
    return new Failure('port-taken', `${name} finds no port to listen on`, {
      cause,
      remedy:
        'The kernel has no free ports left: `ss -s` shows their use; `sysctl net.ipv4.ip_local_port_range` shows their range.',
    })
  }
  return new Failure('proxy-refused', `${name} ${how} instead of starting`, {
    cause,
    remedy:
      'If the arm sets `values`, try it without them; if not, this Envoy does not understand the configuration: use the version that `meshbench doctor` names.',
  })
}

/** `[time][pid][critical][main] [file:line] error `what is wrong` initializing config '…`. */
function firstError(log: string): string {
  const lines = log.trim().split('\n')
  const line = lines.find((text) => /\[(critical|error)\]/.test(text)) ?? lines.at(-1)
  const text = line?.replace(/^.*?\[(critical|error)\]\s*(\[[^\]]*\]\s*)*/, '')
  return /^error `(.*)` initializing config/.exec(text ?? '')?.[1] ?? (text || 'It left no log line.')
}
