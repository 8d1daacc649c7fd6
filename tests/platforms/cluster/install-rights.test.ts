import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseManifests } from '../../../src/kubernetes/install/manifests.ts'
import type { KubernetesObject } from '../../../src/model/mesh.ts'
import { rulesToInstall } from '../../../src/platforms/cluster/rights/install-rights.ts'
import { rightsOf, rightText } from '../../../src/platforms/cluster/rights/rights.ts'

const CAPTURED = join(import.meta.dirname, '../../captured/helm')
const chart = (name: string) => parseManifests(readFileSync(join(CAPTURED, `${name}.yaml`), 'utf8'), name)
const textsOf = (objects: readonly KubernetesObject[]) => rightsOf(rulesToInstall(objects) ?? []).map(rightText)

const role = (name: string, rules: readonly object[], more: object = {}): KubernetesObject => {
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules, ...more }
}

describe('the rights to install', () => {
  it.each(['istio-roles', 'linkerd-roles'])('%s are those of what its chart makes', (name) => {
    const objects = chart(name)
    const texts = textsOf(objects)
    expect(texts).toEqual(
      expect.arrayContaining([
        'watch deployments.apps',
        'create clusterroles.rbac.authorization.k8s.io',
        'create mutatingwebhookconfigurations.admissionregistration.k8s.io',
        'update customresourcedefinitions.apiextensions.k8s.io',
        'create secrets',
      ]),
    )
    expect(texts.filter((text) => /^(escalate|impersonate) |^\* \*/.test(text))).toEqual([])
  })

  it.each(['istio-roles', 'linkerd-roles'])(
    '%s contain all that its roles give: nobody gives what he lacks',
    (name) => {
      const objects = chart(name)
      const rules = (rulesToInstall(objects) ?? []).map((rule) => JSON.stringify(rule))
      const roles = objects.filter(({ kind }) => /Role$/.test(kind))
      const given = roles.flatMap((one) => (one['rules'] as object[] | undefined) ?? [])
      expect(given.length).toBeGreaterThan(3)
      for (const rule of given) expect(rules).toContain(JSON.stringify(rule))
    },
  )

  it('may bind roles that the charts do not have, and only those', () => {
    const binding = (kind: string, to: string): KubernetesObject => ({
      ...role(to, []),
      kind: 'ClusterRoleBinding',
      roleRef: { kind, name: to },
    })
    const texts = textsOf([
      role('own', []),
      binding('ClusterRole', 'own'),
      binding('ClusterRole', 'system:auth-delegator'),
    ])
    expect(texts.filter((text) => text.startsWith('bind'))).toEqual([
      'bind clusterroles.rbac.authorization.k8s.io/system:auth-delegator',
    ])
  })

  it('are not known where a role gathers what it gives by labels', () => {
    expect(rulesToInstall([role('gathers', [], { aggregationRule: { clusterRoleSelectors: [] } })])).toBeUndefined()
  })

  it('ask for names where a rule has some, and not for paths', () => {
    const rules = [
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: ['a', 'b'] },
      { nonResourceURLs: ['/metrics'], verbs: ['get'] },
    ]
    expect(rightsOf(rules).map(rightText)).toEqual(['get configmaps/a', 'get configmaps/b'])
  })
})
