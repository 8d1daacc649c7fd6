import { z } from 'zod'
import { CALL_ORDERS, METHODS } from '../model/scenario.ts'
import { about, duration, say, section, share, size } from '../yaml/quantities.ts'

const DEFAULTS = { path: '/', method: 'GET', headers: {}, expectedStatus: 200 } as const

const path = z
  .string()
  .max(2000)
  .regex(/^\/[^\s#]*$/, {
    error: () => say('is not the path of a request', 'Begin it with a slash: /orders?limit=10.'),
  })
  .prefault(DEFAULTS.path)
  .meta(about('Path', 'Path of the request, with its query. Default: /.', ['/orders']))

const method = z
  .enum(METHODS)
  .prefault(DEFAULTS.method)
  .meta(about('Method', 'Method of the request. Default: GET.', ['POST']))

/** RFC 9110, 5.6.2: a token. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

const headers = z
  .record(
    z.string().regex(HEADER, { error: () => say('is not the name of a header', 'Write letters, digits and dashes.') }),
    z
      .string()
      .max(8000)
      .regex(/^[^\r\n]*$/, { error: () => say('has a line break', 'Write it on one line.') }),
  )
  .prefault(DEFAULTS.headers)
  .meta(about('Headers', 'Headers of the request, by name.', [{ 'content-type': 'application/json' }]))

const body = z
  .string()
  .max(64 * 1024)
  .optional()
  .meta(about('Body', 'Text that the request sends.', ['{"item":1}']))

const expectedStatus = z
  .int()
  .min(200)
  .max(599)
  .prefault(DEFAULTS.expectedStatus)
  .meta(
    about(
      'Expected status',
      'An answer with another status is an error. fortio takes any status from 200 to 299.',
      [200],
    ),
  )

const entranceSchema = section({
  service: z
    .string()
    .min(1)
    .max(63)
    .meta(about('Service', 'Name of the Service that requests are sent to; one of the manifests.', ['web'])),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .meta(about('Port', 'Port of that Service.', [80])),
  path,
  method,
  headers,
  body,
  expectedStatus,
})

const SERVICE = { calls: [], order: 'parallel', answer: '1KiB', delay: '0s', replicas: 1 } as const

const serviceName = z.string().regex(/^[a-z]([-a-z0-9]{0,38}[a-z0-9])?$/, {
  error: () =>
    say('is not the name of a service', 'Write small letters, digits and dashes, 40 at most, and begin with a letter.'),
})

const HELD_BACK = duration({ least: '0s', most: '1.5s', because: "fortio's server delays an answer by no more" })

const serviceSchema = section({
  calls: z
    .array(z.string())
    .max(50)
    .prefault([...SERVICE.calls])
    .meta(
      about('Calls', 'Services that it calls for each request, before it answers. The same twice: two calls.', [
        ['cart', 'search'],
      ]),
    ),
  order: z
    .enum(CALL_ORDERS)
    .prefault(SERVICE.order)
    .meta(about('Order', 'parallel: all calls at once. sequence: each after the answer to the one before.')),
  answer: size({
    least: '512B',
    most: '4MiB',
    because: 'services hold their answers in memory, and below that an error looks like an answer',
  })
    .prefault(SERVICE.answer)
    .meta(
      about('Answer', 'Size of its own part of the answer; those of the services that it calls follow. 512B to 4MiB.', [
        '1KiB',
      ]),
    ),
  delay: HELD_BACK.prefault(SERVICE.delay).meta(
    about('Delay', 'How long it holds its own part back, without using CPU.', ['2ms']),
  ),
  slow: section({
    share: share.meta(about('Share', 'Share of its requests, chosen at random.', ['1%'])),
    delay: HELD_BACK.meta(about('Delay', 'How long it holds its own part of these back, without using CPU.', ['50ms'])),
  })
    .optional()
    .meta(about('Slow', 'A share of its requests with another delay. Default: all are alike.')),
  replicas: z.int().min(1).max(20).prefault(SERVICE.replicas).meta(about('Replicas', 'Number of its pods.')),
})

const place = z.string().min(1).max(1000)

export const workloadSchema = section({
  services: z
    .record(serviceName, serviceSchema)
    .optional()
    .meta(
      about(
        'Services',
        'A graph of services in place of an application: each is called by others, but for the one at the entrance. In place of manifests.',
        [{ front: { calls: ['cart'] }, cart: {} }],
      ),
    ),
  manifests: place
    .optional()
    .meta(
      about(
        'Manifests',
        'A folder or a file of Kubernetes manifests, or a Helm chart (a folder with Chart.yaml, or an archive): a path relative to the scenario file.',
        ['shop/'],
      ),
    ),
  values: place
    .optional()
    .meta(about('Values', 'A file of values for the chart, relative to the scenario file.', ['values.yaml'])),
  entrance: entranceSchema
    .optional()
    .meta(about('Entrance', 'Where load is sent to, and what an answer has to be; required with manifests.')),
  ready: z
    .array(
      z.string().regex(/^(deployment|statefulset|pod)\/[a-z0-9.-]+$/i, {
        error: () => say('names nothing that can be waited for', 'Write the kind and the name: deployment/web.'),
      }),
    )
    .min(1)
    .optional()
    .meta(
      about('Ready', 'What has to be ready before load is sent. Default: everything that runs pods.', [
        ['deployment/web'],
      ]),
    ),
})
  .refine(({ services, manifests }) => (services === undefined) !== (manifests === undefined), {
    message: say('has either manifests or services', 'Keep one of the two keys, and name one.'),
  })
  .refine(({ manifests, entrance }) => manifests === undefined || entrance !== undefined, {
    path: ['entrance'],
    message: say('is missing', 'Name the Service that load is sent to: entrance: { service: web, port: 80 }.'),
  })
  .refine(
    ({ services, manifests, entrance, ready, values }) =>
      services === undefined || manifests !== undefined || (entrance ?? ready ?? values) === undefined,
    {
      message: say(
        'has services, which need no more keys',
        'Remove entrance, ready and values: these are for manifests.',
      ),
    },
  )
