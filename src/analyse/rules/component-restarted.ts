import { count } from '../../model/words.ts'
import { invalid, type Rule } from './rule.ts'

export const componentRestarted: Rule = {
  name: 'component-restarted',
  title: 'No component restarted',
  judge: ({ reading }) =>
    reading.observation.usage
      .filter(({ restarts = 0 }) => restarts > 0)
      .map(({ component, restarts = 0 }) =>
        invalid(
          `${component} restarted (${count(restarts, 'time')}) within the window.`,
          'Latency contains the outage, and CPU and memory those of starting.',
          'See why it stopped: its log, its memory limit, its probes.',
        ),
      ),
}
