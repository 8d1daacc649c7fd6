import { describe, expect, it } from 'vitest'
import { OWNER_STAMP, ownStamp, parseEnviron, RUN_STAMP, readStamp } from '../../src/host/processes.ts'

describe('the stamp of an owner', () => {
  it('environ: values may hold an equals sign', () => {
    expect(parseEnviron('A=1\0B=x=y\0rubbish\0')).toEqual(
      new Map([
        ['A', '1'],
        ['B', 'x=y'],
      ]),
    )
  })

  it('says whose something is, and whether that process still runs', () => {
    const stamp = (owner: string) => `A=1\0${RUN_STAMP}=a-run\0${OWNER_STAMP}=${owner}\0`
    expect(readStamp(stamp(ownStamp()))).toEqual({ run: 'a-run', alive: true })
    expect(readStamp(stamp('1073741824:1'))).toEqual({ run: 'a-run', alive: false })
    expect(readStamp('A=1\0')).toBeUndefined()
    expect(readStamp(undefined)).toBeUndefined()
  })
})
