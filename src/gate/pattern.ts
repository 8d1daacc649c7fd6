/** Of a cell, as patterns and reports name it. */
export interface Place {
  readonly arm: string
  readonly load: string
  readonly metric: string
}

export function placeText({ arm, load, metric }: Place): string {
  return `${arm}/${load}/${metric}`
}

/** Whether `arm/load/metric` with `*` for any part of a name covers a place. What has not three parts covers nothing. */
export function covers(pattern: string, { arm, load, metric }: Place): boolean {
  const parts = pattern.split('/')
  const names = [arm, load, metric]
  return parts.length === names.length && parts.every((part, index) => expression(part).test(names[index] ?? ''))
}

const EXPRESSIONS = new Map<string, RegExp>()

function expression(part: string): RegExp {
  const known = EXPRESSIONS.get(part)
  if (known) return known
  const made = new RegExp(`^${part.replaceAll(/[^\w*]/g, '\\$&').replaceAll('*', '.*')}$`)
  EXPRESSIONS.set(part, made)
  return made
}
