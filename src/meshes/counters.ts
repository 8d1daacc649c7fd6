import type { Counters, Sample } from '../model/mesh.ts'

/** One scraped pod at both edges of a window. */
export type Edges = Counters[string][number]

/** A choice of series by their labels. */
export type Labels = Sample['labels']
export type Which = (labels: Labels) => boolean

const ALL: Which = () => true

/**
 * How much a counter grew within the window, over all pods and all series that are chosen. A series that was not there
 * at the opening edge began at 0; one that fell was begun anew, so what it shows has grown since.
 */
export function grown(pods: readonly Edges[], name: string, which: Which = ALL): number {
  return pods.reduce((sum, { before, after }) => {
    const opening = new Map(chosen(before, name, which).map((sample) => [seriesKey(sample), sample.value]))
    const growth = chosen(after, name, which).map((sample) => {
      const from = opening.get(seriesKey(sample)) ?? 0
      return sample.value < from ? sample.value : sample.value - from
    })
    return sum + total(growth)
  }, 0)
}

/** What a gauge shows, or a counter since its start, at one edge. */
export function level(pods: readonly Edges[], edge: 'before' | 'after', name: string, which: Which = ALL): number {
  return total(pods.flatMap((pod) => chosen(pod[edge], name, which).map(({ value }) => value)))
}

/** Whether any pod has such a series at the closing edge. */
export function counts(pods: readonly Edges[], name: string, which: Which = ALL): boolean {
  return pods.some(({ after }) => chosen(after, name, which).length > 0)
}

function chosen(samples: readonly Sample[], name: string, which: Which): Sample[] {
  return samples.filter((sample) => sample.name === name && which(sample.labels))
}

function seriesKey({ labels }: Sample): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
