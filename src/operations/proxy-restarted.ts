import { stopping } from './stop-proxy.ts'

export const proxyRestarted = stopping({
  name: 'proxy-restarted',
  title: 'Proxy restarted',
  does: 'The proxy at the server is restarted as an operator does it: a waypoint or ztunnel by a rollout of its Deployment or DaemonSet; a sidecar is asked to end (SIGTERM), and the kubelet starts it anew.',
  stop: (site, signal) => site.restartProxy(signal),
  how: 'was restarted',
})
