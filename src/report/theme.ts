/**
 * Colours of the page and of its charts. Arms follow Okabe and Ito's palette for colour-blind readers, darkened or
 * lightened until marks reach 3:1 and text 4.5:1 on both papers.
 */
export const LIGHT = {
  paper: '#fdfdfc',
  panel: '#f5f5f2',
  ink: '#1b1d21',
  muted: '#5b6068',
  line: '#e1e1dd',
  link: '#0b5cad',
  band: '#e3e6ea',
  worse: '#a33b00',
  better: '#00695c',
  alarm: '#b3261e',
  caution: '#8a5a00',
  'arm-0': '#4a4f57',
  'arm-1': '#0072b2',
  'arm-2': '#c04a00',
  'arm-3': '#007a58',
  'arm-4': '#a8497f',
  'arm-5': '#7a5b00',
  'arm-6': '#5b4db1',
  'arm-7': '#b0302f',
  'role-application': '#3f6f7f',
  'role-client-proxy': '#2f5fb3',
  'role-server-proxy': '#7650ad',
  'role-node-proxy': '#0f766e',
  'role-waypoint': '#a8480c',
  'role-cni': '#8f2c67',
  'role-control-plane': '#765b00',
  'role-node': '#4d525a',
  'role-cluster': '#6d737d',
  'heat-0': '#dfeaf3',
  'heat-1': '#aecbe2',
  'heat-2': '#78a6cd',
  'heat-3': '#467fb3',
  'heat-4': '#235a92',
  'heat-5': '#0d3263',
}

export type Palette = typeof LIGHT

export const DARK: Palette = {
  paper: '#14161a',
  panel: '#1c1f24',
  ink: '#e9eaec',
  muted: '#a5abb4',
  line: '#2f333a',
  link: '#8ab8f5',
  band: '#30353d',
  worse: '#ffa06b',
  better: '#5cd6bd',
  alarm: '#ff8a80',
  caution: '#e9b949',
  'arm-0': '#c3c7cd',
  'arm-1': '#56b4e9',
  'arm-2': '#ff8f4d',
  'arm-3': '#35c9a0',
  'arm-4': '#e79bc6',
  'arm-5': '#e3c84a',
  'arm-6': '#a99cf5',
  'arm-7': '#ff8682',
  'role-application': '#9cc4d3',
  'role-client-proxy': '#8fb2f5',
  'role-server-proxy': '#c5a8f5',
  'role-node-proxy': '#5fd0c3',
  'role-waypoint': '#f5a970',
  'role-cni': '#f2a0cf',
  'role-control-plane': '#dcc463',
  'role-node': '#c9cdd3',
  'role-cluster': '#8b919a',
  'heat-0': '#1f3348',
  'heat-1': '#2c5279',
  'heat-2': '#3f78ac',
  'heat-3': '#6aa0d0',
  'heat-4': '#a3c9ec',
  'heat-5': '#e8f3fd',
}

/** Custom properties for both themes; paper is always light in print. */
export const THEME = `:root{color-scheme:light dark;${properties(LIGHT)}}
@media screen and (prefers-color-scheme:dark){:root{${properties(DARK)}}}
@media (forced-colors:active){:root{--paper:Canvas;--panel:Canvas;--ink:CanvasText;--muted:CanvasText;--line:GrayText;--link:LinkText}}
@media print{:root{color-scheme:light}}
`

function properties(colors: Palette): string {
  return Object.entries(colors)
    .map(([name, color]) => `--${name}:${color}`)
    .join(';')
}
