import { describe, expect, it } from 'vitest'
import {
  cpuSeconds,
  NO_CPU,
  parseCpuList,
  parseHostStat,
  parseKilobytes,
  parseListener,
  parseOpenFiles,
  parseSchedstat,
  parseStat,
} from '../../../src/platforms/local/proc.ts'

/** Real lines of Linux 6.18; the command's name is made awkward on purpose. */
const STAT =
  '25537 (a (b) c) S 9975 25537 25537 0 -1 4194304 90 66 0 0 12 3 93 7 20 0 5 0 237426 2654208 398 18446744073709551615 1 1 0'

describe('/proc', () => {
  it('stat: times, group and start, whatever the name', () => {
    expect(parseStat(STAT)).toEqual({
      state: 'S',
      parent: 9975,
      group: 25537,
      ticks: 15,
      childTicks: 100,
      threads: 5,
      startTime: 237426,
    })
  })

  it('schedstat: nanoseconds on a CPU', () => {
    expect(parseSchedstat('1234567890 2813994 17\n')).toBe(1_234_567_890)
  })

  it('smaps_rollup: kilobytes become bytes', () => {
    const rollup = 'Rss:               70000 kB\nPss:               65069 kB\nPss_Dirty:         14812 kB\n'
    expect(parseKilobytes(rollup, 'Pss')).toBe(65069 * 1024)
    expect(parseKilobytes(rollup, 'Swap')).toBeUndefined()
  })

  it('host stat: busy is neither idle, nor waiting, nor stolen, and guests count once', () => {
    const text = 'cpu  100 20 30 5000 400 5 6 70 90 9\ncpu0 50 10 15 2500 200 2 3 35 45 4\n'
    expect(parseHostStat(text)).toEqual({ busy: 161, stolen: 70 })
  })

  it('CPU lists', () => {
    expect(parseCpuList('0-3,8,10-11\n')).toEqual([0, 1, 2, 3, 8, 10, 11])
    expect(parseCpuList('0')).toEqual([0])
  })

  it('limits', () => {
    const row = (soft: string) => `Max open files            ${soft}                20000                files     \n`
    expect(parseOpenFiles(row('1024'))).toBe(1024)
    expect(parseOpenFiles(row('unlimited'))).toBe(Number.POSITIVE_INFINITY)
  })

  it('net/tcp: the inode of who listens, not of who is connected', () => {
    const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:8465 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0000000000000000
   1: 0100007F:8465 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0000000000000000
`
    expect(parseListener(table, 0x8465)).toBe('222')
    expect(parseListener(table, 80)).toBeUndefined()
  })
})

describe('CPU-seconds between two readings', () => {
  const reading = (threads: [number, number][], ticks: number) => ({ threads: new Map(threads), ticks, processes: 1 })

  it('are the growth of all threads, new ones whole', () => {
    const open = reading([[1, 1e9]], 100)
    const close = reading(
      [
        [1, 1.25e9],
        [2, 0.5e9],
      ],
      175,
    )
    expect(cpuSeconds(open, close)).toBeCloseTo(0.75, 9)
  })

  it('come from the ticks where threads have gone, less what may be rounding', () => {
    const open = reading(
      [
        [1, 1e9],
        [2, 1e9],
      ],
      200,
    )
    expect(cpuSeconds(open, reading([[1, 1.1e9]], 250))).toBeCloseTo(0.48, 9)
  })

  it('are never negative', () => {
    expect(cpuSeconds(reading([[1, 5e9]], 500), NO_CPU)).toBe(0)
  })
})
