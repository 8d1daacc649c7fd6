import { describe, expect, it } from 'vitest'
import { parseStrain, readStrain, scheduledReclaim, strainBetween } from '../../src/host/strain.ts'

/** Real texts of Linux 6.18, shortened. */
const PRESSURE = {
  cpu: 'some avg10=98.90 avg60=98.84 avg300=96.69 total=2199109656\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
  memory:
    'some avg10=0.06 avg60=1.25 avg300=1.04 total=38340293\nfull avg10=0.00 avg60=0.00 avg300=0.02 total=14154552\n',
  io: '',
}
const VMSTAT = 'nr_free_pages 4712345\npgfault 44770208\npgmajfault 6467\npswpin 3\npswpout 12\n'
const open = parseStrain((resource) => PRESSURE[resource], VMSTAT)

describe('what tasks waited for', () => {
  it('is read in seconds, and what the kernel does not count is absent', () => {
    expect(open).toEqual({
      pressure: { cpu: { some: 2199.109656, full: 0 }, memory: { some: 38.340293, full: 14.154552 } },
      majorFaults: 6467,
      swappedIn: 3,
      swappedOut: 12,
    })
    expect(parseStrain(() => '', '')).toEqual({})
  })

  it('within a window is the difference of its edges', () => {
    const close = parseStrain(
      (resource) => PRESSURE[resource].replace('38340293', '38850293'),
      VMSTAT.replace('6467', '6567'),
    )
    const grown = strainBetween(open, close)
    expect(grown.pressure?.memory?.some).toBeCloseTo(0.51, 6)
    expect(grown).toMatchObject({
      pressure: { cpu: { some: 0, full: 0 }, memory: { full: 0 } },
      majorFaults: 100,
      swappedIn: 0,
      swappedOut: 0,
    })
    expect(strainBetween({}, close)).toEqual({})
  })

  it.runIf(process.platform === 'linux')('can be read on this machine', () => {
    expect(readStrain().majorFaults).toBeGreaterThan(0)
  })
})

/** As found on a virtual machine whose kernel pages out what looks cold. */
const KDAMOND = '/sys/kernel/mm/damon/admin/kdamonds/0'
const CONTEXT = `${KDAMOND}/contexts/0`
const DAMON: Readonly<Record<string, string>> = {
  [`${KDAMOND}/state`]: 'on\n',
  [`${CONTEXT}/monitoring_attrs/intervals/aggr_us`]: '5000000\n',
  [`${CONTEXT}/schemes/0/action`]: 'pageout\n',
  [`${CONTEXT}/schemes/0/apply_interval_us`]: '0\n',
  [`${CONTEXT}/schemes/0/quotas/bytes`]: '134217728\n',
}

describe('what reclaims memory on a schedule', () => {
  const reclaim = (files: Readonly<Record<string, string>>, commands: string[] = []) =>
    scheduledReclaim(
      (path) => files[path],
      (dir) => [
        ...new Set(
          Object.keys(files).flatMap((path) =>
            path.startsWith(`${dir}/`) ? [path.slice(dir.length + 1).split('/')[0] ?? ''] : [],
          ),
        ),
      ],
      () => commands,
    )

  it('is DAMON with a scheme, and its period is that of its aggregation', () => {
    expect(reclaim(DAMON)).toEqual({
      what: "the kernel's DAMON with action pageout, at most 128 MiB at a time",
      every: 5,
    })
    expect(reclaim({ ...DAMON, [`${CONTEXT}/schemes/0/apply_interval_us`]: '2000000' })?.every).toBe(2)
  })

  it('is nothing where DAMON is off, only counts, or is not there', () => {
    expect(reclaim({ ...DAMON, [`${KDAMOND}/state`]: 'off\n' })).toBeUndefined()
    expect(reclaim({ ...DAMON, [`${CONTEXT}/schemes/0/action`]: 'stat\n' })).toBeUndefined()
    expect(reclaim({}, ['systemd', 'kswapd0'])).toBeUndefined()
  })

  it('is DAMON_RECLAIM where that module is on', () => {
    const parameters = '/sys/module/damon_reclaim/parameters'
    const files = { [`${parameters}/enabled`]: 'Y\n', [`${parameters}/aggr_interval`]: '100000\n' }
    expect(reclaim(files)).toEqual({ what: "the kernel's DAMON_RECLAIM", every: 0.1 })
    expect(reclaim({ ...files, [`${parameters}/enabled`]: 'N\n' })).toBeUndefined()
  })

  it('is known by its thread where its settings cannot be read', () => {
    expect(reclaim({}, ['systemd', 'kdamond.0\n'])).toEqual({ what: expect.stringContaining('only root can read') })
  })
})
