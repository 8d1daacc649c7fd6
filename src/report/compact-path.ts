/** Half a pixel: finer than the thinnest line. */
const GRID = 2

/**
 * The `d` of a path of straight lines, as short as it can be written: relative, on a grid of half a pixel, steps that go
 * nowhere left out. Rounding does not add up, since every step starts from where the last one really ended. Anything with a
 * curve in it stays as it is.
 */
export function compactPath(d: string): string {
  if (/[^MLZ\d.,\s\-e+]/i.test(d) || /[a-df-ln-y]/.test(d)) return d
  let text = ''
  let at = { x: 0, y: 0 }
  let command = ''
  for (const [, letter = '', numbers = ''] of d.matchAll(/([MLZ])([^MLZ]*)/g)) {
    if (letter === 'Z') {
      text += 'z'
      command = ''
      continue
    }
    const [x = 0, y = 0] = numbers.split(/[\s,]+/).map((number) => Math.round(Number(number) * GRID) / GRID)
    if (letter === 'L' && x === at.x && y === at.y) continue
    text +=
      letter === 'M' ? `M${pair(x, y)}` : `${command === 'L' ? '' : 'l'}${pair(x - at.x, y - at.y, command === 'L')}`
    command = letter
    at = { x, y }
  }
  return text
}

/** A minus sign separates numbers by itself. */
function pair(x: number, y: number, follows = false): string {
  return `${follows && x >= 0 ? ' ' : ''}${x}${y >= 0 ? ' ' : ''}${y}`
}
