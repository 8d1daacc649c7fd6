import { parentPort, workerData } from 'node:worker_threads'
import type { Bank } from './bank.ts'
import { countOf, type Size, type Task } from './tasks.ts'

const { bank, size } = workerData as { bank: Bank; size: Size }

parentPort?.on('message', (task: Task) => {
  parentPort?.postMessage({ task, counted: countOf(task, bank, size) })
})
