import { createInterface } from 'node:readline'

/**
 * Burns a share of one core for some seconds, by its own account of CPU time, or for longer beside other work, until it has
 * had its share: `SHARE SECONDS` on a line, answered with the CPU-seconds that it really used. It idles before and after, so that the reader's own delay does not matter.
 */
for await (const line of createInterface(process.stdin)) {
  const [share = 0, seconds = 0] = line.split(' ').map(Number)
  const begun = process.cpuUsage()
  const start = performance.now()
  const used = () => {
    const { user, system } = process.cpuUsage(begun)
    return (user + system) / 1e6
  }
  for (let elapsed = 0; elapsed < seconds || used() < share * seconds; elapsed = (performance.now() - start) / 1000) {
    if (used() >= share * elapsed) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  console.log(used())
}
