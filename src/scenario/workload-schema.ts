import { z } from 'zod'
import { METHODS } from '../model/scenario.ts'
import { about, say, section } from '../yaml/quantities.ts'

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

const place = z.string().min(1).max(1000)

export const workloadSchema = section({
  manifests: place.meta(
    about(
      'Manifests',
      'A folder or a file of Kubernetes manifests, or a Helm chart (a folder with Chart.yaml, or an archive): a path relative to the scenario file.',
      ['shop/'],
    ),
  ),
  values: place
    .optional()
    .meta(about('Values', 'A file of values for the chart, relative to the scenario file.', ['values.yaml'])),
  entrance: entranceSchema.meta(about('Entrance', 'Where load is sent to, and what an answer has to be.')),
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
