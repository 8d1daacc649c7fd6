import { parentPort, workerData } from 'node:worker_threads'
import { countGrid, countSearch } from './count.ts'

const { from, to, step, grids, truth } = workerData as {
  from: number
  to: number
  step: number
  grids: number
  truth: { none: number; mesh: number }
}

for (let seed = from; seed <= to; seed += step) {
  const search = await countSearch(seed)
  const grid = seed <= grids ? await countGrid(seed, truth) : undefined
  parentPort?.postMessage({ search, grid })
}
