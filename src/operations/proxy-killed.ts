import { stopping } from './stop-proxy.ts'

export const proxyKilled = stopping({
  name: 'proxy-killed',
  title: 'Proxy killed',
  does: 'The process of the proxy at the server (sidecar, waypoint, or ztunnel of the node) is killed, as by a lack of memory; the kubelet starts it anew.',
  stop: (site, signal) => site.killProxy(signal),
  how: 'was killed',
})
