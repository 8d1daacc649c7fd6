import { stopping } from './stop-proxy.ts'

export const proxyRestarted = stopping('TERM', {
  name: 'proxy-restarted',
  title: 'Proxy restarted',
  does: 'The proxy at the server (sidecar, waypoint, or ztunnel of the node) is asked to end, and ends as it does when its container is stopped; the kubelet starts it anew.',
})
