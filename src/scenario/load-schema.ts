import { z } from 'zod'
import { PROTOCOLS, TOOLS } from '../model/scenario.ts'
import { DEFAULTS } from './defaults.ts'
import { duration, rate, size } from './quantity.ts'
import { about, name, oneOrMore, section } from './section.ts'

export const loadSchema = section({
  name: name
    .optional()
    .meta(about('Name', 'What results and charts call this load. Default: made of protocol and rate, `http-1000`.')),
  tool: oneOrMore(z.enum(TOOLS))
    .prefault(DEFAULTS.load.tool)
    .meta(about('Tool', 'The load generator, or a list of them. k6 speaks http only.')),
  protocol: oneOrMore(z.enum(PROTOCOLS))
    .prefault(DEFAULTS.load.protocol)
    .meta(about('Protocol', 'http is HTTP/1.1 with keep-alive, http2 is HTTP/2 without TLS; or a list of protocols.')),
  rate: oneOrMore(rate({ least: '1/h', most: '1000k/s' })).meta(
    about('Rate', 'Requests per second over all connections, or `max`: as fast as answers come; or a list of rates.', [
      '500/s',
      ['100/s', '200/s', '400/s'],
      'max',
    ]),
  ),
  connections: oneOrMore(z.int().min(1).max(10_000))
    .prefault(DEFAULTS.load.connections)
    .meta(about('Connections', 'Connections (fortio), or virtual users to begin with (k6); or a list.', [8, [8, 64]])),
  payload: oneOrMore(size({ least: '0B', most: '256KiB', because: "fortio's server takes no more" }))
    .prefault(DEFAULTS.load.payload)
    .meta(
      about('Payload', 'Body of each request and of its answer; 0B is a plain GET; 256KiB at most; or a list.', [
        '1KiB',
        ['0B', '64KiB'],
      ]),
    ),
  warmup: duration({ least: '0s', most: '1h' })
    .prefault(DEFAULTS.load.warmup)
    .meta(about('Warm-up', 'Load of the same shape that is thrown away before each measurement; 0s to 1h.', ['2s'])),
  duration: duration({ least: '1s', most: '24h' })
    .prefault(DEFAULTS.load.duration)
    .meta(about('Duration', 'Length of each measurement; 1s to 24h.', ['10s', '1m30s'])),
})
