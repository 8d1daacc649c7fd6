import { describe, expect, it } from 'vitest'
import { earlyStop } from '../../src/commands/early-stop.ts'
import type { Event } from '../../src/model/event.ts'
import { trialsOf } from '../../src/model/plan.ts'
import type { PlatformName } from '../../src/model/traits.ts'
import { type Otherwise, readingOf } from '../build/reading.ts'
import { resultOf, runOf } from '../build/run.ts'
import { named, planOf } from '../build/scenario.ts'

const plan = planOf(named(['a', 'b', 'c', 'd', 'e'], ['http']))
const [load] = plan.scenario.loads
const busy = { observation: { host: { cores: 8, busyCores: 7, stolenCores: 0, clockStep: 0 } } }

/** Runs trials until the run is stopped. Returns after how many, why, and what was said. */
async function stopped(
  of: (nth: number) => Otherwise,
  { platform = 'local', others = 6.4, answer }: { platform?: PlatformName; others?: number; answer?: boolean } = {},
) {
  const said: string[] = []
  const asked: { at: string; trouble: string }[] = []
  let doing = ''
  const goOn = async (trouble: string) => {
    asked.push({ at: doing, trouble })
    return answer === true
  }
  const stderr = { write: () => {}, alert: (text: string) => said.push(text) } as never
  const watch = async () => ({ others, cores: 8 })
  const stop = earlyStop(
    runOf(plan),
    { name: platform },
    { stderr, signal: new AbortController().signal },
    {
      watch,
      ...(answer !== undefined && { goOn }),
    },
  )
  const tell = (event: Event) => {
    doing = event.type
    return stop(event)
  }
  const [cohort] = plan.cohorts
  let trials = 0
  for (const { block, visits } of cohort?.blocks ?? []) {
    for (const visit of visits) {
      const failure = await tell({ at: 0, type: 'visit', visit, cohort: 1, block })
      if (failure) return { trials, failure: failure.toData(), said, asked }
      const trial = visit.trials[0] as never
      for (const phase of ['warm-up', 'measure', 'collect'] as const) {
        expect(await tell({ at: 0, type: 'phase', trial, phase, seconds: 1 })).toBeUndefined()
      }
      const result = resultOf(trial, readingOf({ ...(load && { load }), ...of(trials) }))
      expect(await tell({ at: 0, type: 'result', result, raw: [] })).toBeUndefined()
      trials++
    }
  }
  return { trials, failure: undefined, said, asked }
}

describe('a run beside other programs', () => {
  it('stops after three trials that these made invalid', async () => {
    expect(trialsOf(plan)).toHaveLength(20)
    const { trials, failure } = await stopped(() => busy)
    expect(trials).toBe(3)
    expect(failure).toMatchObject({
      code: 'no-valid-data',
      message: 'the run stopped: none of the first 3 trials is valid',
      cause: expect.stringContaining('Other programs used'),
    })
  })

  it('goes on if one of them was valid', async () => {
    expect(await stopped((nth) => (nth === 1 ? {} : busy))).toMatchObject({ trials: 20, failure: undefined, said: [] })
  })

  it('goes on if the others have ended, and says so; the block is judged as well', async () => {
    const first = await stopped((nth) => (nth < 3 ? busy : {}), { others: 0 })
    expect(first).toMatchObject({ trials: 20, failure: undefined })
    expect(first.said).toEqual([
      'none of the first 3 trials is valid; the other programs have ended, so the run goes on\n',
    ])
    const { said } = await stopped((nth) => (nth < 5 ? busy : {}), { others: 0 })
    expect(said).toHaveLength(2)
  })
})

describe('somebody who can be asked', () => {
  it.each([
    ['no', false, 3],
    ['yes', true, 20],
  ])('is asked once, between two visits, and decides with %s', async (_, answer, trials) => {
    const ended = await stopped(() => busy, { answer })
    expect(ended.trials).toBe(trials)
    expect(ended.failure === undefined).toBe(answer)
    const trouble = expect.stringMatching(/^none of the first 3 trials is valid: Other programs used .* cores/)
    expect(ended.asked).toEqual([{ at: 'visit', trouble }])
  })

  it('is not asked where the other programs have ended', async () => {
    expect(await stopped((nth) => (nth < 3 ? busy : {}), { others: 0, answer: false })).toMatchObject({ asked: [] })
  })
})

it('a run on other machines, or with another cause, stops after its first block', async () => {
  expect(await stopped(() => busy, { platform: 'simulated' })).toMatchObject({
    trials: 5,
    failure: { message: 'the run stopped: no trial of the first block is valid' },
  })
  const errors = { reading: { errors: 9000, codes: { 500: 9000, 200: 1000 } } }
  expect((await stopped(() => errors)).trials).toBe(5)
})
