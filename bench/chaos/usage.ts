/**
 * Loaded before a command (`node --import`): when it ends, it writes down what it used. Works on every system that Node runs on,
 * without a program such as time. What the kernel says of it at the end is the peak.
 */
import { writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const file = process.env['CHAOS_USAGE']
if (file !== undefined && isMainThread) {
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
    writeFileSync(file, JSON.stringify({ cpu: (userCPUTime + systemCPUTime) / 1e6, memory: maxRSS * 1024 }))
  })
}
