import { expect, it } from 'vitest'
import { wavesOf } from '../../src/kubernetes/objects.ts'

it('puts what others need first, and what can refuse others last', () => {
  const kinds = ['Pod', 'ValidatingWebhookConfiguration', 'Service', 'CustomResourceDefinition', 'Namespace', 'Gateway']
  const objects = kinds.map((kind) => ({ apiVersion: 'v1', kind, metadata: { name: 'x' } }))
  expect(wavesOf(objects).map((wave) => wave.map(({ kind }) => kind))).toEqual([
    ['CustomResourceDefinition', 'Namespace'],
    ['Service', 'Gateway'],
    ['Pod'],
    ['ValidatingWebhookConfiguration'],
  ])
})
