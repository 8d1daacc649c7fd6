import { armsByContext } from '../../model/scenario.ts'
import { list } from '../../model/words.ts'
import type { HeldView } from '../trial-view.ts'
import type { ComparisonRule } from './comparison.ts'

/** Evidence of a cluster itself, and what it is called here. */
const OF_CLUSTER = {
  node: 'versions',
  'cpu-model': 'processor',
  machines: 'machines',
} as const satisfies Readonly<Record<string, string>>

/** Arms in different clusters differ by their clusters as well as by their meshes. */
export const clustersDiffer: ComparisonRule = {
  name: 'clusters-differ',
  title: 'All arms stood in one cluster',
  problem: 'Arms stood in different clusters',
  judge({ record, measured }) {
    const groups = [...armsByContext(record.run.plan.scenario)]
    if (groups.length < 2) return []
    const clusters = groups.map(([context = 'unnamed', arms]) => {
      const names = new Set(arms.map(({ name }) => name))
      const views = measured.filter(({ arm }) => names.has(arm.name))
      return { context, arms: [...names], seen: (evidence: string) => seenIn(views, evidence) }
    })
    const where = clusters.map(({ context, arms }) => `${list(arms)} in that of context ${context}`)
    const different = Object.entries(OF_CLUSTER).flatMap(([evidence, title]) => {
      const seen = clusters.map((one) => ({ ...one, seen: one.seen(evidence) }))
      if (new Set(seen.map((one) => one.seen)).size < 2) return []
      return [`${title} (${seen.map((one) => `${one.context}: ${one.seen}`).join(' | ')})`]
    })
    const what =
      different.length > 0
        ? `They differ in ${different.join('; ')}.`
        : 'Processors, machines and versions are the same; their network and their neighbours need not be.'
    return [
      {
        severity: 'warning',
        cause: `${where.join('; ')}. ${what}`,
        effect:
          'A difference between arms of different clusters is that of the meshes and that of the clusters together: nothing tells them apart.',
        remedy:
          'Compare arms of one cluster; or measure the baseline in each cluster too, and see what the baselines differ by.',
      },
    ]
  },
}

/** All that was seen of something, each once. */
function seenIn(views: readonly HeldView[], name: string): string {
  const seen = views.flatMap(({ reading }) => reading.observation.evidence.filter((one) => one.name === name))
  return [...new Set(seen.map((one) => one.seen))].toSorted().join(' or ') || 'unknown'
}
