import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { beforeAll, describe, expect, it } from 'vitest'
import { parseSnapshot, snapshotScript } from '../../../../src/platforms/in-cluster/node-snapshot.ts'
import { sharedFolder } from '../../../temporary-folder.ts'

const ID = 'ab'.repeat(32)
const PODS = 'kubelet.slice/kubelet-kubepods.slice'
const SCOPE = `${PODS}/kubelet-kubepods-pod1_2.slice/cri-containerd-${ID}.scope`

/** As the kernel's cgroup-v2 document has it: a node whose services and pods have all controllers. */
const cpuStat = (usec: number, throttled = 0) =>
  `usage_usec ${usec}\nuser_usec ${usec - 100}\nsystem_usec 100\nnice_usec 0\ncore_sched.force_idle_usec 0\n` +
  `nr_periods 90\nnr_throttled ${throttled}\nthrottled_usec ${throttled * 1500}\nnr_bursts 0\nburst_usec 0\n`
const memory = (current: number, inactive: number) => ({
  'memory.current': `${current}\n`,
  'memory.peak': `${current + 4096}\n`,
  'memory.stat': `anon ${current - inactive}\nfile ${inactive}\ninactive_anon 0\ninactive_file ${inactive}\nactive_file 2048\nunevictable 0\npgfault 900\npgmajfault 7\n`,
  'memory.max': 'max\n',
  'memory.events': 'low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n',
})
const pressure = (some: number, full: number) =>
  `some avg10=0.00 avg60=0.12 avg300=0.30 total=${some}\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=${full}\n`
const V2: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': {
    'cgroup.controllers': 'cpu memory pids\n',
    'cpu.stat': cpuStat(9_000_000),
    ...memory(800_000, 300_000),
    'pids.current': '77\n',
  },
  'init.scope': { 'cpu.stat': cpuStat(1_000_000), ...memory(10_000, 0), 'pids.current': '1\n' },
  'system.slice/containerd.service': { 'cpu.stat': cpuStat(2_000_000), ...memory(90_000, 0), 'pids.current': '30\n' },
  [PODS]: { 'cpu.stat': cpuStat(6_000_000), ...memory(500_000, 0), 'pids.current': '9\n' },
  [SCOPE]: {
    'cpu.stat': cpuStat(6_000_000, 4),
    ...memory(400_000, 100_000),
    'pids.current': '9\n',
    'cpu.pressure': pressure(3_000_000, 2_000_000),
    'memory.pressure': pressure(40_000, 10_000),
    'io.pressure': pressure(0, 0),
  },
  [`${SCOPE}/inner`]: { 'cpu.stat': cpuStat(5_000_000), ...memory(200_000, 0), 'pids.current': '3\n' },
}

describe.runIf(process.platform === 'linux')('snapshotScript on a tree of cgroup v2', () => {
  let root = ''
  let text = ''

  beforeAll(async () => {
    root = sharedFolder()
    for (const [path, files] of Object.entries(V2)) {
      for (const [name, content] of Object.entries(files)) {
        const file = join(root, path, name)
        mkdirSync(dirname(file), { recursive: true })
        writeFileSync(file, content)
      }
    }
    text = (await execa('sh', ['-c', snapshotScript], { env: { CGROUP_ROOT: root } })).stdout
  })

  it('finds the version out by itself, and every cgroup', () => {
    const snapshot = parseSnapshot(text, 'server')
    expect(snapshot.cgroupVersion).toBe(2)
    expect(snapshot.total).toEqual({
      cpuSeconds: 9,
      memoryBytes: 500_000,
      fileBytes: 2048,
      peakBytes: 804_096,
      tasks: 77,
      majorFaults: 7,
    })
    expect(snapshot.cgroups.get(SCOPE)).toEqual({
      cpuSeconds: 6,
      throttledPeriods: 4,
      throttledSeconds: 0.006,
      memoryBytes: 300_000,
      fileBytes: 2048,
      peakBytes: 404_096,
      tasks: 9,
      majorFaults: 7,
      pressure: { cpu: { some: 3, full: 2 }, memory: { some: 0.04, full: 0.01 }, io: { some: 0, full: 0 } },
    })
    expect(snapshot.cgroups.get('system.slice/containerd.service')).toEqual({ cpuSeconds: 2 })
  })

  it('does not enter containers', () => {
    expect([...parseSnapshot(text, 'server').cgroups.keys()].filter((path) => path.endsWith('inner'))).toEqual([])
  })

  it('reads this machine for clocks and host', () => {
    const snapshot = parseSnapshot(text, 'server')
    expect(Math.abs(snapshot.wall - Date.now() / 1000)).toBeLessThan(60)
    expect(snapshot.host.cores).toBeGreaterThan(0)
    expect(snapshot.host.busy).toBeGreaterThan(0)
    expect(snapshot.strain.majorFaults).toBeGreaterThan(0)
    expect(snapshot.strain.swappedOut).toBeGreaterThanOrEqual(0)
  })

  it("takes the memory of a machine whose root has no counter of it from the kernel's own figures", () => {
    const own = text.split('\n').filter((line) => !/^\.\/memory\./.test(line))
    const bytes = (name: string) => 1024 * Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(text)?.[1])
    const { total } = parseSnapshot(own.join('\n'), 'server')
    expect(total.memoryBytes).toBe(bytes('MemTotal') - bytes('MemAvailable'))
    expect(total.cpuSeconds).toBe(9)
  })

  it('asks another program for the wall clock where date has no nanoseconds', async () => {
    const bin = join(root, 'bin')
    mkdirSync(bin)
    // What busybox 1.35 prints.
    const said = {
      date: '1795906539%N',
      adjtimex: '    status:       64 (UNSYNC)\n    time.tv_sec:  1795906539\n    time.tv_usec: 148903',
    }
    for (const [name, words] of Object.entries(said)) {
      writeFileSync(join(bin, name), `#!/bin/sh\ncat <<'END'\n${words}\nEND\n`, { mode: 0o755 })
    }
    const env = { CGROUP_ROOT: root, PATH: `${bin}:${process.env['PATH']}` }
    const { stdout } = await execa('sh', ['-c', snapshotScript], { env })
    expect(parseSnapshot(stdout, 'server').wall).toBeCloseTo(1795906539.148903, 5)
    const inNanoseconds = stdout.replace('148903 64', '148903000 8256')
    expect(parseSnapshot(inNanoseconds, 'server').wall).toBeCloseTo(1795906539.148903, 5)
  })

  it('reads counters of CPU before those of memory', () => {
    expect(text.lastIndexOf('cpu.stat')).toBeLessThan(text.indexOf('memory.current'))
  })
})
