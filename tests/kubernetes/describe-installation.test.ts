import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { chartCache, manifestCache } from '../../src/kubernetes/install/chart-cache.ts'
import {
  describeInstallation,
  type InstallationOf,
  withRendered,
} from '../../src/kubernetes/install/describe-installation.ts'
import type { InstallStep, Values } from '../../src/model/mesh.ts'
import { REDACTED } from '../../src/model/secrets.ts'
import { testFolder } from '../temporary-folder.ts'

const { signal } = new AbortController()
let dir: string
beforeEach(async () => {
  dir = testFolder()
  await mkdir(join(dir, 'chart', 'templates'), { recursive: true })
  await mkdir(join(dir, 'gateway-api'))
  await writeFile(join(dir, 'chart', 'Chart.yaml'), 'name: istiod\nversion: 1.31.1\n')
  await writeFile(join(dir, 'chart', 'templates', 'a.yaml'), 'a')
  await writeFile(join(dir, 'gateway-api', 'crd.yaml'), CRD)
  const helm =
    '#!/bin/sh\nfor chart; do :; done\ncase $1 in show) cat "$chart/Chart.yaml";; get) cat "$(dirname "$0")/rendered.yaml";; esac\n'
  await writeFile(join(dir, 'helm'), helm)
  await chmod(join(dir, 'helm'), 0o755)
})

const CRD = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: gateways.gateway.networking.k8s.io, annotations: { long: text } }
spec: { group: gateway.networking.k8s.io }
`

/** Everything is read anew, as by another run. */
function installationOf(values: Values = { pilot: 1, password: 'p' }) {
  const helm = { helm: join(dir, 'helm'), dir }
  const steps: InstallStep[] = [
    { do: 'gateway-api' },
    { do: 'helm', release: 'istiod', chart: 'istiod', version: '9', namespace: 'istio-system', values },
    { do: 'wait', until: [] },
  ]
  const vendor = { name: 'istio', version: '1', hub: 'h', charts: { istiod: join(dir, 'chart') } }
  const of: InstallationOf = {
    ...{ arm: { name: 'istio', mesh: 'istio-sidecar' }, steps, workload: [] },
    enrolment: { labels: { 'istio-injection': 'enabled' }, objects: [], until: [] },
    about: { version: '1.31.1', vendor, profile: 'equalised', settings: {}, namespace: 'bench' },
    site: { gatewayApi: { manifests: join(dir, 'gateway-api') } },
    charts: chartCache(helm),
    manifests: manifestCache(),
  }
  return describeInstallation(of, signal)
}

describe('what is installed', () => {
  it('is told part by part, without secrets and long definitions', async () => {
    const { installation } = await installationOf()
    expect(installation).toMatchObject({ arm: 'istio', mesh: 'istio-sidecar', version: '1.31.1', profile: 'equalised' })
    const [gateway, istiod, enrolment, workload] = installation.parts
    expect(gateway?.objects).toEqual([
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'gateways.gateway.networking.k8s.io' },
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ])
    expect(istiod).toMatchObject({
      title: 'istiod',
      namespace: 'istio-system',
      chart: { name: 'istiod', version: '1.31.1' },
      values: { pilot: 1, password: REDACTED },
    })
    expect(istiod?.chart).not.toHaveProperty('path')
    expect(enrolment?.values).toEqual({ labels: { 'istio-injection': 'enabled' } })
    expect(workload?.title).toBe('workload')
  })

  it('has the same digest when it is the same, and another with every change', async () => {
    const base = await installationOf()
    expect(await installationOf()).toEqual(base)
    const digests = new Set([base.installation.digest])
    const exact = new Set([base.exact])
    const note = async (changed: ReturnType<typeof installationOf>) => {
      digests.add((await changed).installation.digest)
      exact.add((await changed).exact)
    }
    await note(installationOf({ pilot: 2, password: 'p' }))
    await writeFile(join(dir, 'chart', 'templates', 'a.yaml'), 'b')
    await note(installationOf())
    await writeFile(join(dir, 'gateway-api', 'crd.yaml'), CRD.replace('text', 'other text'))
    await note(installationOf())
    expect([digests.size, exact.size]).toEqual([4, 4])
  })

  it('tells a change of a secret to nobody but the key of a cluster', async () => {
    const [a, b] = [await installationOf(), await installationOf({ pilot: 1, password: 'q' })]
    expect(a.installation).toEqual(b.installation)
    expect(a.exact).not.toBe(b.exact)
  })

  it('is completed by what helm made of it', async () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\ndata: { key: a2V5 }\n'
    await writeFile(join(dir, 'rendered.yaml'), `${secret}---\n${CRD}`)
    const { installation } = await installationOf()
    const helm = { helm: join(dir, 'helm'), dir, kubeconfigFile: 'k' }
    const { parts, digest } = await withRendered(installation, helm, signal)
    expect(digest).toBe(installation.digest)
    expect(parts.map(({ rendered }) => rendered?.map(({ kind }) => kind))).toEqual([
      undefined,
      ['Secret', 'CustomResourceDefinition'],
      undefined,
      undefined,
    ])
    expect(JSON.stringify(parts)).not.toContain('a2V5')
  })
})
