import { describe, expect, it } from 'vitest'
import type { Scenario } from '../../../src/model/scenario.ts'
import { makePlan } from '../../../src/plan/make-plan.ts'
import { rbacObjects, rightsOf, rightText, rulesFor } from '../../../src/platforms/cluster/rights/rights.ts'
import { PUBLIC_SITE } from '../../../src/site/read-site.ts'
import { http, none, scenarioOf } from '../../build/scenario.ts'

const planOf = (changes: Partial<Scenario>) => makePlan(scenarioOf({ platform: 'cluster', cohorts: 1, ...changes }))
const rightsFor = (...given: Parameters<typeof rulesFor>) => rightsOf(rulesFor(...given))
const mesh = (name: string) => ({ name, mesh: name })

describe('the rights of a plan', () => {
  it('are few for meshes that are there: own namespaces, and the objects that enrol a workload', () => {
    const plan = planOf({ cluster: { provision: 'existing' }, arms: [none, mesh('istio-ambient-waypoint')] })
    const texts = rightsFor(plan, PUBLIC_SITE).map(rightText)
    expect(texts).toEqual(
      expect.arrayContaining([
        'create namespaces',
        'create pods/exec',
        'get pods/proxy',
        'create peerauthentications.security.istio.io',
        'create gateways.gateway.networking.k8s.io',
        'watch gateways.gateway.networking.k8s.io',
      ]),
    )
    expect(texts.filter((text) => text.includes('*'))).toEqual([])
    expect(texts.filter((text) => /secret|role|webhook|customresource/.test(text))).toEqual([])
    expect(new Set(texts).size).toBe(texts.length)
  })

  it('are those of what operations make, too', () => {
    const of = (operation?: string) => {
      const loads = [{ ...http, ...(operation !== undefined && { operation, operationAt: 5 }) }]
      const plan = planOf({ cluster: { provision: 'existing' }, arms: [none, mesh('istio-ambient-waypoint')], loads })
      return rightsFor(plan, PUBLIC_SITE).map(rightText)
    }
    const more = (operation: string) => of(operation).filter((text) => !of().includes(text))
    expect(more('server-rollout')).toContain('patch deployments.apps')
    expect(more('server-rollout').every((text) => text.endsWith(' deployments.apps'))).toBe(true)
    expect(more('route-changed')).toContain('patch httproutes.gateway.networking.k8s.io')
    expect(more('policy-changed')).toContain('create authorizationpolicies.security.istio.io')
  })

  it('are those of routes too, where load enters by a gateway of a mesh that is there', () => {
    const of = (entrance?: 'gateway') => {
      const arm = { ...mesh('istio-sidecar'), ...(entrance && { entrance }) }
      return rightsFor(planOf({ cluster: { provision: 'existing' }, arms: [none, arm] }), PUBLIC_SITE).map(rightText)
    }
    const more = of('gateway').filter((text) => !of().includes(text))
    expect(new Set(more.map((text) => text.split(' ')[1]))).toEqual(
      new Set(['gateways.gateway.networking.k8s.io', 'httproutes.gateway.networking.k8s.io']),
    )
    expect(more).toContain('create httproutes.gateway.networking.k8s.io')
  })

  it('are those of the kubelets too, only where these are read', () => {
    const of = (usage?: 'agent' | 'kubelet') =>
      rightsFor(planOf({ arms: [none], cluster: usage ? { usage } : {} }), PUBLIC_SITE).map(rightText)
    expect(of('kubelet')).toContain('get nodes/proxy')
    expect(of('kubelet').filter((text) => !of().includes(text))).toEqual(['get nodes/proxy'])
    expect(of('agent')).toEqual(of())
  })

  it('are those over jobs too, only where several load generators share a load', () => {
    const of = (generators?: number) =>
      rightsFor(planOf({ arms: [none], loads: [{ ...http, ...(generators && { generators }) }] }), PUBLIC_SITE).map(
        rightText,
      )
    expect(of(4).filter((text) => !of().includes(text))).toEqual(
      ['get', 'list', 'watch', 'create', 'patch', 'delete'].map((verb) => `${verb} jobs.batch`),
    )
  })

  it('are those of an administrator where control planes are installed, which grant rights themselves', () => {
    expect(rightsFor(planOf({ arms: [none, mesh('linkerd')] }), PUBLIC_SITE).map(rightText)).toEqual(['* *.*'])
  })

  it('do not depend on how arms without a mesh come about', () => {
    expect(rightsFor(planOf({ arms: [none] }), PUBLIC_SITE).map(rightText)).not.toContain('* *.*')
  })

  it('are given to one ServiceAccount', () => {
    const rules = rulesFor(planOf({ arms: [none] }), PUBLIC_SITE)
    const [account, role, binding] = rbacObjects(rules, 'bench', 'tools')
    expect(account?.metadata).toEqual({ name: 'bench', namespace: 'tools' })
    expect(role?.['rules']).toEqual(rules)
    expect(binding).toMatchObject({ roleRef: { name: 'bench' }, subjects: [{ name: 'bench', namespace: 'tools' }] })
  })
})
