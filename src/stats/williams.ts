/**
 * Orders for n treatments in which every ordered pair of neighbours occurs equally often (E. J. Williams, 1949), so that
 * what one treatment leaves behind for the next falls on all of them alike. Even n: n rows, each pair once. Odd n: no
 * single square is balanced, so the square is followed by its mirror image: 2n rows, each pair twice. Every n
 * consecutive rows from a multiple of n on are a Latin square: each treatment is once at each place.
 */
export function williams(n: number): number[][] {
  const first = Array.from({ length: n }, (_, place) => (place % 2 === 1 ? (place + 1) / 2 : (n - place / 2) % n))
  const square = Array.from({ length: n }, (_, shift) => first.map((treatment) => (treatment + shift) % n))
  return n % 2 === 0 ? square : [...square, ...square.map((row) => row.toReversed())]
}
