import { readlinkSync } from 'node:fs'
import { readdirSafely, readProc } from '../../host/proc-files.ts'
import type { Evidence } from '../../model/usage.ts'
import type { Lanes } from './chain.ts'
import type { Child } from './child.ts'
import { parseListener } from './proc.ts'

/** For an arm without proxies: that the ports which the generator is pointed at are the application's own. */
export function directEvidence(server: Child, entry: Lanes): Evidence[] {
  const ports = [...entry.values()].map(({ port }) => port)
  const sockets = socketsOf(server.pid)
  const table = readProc('net/tcp') ?? ''
  const own = ports.every((port) => sockets.has(`socket:[${parseListener(table, port)}]`))
  const where = ports.map((port) => `127.0.0.1:${port}`).join(', ')
  const seen = own
    ? `no proxy: the generator is pointed at ${where}, where the server itself listens (process ${server.pid})`
    : `${where} is not the server's own (process ${server.pid})`
  return [
    { name: 'path', holds: own, seen, source: '/proc/net/tcp' },
    { name: 'mtls', seen: 'none: plain traffic between generator and server', source: 'configuration' },
  ]
}

function socketsOf(pid: number): Set<string> {
  const links = readdirSafely(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return new Set(links)
}
