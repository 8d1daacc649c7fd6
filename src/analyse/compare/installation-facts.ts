import type { Installation, InstalledPart } from '../../model/installation.ts'
import type { Run } from '../../model/result.ts'

/** What stood in the cluster of each arm, part by part, so that a difference has a name. */
export function installationFacts(run: Run, installations: readonly Installation[] = []): Record<string, string> {
  const facts = run.plan.scenario.arms.flatMap(({ name }) => {
    const own = installations.filter(({ arm }) => arm === name)
    return own.flatMap(({ parts }) => parts.flatMap((part) => ofPart(name, part)))
  })
  const byName = Map.groupBy(facts, ([what]) => what)
  return Object.fromEntries(
    [...byName].map(([what, found]) => [what, [...new Set(found.map(([, value]) => value))].toSorted().join(' and ')]),
  )
}

function ofPart(arm: string, { title, chart, digest }: InstalledPart): [string, string][] {
  const short = digest.slice(0, 12)
  if (!chart) return [[`arm ${arm}: ${title}`, short]]
  return [
    [`arm ${arm}: chart ${title}`, `${chart.name} ${chart.version} (${chart.sha256.slice(0, 12)})`],
    [`arm ${arm}: chart and values of ${title}`, short],
  ]
}
