import { Worker } from 'node:worker_threads'
import type { Bank } from './bank.ts'
import type { Proof } from './page.ts'
import { type Counted, type Part, type Size, type Task, tasksOf } from './tasks.ts'

type Parts = Pick<Proof, Part>

/** The settings of all parts that are wanted, counted by so many threads. `say`: what is done so far. */
export async function countAll(
  bank: Bank,
  size: Size,
  { threads, say, isWanted }: { threads: number; say: (text: string) => void; isWanted: (part: Part) => boolean },
): Promise<Parts> {
  const tasks = tasksOf(bank, size).filter(({ part }) => isWanted(part))
  const waiting = [...tasks]
  const found = new Map<string, Counted>()
  await Promise.all(
    Array.from({ length: Math.min(threads, tasks.length) }, () =>
      work(bank, size, waiting, (task, counted) => {
        found.set(keyOf(task), counted)
        if (task.part !== 'coverage') say(`${found.size} of ${tasks.length}: ${task.part} ${task.place + 1}`)
      }),
    ),
  )
  const of = <Key extends Part>(part: Key) =>
    tasks.filter((task) => task.part === part).flatMap((task) => found.get(keyOf(task)) ?? []) as unknown as Proof[Key]
  return {
    family: of('family'),
    power: of('power'),
    nightly: of('nightly'),
    nightlyPower: of('nightlyPower'),
    pinned: of('pinned'),
    stalled: of('stalled'),
    stalledPower: of('stalledPower'),
    resampled: of('resampled'),
    resampledPower: of('resampledPower'),
    coverage: of('coverage'),
  }
}

/** One thread, until nothing waits. */
async function work(
  bank: Bank,
  size: Size,
  waiting: Task[],
  done: (task: Task, counted: Counted) => void,
): Promise<void> {
  const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData: { bank, size } })
  await new Promise<void>((resolve, reject) => {
    const next = () => {
      const task = waiting.shift()
      if (task) worker.postMessage(task)
      else resolve()
    }
    worker.on('error', reject)
    worker.on('message', ({ task, counted }: { task: Task; counted: Counted }) => {
      done(task, counted)
      next()
    })
    next()
  })
  await worker.terminate()
}

function keyOf({ part, place }: Task): string {
  return `${part} ${place}`
}
