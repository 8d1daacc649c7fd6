import { describe, expect, it } from 'vitest'
import type { InstallStep, Values } from '../../../src/model/mesh.ts'
import type { Arm } from '../../../src/model/scenario.ts'
import { armMesh } from '../../../src/platforms/in-cluster/arm-mesh.ts'
import { installSideBySide } from '../../../src/platforms/in-cluster/side-by-side.ts'
import { PUBLIC_SITE } from '../../../src/site/read-site.ts'

const of = (...arms: (string | Arm)[]) =>
  installSideBySide(
    arms.map((arm) =>
      armMesh(
        typeof arm === 'string' ? { name: arm, mesh: arm } : arm,
        { profile: 'equalised', loads: [] },
        PUBLIC_SITE,
      ),
    ),
  )
const titles = (steps: readonly InstallStep[]) =>
  steps.map((step) => {
    if (step.do === 'helm') return step.release
    return step.do === 'wait' ? step.until.map(({ name }) => name).join(' ') : step.do
  })
const valuesOf = (steps: readonly InstallStep[], release: string) =>
  steps.flatMap((step) => (step.do === 'helm' && step.release === release ? [step.values] : []))[0] as Values

describe('arms side by side', () => {
  it('share one control plane for each publisher, with what each of its arms needs', () => {
    const [none, istio, linkerd] = of('none', 'istio-sidecar', 'istio-ambient', 'istio-ambient-waypoint', 'linkerd')
    expect(none?.steps).toEqual([])
    expect(istio?.arms.map(({ arm }) => arm.name)).toEqual(['istio-sidecar', 'istio-ambient', 'istio-ambient-waypoint'])
    expect(titles(istio?.steps ?? [])).toEqual([
      'gateway-api',
      'istio-base',
      'istiod',
      'istiod',
      'site-manifests',
      'istio-cni',
      'ztunnel',
      'istio-cni-node ztunnel',
    ])
    // Of ambient, and the waypoint's place, although the sidecar came first.
    expect(valuesOf(istio?.steps ?? [], 'istiod')).toMatchObject({
      profile: 'ambient',
      global: { waypoint: { nodeSelector: { 'meshbench.io/part': 'server' } } },
    })
    expect(linkerd?.steps.filter((step) => step.do === 'helm')).toHaveLength(2)
  })

  it('are the same in whatever order they come', () => {
    const releases = (steps: readonly InstallStep[] = []) => titles(steps).filter((title) => title !== 'gateway-api')
    const [one] = of('istio-ambient-waypoint', 'istio-sidecar')
    const [other] = of('istio-sidecar', 'istio-ambient-waypoint')
    expect(releases(one?.steps)).toEqual(releases(other?.steps))
    expect(valuesOf(one?.steps ?? [], 'istiod')).toEqual(valuesOf(other?.steps ?? [], 'istiod'))
  })

  it('are refused where one release would need two versions', () => {
    const next: Arm = { name: 'istio-next', mesh: 'istio-sidecar', version: '1.30.0' }
    expect(() => of('istio-sidecar', next)).toThrow(
      'arms istio-sidecar and istio-next cannot stand in one cluster: istio-base would have to be 1.31.1 and 1.30.0',
    )
  })

  it('are refused where one release would need two values', () => {
    const arm = (name: string, concurrency: number): Arm => ({ name, mesh: 'istio-ambient', values: { concurrency } })
    expect(() => of(arm('one', 1), arm('two', 2))).toThrow(
      'env.ZTUNNEL_WORKER_THREADS of ztunnel would have to have two',
    )
    expect(() => of(arm('one', 2), arm('two', 2))).not.toThrow()
  })

  it("are refused where one is the cluster's network", () => {
    expect(() => of('none', 'cilium')).toThrow("cilium is the cluster's network")
  })
})
