import { Failure } from '../model/failure.ts'

/** `edge-26.6.3` → `2026.6.3`: how Linkerd numbers the charts of an edge release. */
export function linkerdChartVersion(version: string): string {
  const [, year, month, release] = /^edge-(\d\d)\.(\d{1,2})\.(\d{1,2})$/.exec(version) ?? []
  if (year === undefined) {
    throw new Failure('scenario', `${version} is no version of Linkerd that can be installed`, {
      cause: 'Linkerd publishes edge releases only; a named release is one of them.',
      fix: 'Name an edge release: edge-26.6.3 is 2.20.',
    })
  }
  return `20${year}.${month}.${release}`
}
