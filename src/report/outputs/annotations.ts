import type { GateFinding, GateResult } from '../../model/verdict.ts'

/** GitHub shows so many of each kind in a step, and drops the rest in silence. */
const MOST = 10

type Kind = 'error' | 'warning' | 'notice'

const KINDS: Readonly<Record<GateFinding['severity'], Kind>> = {
  regression: 'error',
  budget: 'error',
  invalid: 'error',
  inconclusive: 'warning',
  warning: 'warning',
  improvement: 'notice',
  note: 'notice',
}

/** Workflow commands, one a line: up to ten errors, warnings and notices each; the tenth counts what had no room. */
export function annotations({ findings }: Pick<GateResult, 'findings'>): string[] {
  const byKind = Map.groupBy(findings, ({ severity }) => KINDS[severity])
  return (['error', 'warning', 'notice'] as const).flatMap((kind) => {
    const all = byKind.get(kind) ?? []
    if (all.length <= MOST) return all.map((finding) => annotation(kind, finding))
    const shown = all.slice(0, MOST - 1)
    const rest = `and ${all.length - shown.length} more; the job summary has them all`
    return [...shown.map((finding) => annotation(kind, finding)), `::${kind} title=meshbench::${data(rest)}`]
  })
}

function annotation(kind: Kind, { rule, sentence, remedy }: GateFinding): string {
  const message = remedy === undefined ? sentence : `${sentence}\n${remedy}`
  return `::${kind} title=${property(`meshbench ${rule}`)}::${data(message)}`
}

/** As the runner's own toolkit escapes. */
function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
