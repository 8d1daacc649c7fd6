import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import { records } from '../../src/platforms/kind/cluster/cluster-record.ts'
import { random } from '../../src/stats/random.ts'
import { sharedFolder } from '../temporary-folder.ts'

const WANTED = process.env['MESHBENCH_CLUSTER_TESTS'] === '1'
/** How often a run is killed: twice in CI; `MESHBENCH_KILLS=20` is a long look. */
const KILLS = Number(process.env['MESHBENCH_KILLS'] ?? 2)
/** Longer than it takes to make two clusters on two cores and to measure some trials, so that the moments fall into all of it. */
const LONGEST = 150_000
const MAIN = join(import.meta.dirname, '../../src/main.ts')
const BLOCKS = 6
const SCENARIO = `
name: killed
platform: kind
isolation: frozen
blocks: ${BLOCKS}
arms: [none, istio-sidecar]
loads: [{ name: http, rate: 100/s, connections: 2, warmup: 0s, duration: 1s }]
`

describe.skipIf(!WANTED)(`a run that is killed${WANTED ? '' : ' (skipped: MESHBENCH_CLUSTER_TESTS is not 1)'}`, () => {
  const dir = sharedFolder()
  writeFileSync(join(dir, 'killed.yaml'), SCENARIO)
  const moments = random(Date.now() >>> 0, 'kills')

  it(`${KILLS} times leaves nothing that clean does not find, and loses no trial`, {
    timeout: KILLS * 300_000 + 900_000,
  }, async () => {
    const before = await world()
    let finished: string[] = []
    for (let kill = 1; kill <= KILLS; kill++) {
      const after = Math.round(moments.uniform() * LONGEST)
      await killed(next(), after)
      const { stdout } = await meshbench('clean')
      const trials = trialFiles()
      console.log(`kill ${kill} after ${after} ms: ${trials.length} trials; ${stdout.trim().replaceAll('\n', '; ')}`)
      expect(await world()).toEqual(before)
      expect(trials).toEqual(expect.arrayContaining(finished))
      finished = trials
    }
    await meshbench(...next())
    expect(trialFiles()).toHaveLength(2 * BLOCKS)
    expect(await world()).toEqual(before)
  })

  const meshbench = (...args: string[]) =>
    // 12: a trial that a busy machine made invalid is a result.
    execa(process.execPath, [MAIN, ...args], { cwd: dir, reject: false }).then((ended) => {
      expect([0, 12]).toContain(ended.exitCode)
      return ended
    })

  async function killed(args: string[], after: number): Promise<void> {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: dir, stdio: 'ignore' })
    const ended = once(child, 'exit')
    const timer = setTimeout(() => child.kill('SIGKILL'), after)
    await ended
    clearTimeout(timer)
  }

  // Also where a busy machine makes the first trials invalid.
  const next = () => ['run', runs().length === 0 ? 'killed.yaml' : '--resume', '--keep-going']
  const runs = () => foldersOf(join(dir, 'results'))
  const trialFiles = () =>
    runs()
      .flatMap((run) => foldersOf(join(dir, 'results', run, 'trials')))
      .toSorted()
})

function foldersOf(path: string): string[] {
  try {
    return readdirSync(path).filter((name) => !name.startsWith('.') && !name.startsWith('lock-'))
  } catch {
    return []
  }
}

/** Everything on this machine that a run could leave behind. */
async function world() {
  const listed = async (...args: string[]) => (await execa('docker', args)).stdout.split('\n').toSorted()
  const config = join(homedir(), '.kube', 'config')
  return {
    containers: await listed('ps', '--all', '--format', '{{.Names}}'),
    networks: await listed('network', 'ls', '--format', '{{.Name}}'),
    volumes: await listed('volume', 'ls', '--format', '{{.Name}}'),
    // Those without a name are left by whoever builds one anew: a run only brings images with names.
    images: (await listed('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}')).filter(
      (name) => !/<none>/.test(name),
    ),
    records: (await records().all()).map(({ cluster }) => cluster).toSorted(),
    scratch: readdirSync(tmpdir()).filter((name) => /^meshbench-.*-killed-/.test(name)),
    kubeconfig: foldersOf(join(homedir(), '.kube')).length === 0 ? '' : textOf(config),
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
