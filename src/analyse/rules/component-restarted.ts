import { count } from '../../model/words.ts'
import { invalid, type Rule } from './rule.ts'

export const componentRestarted: Rule = {
  name: 'component-restarted',
  title: 'No component restarted',
  problem: 'A component restarted',
  findsDisturbance: true,
  judge: ({ reading }) =>
    reading.observation.usage
      .filter(({ restarts = 0 }) => restarts > 0)
      .map(({ component, restarts = 0 }) =>
        invalid(
          `${component} restarted (${count(restarts, 'time')}) within the window.`,
          'Latency includes the outage; CPU and memory include the start.',
          'Find why it stopped: check its log, its memory limit and its probes.',
        ),
      ),
}
