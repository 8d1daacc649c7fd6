import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/model/platform.ts'
import { atOnce } from '../../src/platforms/at-once.ts'

const titles = async (steps: AsyncGenerator<Step>) => {
  const seen: string[] = []
  for await (const { title } of steps) seen.push(title)
  return seen
}

describe('tasks at once', () => {
  it('run no more at once than allowed, and all of them', async () => {
    let running = 0
    let most = 0
    const task = (name: string) =>
      async function* () {
        most = Math.max(most, ++running)
        yield { title: `${name} begins` }
        await new Promise((done) => setTimeout(done, 5))
        yield { title: `${name} ends` }
        running--
      }
    const seen = await titles(atOnce(2, ['a', 'b', 'c', 'd', 'e'].map(task)))
    expect(seen.toSorted()).toEqual(['a', 'b', 'c', 'd', 'e'].flatMap((name) => [`${name} begins`, `${name} ends`]))
    expect(most).toBe(2)
  })

  it('end together when one breaks: nothing goes on unseen', async () => {
    const ended: string[] = []
    const endless = (name: string) =>
      async function* () {
        try {
          for (;;) {
            await new Promise((done) => setTimeout(done, 1))
            yield { title: name }
          }
        } finally {
          ended.push(name)
        }
      }
    const breaking = async function* () {
      yield { title: 'c' }
      throw new Error('broken')
    }
    await expect(titles(atOnce(3, [endless('a'), endless('b'), breaking]))).rejects.toThrow('broken')
    expect(ended.toSorted()).toEqual(['a', 'b'])
  })
})
