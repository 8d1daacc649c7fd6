import { meshes } from '../../meshes/index.ts'
import { baselineOf, isSameArm, type Scenario } from '../../model/scenario.ts'
import type { ArmStyle } from '../arm-styles.ts'

const SHAPES = [
  'M-.9,-.9H.9V.9H-.9Z',
  'M0,-1.1L1.1,.9H-1.1Z',
  'M0,-1.25L1.15,0L0,1.25L-1.15,0Z',
  'M-.4,-1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z',
  'M0,1.1L1.1,-.9H-1.1Z',
  'M-1.1,0L.9,-1.1V1.1Z',
  'M1.1,0L-.9,-1.1V1.1Z',
] as const
const CIRCLE = 'M0,-1A1,1,0,1,1,0,1A1,1,0,1,1,0,-1Z'

/** Beyond the palette, colours and shapes repeat and the dash tells them apart. */
const DASHES = [
  [1, 0],
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
] as const
/** As many as the theme has `--arm-n` for. */
const COLORS = 7

/** The look of every arm of a scenario. Apart from the marks, since the page's scripts need no mesh. */
export function armStyles(scenario: Pick<Scenario, 'arms'>): ArmStyle[] {
  const baseline = baselineOf(scenario)
  let others = 0
  return scenario.arms.map((arm) => {
    const common = { name: arm.name, mesh: arm.mesh, title: meshes[arm.mesh]?.title ?? arm.mesh }
    if (arm === baseline) return { ...common, role: 'baseline', color: 'var(--arm-0)', shape: CIRCLE, dash: [1, 0] }
    if (isSameArm(arm, baseline)) {
      return { ...common, role: 'repeat', color: 'var(--arm-0)', shape: 'M-1,-.35H1V.35H-1Z', dash: [2, 3] }
    }
    const place = others++
    return {
      ...common,
      role: 'other',
      color: `var(--arm-${(place % COLORS) + 1})`,
      shape: SHAPES[place % SHAPES.length] ?? CIRCLE,
      dash: DASHES[Math.floor(place / COLORS) % DASHES.length] ?? [1, 0],
    }
  })
}
