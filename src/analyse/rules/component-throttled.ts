import { formatNumber, formatShare } from '../../model/units.ts'
import { type Role, SCALING } from '../../model/usage.ts'
import { invalid, type Rule, warning } from './rule.ts'

const SHARE = 0.01
/** Length of a period of the kernel's CPU quota, in seconds. */
const PERIOD = 0.1

/**
 * For all components but the load generator, which has a stricter rule: `generator-saturated`. Where an arm gives its proxies less than a
 * core, what that limit does is what is asked.
 */
export const componentThrottled: Rule = {
  name: 'component-throttled',
  title: 'No component reached its CPU limit',
  problem: 'A component reached its CPU limit',
  blursLatency: true,
  findsOverload: true,
  judge({ arm, reading: { observation } }) {
    const asked = Number(arm.values?.['cpuLimit'] ?? 0)
    const isAsked = (role: Role) => SCALING[role]?.carries === true && asked > 0 && asked < 1
    return observation.usage
      .filter(
        ({ role, throttledPeriods = 0, throttledSeconds = 0 }) =>
          role !== 'generator' && throttledPeriods + throttledSeconds > 0,
      )
      .map(({ component, role, cpuLimit, throttledPeriods = 0, throttledSeconds = 0 }) => {
        const share = Math.max(throttledPeriods * PERIOD, throttledSeconds) / observation.seconds
        const limit = cpuLimit === undefined ? 'its CPU limit' : `its CPU limit of ${formatNumber(cpuLimit)} cores`
        const cause = `${component} was throttled by ${limit} for ${formatShare(share)} of the window.`
        if (isAsked(role)) {
          return warning(
            cause,
            'The figures show the proxy with the limit that the arm sets.',
            'Compare with the same mesh without cpuLimit.',
          )
        }
        const object = share > SHARE ? invalid : warning
        return object(
          cause,
          'The figures show the limit, not the component.',
          'Raise or remove the CPU limit, equally for every arm.',
        )
      })
  },
}
