import type { ProgramName } from '../../../src/model/site.ts'
import { local } from '../../../src/platforms/local/local.ts'
import { opened } from '../opened.ts'
import { cohort, loadOf, planOf, raise } from './scene.ts'

/** Raises an arm and waits to be killed, or ends at once. Arguments: run id, mesh, `wait` or `exit`, paths of fortio and Envoy. */
const [run = '', mesh = '', then, fortio = '', envoy = ''] = process.argv.slice(2)
const path = (name: ProgramName) => (name === 'envoy' ? envoy : fortio)
const platform = local({
  locate: async (name) => ({ name, path: path(name), provenance: { name, version: 'any', origin: 'configured' } }),
})
const arm = { name: 'arm', mesh }
const testbed = await opened(
  platform.open(planOf([arm], [loadOf('http')]), cohort, { id: run }, new AbortController().signal),
)
const runningArm = await raise(testbed, arm)
console.log(runningArm.dir)
if (then === 'exit') process.exit(0)
setInterval(() => {}, 1000)
