import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { examineCharts } from '../../src/kubernetes/install/examine.ts'
import type { Values } from '../../src/model/mesh.ts'
import type { Arm } from '../../src/model/scenario.ts'
import { armMesh } from '../../src/platforms/in-cluster/arm-mesh.ts'
import { PUBLIC_SITE } from '../../src/site/read-site.ts'
import { testFolder } from '../temporary-folder.ts'

let dir: string
beforeEach(async () => {
  dir = testFolder()
})

/**
 * A helm that makes of a chart what is captured of it, with `revision: canary` what is captured of that, and an object that
 * repeats the access log of the values. What it is called with stands in `calls`.
 */
async function stubHelm() {
  const path = join(dir, 'helm')
  const script = [
    '#!/bin/sh',
    `echo "$*" >> ${dir}/calls`,
    // The chart is the last argument; values come by standard input.
    `for chart; do :; done; values=${dir}/values.$$; [ "$1" = template ] && cat > $values`,
    'case "$1" in',
    'show) cat "$chart/Chart.yaml" ;;',
    'template)',
    '  made="$chart/made.yaml"',
    '  if grep -q canary "$values" && [ -f "$chart/canary.yaml" ]; then made="$chart/canary.yaml"; fi',
    '  if grep -q refuse "$values"; then echo "Error: values do not meet the schema: refuse" >&2; exit 1; fi',
    '  cat "$made"',
    `  printf -- '---\\napiVersion: v1\\nkind: ConfigMap\\nmetadata: { name: mesh }\\ndata: { log: "%s" }\\n' "$(grep -o '"accessLogFile":"[a-z/]*"' "$values" | tr -d '"')" ;;`,
    '*) echo "Error: failed to do request: dial tcp: lookup ghcr.io: no such host" >&2; exit 1 ;;',
    'esac',
    '',
  ].join('\n')
  await writeFile(path, script)
  await chmod(path, 0o755)
  return { helm: path, dir: join(dir, 'work') }
}

async function chart(name: string, made: string, { version = '1.31.1', canary = '' } = {}) {
  const folder = join(dir, 'charts', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'Chart.yaml'), `name: ${name}\nversion: ${version}\n`)
  if (made === '') await writeFile(join(folder, 'made.yaml'), '')
  else await copyFile(`tests/captured/helm/${made}.yaml`, join(folder, 'made.yaml'))
  if (canary) await copyFile(`tests/captured/helm/${canary}.yaml`, join(folder, 'canary.yaml'))
  return folder
}

async function istioSite() {
  const charts = {
    base: await chart('base', ''),
    istiod: await chart('istiod', 'istiod', { canary: 'istiod-canary' }),
    cni: await chart('cni', 'istio-cni'),
    ztunnel: await chart('ztunnel', 'ztunnel'),
  }
  return { ...PUBLIC_SITE, vendors: { istio: { charts } } }
}

async function linkerdSite(release: string) {
  const charts = {
    'linkerd-crds': await chart('linkerd-crds', `linkerd-crds-${release}`),
    'linkerd-control-plane': await chart('linkerd-control-plane', `linkerd-control-plane-${release}`),
  }
  return { ...PUBLIC_SITE, vendors: { linkerd: { charts } } }
}

const signal = new AbortController().signal

async function examine(arms: readonly Partial<Arm>[], site: Parameters<typeof armMesh>[2]) {
  const whole = arms.map((arm) =>
    armMesh({ name: 'arm', mesh: 'istio-sidecar', ...arm }, { profile: 'equalised', loads: [] }, site),
  )
  return await examineCharts(whole, await stubHelm(), '1.35.8', signal)
}

const ofIstiod = (istiod: Values) => ({ values: { values: { istiod } } })

describe('charts of an arm', () => {
  it('make what is waited for and brought into the nodes, by each mesh as it is shipped', async () => {
    const meshes = ['istio-sidecar', 'istio-ambient', 'istio-ambient-waypoint']
    expect(
      await examine(
        meshes.map((mesh) => ({ name: mesh, mesh })),
        await istioSite(),
      ),
    ).toEqual([])
    const gated = meshes.map((mesh) => ({ name: `${mesh}-behind`, mesh, entrance: 'gateway' as const }))
    expect(await examine(gated, await istioSite())).toEqual([])
    expect(await examine([{ mesh: 'linkerd' }], await linkerdSite('edge-26.6.3'))).toEqual([])
  })

  it('are rendered for the Kubernetes of the nodes, once for arms that share them', async () => {
    await examine([{ name: 'a' }, { name: 'b' }], await istioSite())
    const calls = (await readFile(join(dir, 'calls'), 'utf8')).trimEnd().split('\n')
    const rendered = calls.filter((call) => call.startsWith('template'))
    expect(rendered.map((call) => call.split(' ').at(-2))).toEqual(['istio-base', 'istiod'])
    expect(rendered[1]).toContain('--kube-version 1.35.8')
  })

  it('of a revision are waited for by its name, and it is no matter for the others', async () => {
    const site = await istioSite()
    expect(await examine([{ name: 'stable' }, { name: 'canary', ...ofIstiod({ revision: 'canary' }) }], site)).toEqual(
      [],
    )
    const { kubernetes, about } = armMesh(
      { name: 'canary', mesh: 'istio-ambient-waypoint', ...ofIstiod({ revision: 'canary' }) },
      { profile: 'equalised', loads: [] },
      site,
    )
    const steps = kubernetes.install(about)
    expect(steps).toContainEqual({
      do: 'wait',
      until: [{ kind: 'Deployment', namespace: 'istio-system', name: 'istiod-canary' }],
    })
    for (const chart of ['cni', 'ztunnel']) {
      expect(steps).toContainEqual(
        expect.objectContaining({ chart, values: expect.objectContaining({ revision: 'canary' }) }),
      )
    }
    expect(kubernetes.enrol(about).objects.find(({ kind }) => kind === 'Gateway')?.metadata.labels).toMatchObject({
      'istio.io/rev': 'canary',
    })
    const sidecar = armMesh(
      { name: 'c', mesh: 'istio-sidecar', ...ofIstiod({ revision: 'canary' }) },
      { profile: 'equalised', loads: [] },
      site,
    )
    expect(sidecar.kubernetes.enrol(sidecar.about).labels).toEqual({ 'istio.io/rev': 'canary' })
  })

  it('that make another Deployment than is waited for are found, with what they make', async () => {
    const site = await istioSite()
    await copyFile('tests/captured/helm/istiod-canary.yaml', join(dir, 'charts', 'istiod', 'made.yaml'))
    expect(await examine([{}], site)).toMatchObject([
      {
        severity: 'error',
        message: 'arm arm waits for Deployment istio-system/istiod, which its charts do not create',
        cause: expect.stringContaining('istio-system/istiod-canary'),
      },
    ])
  })

  it('that run other images than are brought into the nodes are found', async () => {
    const found = await examine([{ version: '1.30.5' }], await istioSite())
    expect(found).toMatchObject([
      { severity: 'warning', message: expect.stringContaining('needs 1.30.5, but the charts') },
      {
        severity: 'error',
        message: expect.stringContaining(
          'do not run docker.io/istio/pilot:1.30.5-distroless, docker.io/istio/proxyv2:1.30.5-distroless',
        ),
        cause: expect.stringContaining('docker.io/istio/pilot:1.31.1-distroless'),
      },
    ])
  })

  it('of an older Linkerd bring the Gateway API and other images', async () => {
    expect(await examine([{ mesh: 'linkerd' }], await linkerdSite('edge-25.7.1'))).toMatchObject([
      { severity: 'error', cause: expect.stringContaining('httproutes.gateway.networking.k8s.io') },
      { severity: 'warning', message: expect.stringMatching(/proxy-init:v2.4.2.*policy-controller/) },
    ])
  })

  it('of Linkerd with an image of its own for the rules are known', async () => {
    const site = await linkerdSite('edge-25.10.7')
    const found = await examine([{ mesh: 'linkerd', version: 'edge-25.10.7' }], site)
    expect(found.filter(({ severity }) => severity === 'error')).toEqual([])
    expect(found.map(({ message }) => message).join()).not.toContain('proxy-init')
  })

  it('that cannot be rendered with their values say why', async () => {
    expect(await examine([ofIstiod({ global: { refuse: true } })], await istioSite())).toEqual([
      {
        severity: 'error',
        message: 'arm arm: the chart istiod cannot be rendered with its values',
        cause: 'Error: values do not meet the schema: refuse',
        remedy: expect.stringContaining('values.values.istiod'),
      },
    ])
  })

  it('that cannot be had are said once, with the way to them', async () => {
    const found = await examine([{ name: 'a' }, { name: 'b' }], PUBLIC_SITE)
    expect(found).toMatchObject([
      {
        severity: 'error',
        message: expect.stringContaining('charts/base 1.31.1 could not be fetched'),
        cause: expect.stringContaining('no such host'),
      },
      { severity: 'error', message: expect.stringContaining('charts/istiod 1.31.1 could not be fetched') },
    ])
  })

  it('that pass over a value of the arm are named with it', async () => {
    const log = { meshConfig: { accessLogFile: '/dev/stdout' } }
    const site = await istioSite()
    expect(await examine([ofIstiod(log)], site)).toEqual([])
    const values = { values: { istiod: { ...log, accesLogFile: 'x' }, cni: { resources: {} } } }
    expect(await examine([{ values }], site)).toMatchObject([
      { severity: 'warning', message: expect.stringMatching(/: istiod.accesLogFile, cni.resources$/) },
    ])
  })
})

describe('images', () => {
  const images = (mesh: string, values: Values) => {
    const { kubernetes, about } = armMesh(
      { name: 'a', mesh, values: { values } },
      { profile: 'equalised', loads: [] },
      PUBLIC_SITE,
    )
    return kubernetes.images(about).map(({ name }) => name)
  }

  it.each<[string, Values, string[]]>([
    [
      'istio-sidecar',
      { istiod: { global: { hub: 'r.example/istio', tag: '1.2.3', variant: '' } } },
      ['r.example/istio/pilot:1.2.3', 'r.example/istio/proxyv2:1.2.3'],
    ],
    [
      'istio-sidecar',
      { istiod: { hub: 'r.example/istio', global: { proxy: { image: 'r.example/proxy:1' } } } },
      ['r.example/istio/pilot:1.31.1-distroless', 'r.example/proxy:1'],
    ],
    [
      'istio-ambient',
      { '*': { global: { hub: 'r.example/istio' } }, ztunnel: { tag: '9' } },
      [
        'r.example/istio/pilot:1.31.1-distroless',
        'r.example/istio/install-cni:1.31.1-distroless',
        'docker.io/istio/ztunnel:9-distroless',
      ],
    ],
    [
      'linkerd',
      { 'linkerd-control-plane': { controllerImage: 'r.example/c', proxy: { image: { version: 'mine' } } } },
      ['r.example/c:edge-26.6.3', 'cr.l5d.io/linkerd/proxy:mine'],
    ],
    [
      'kuma',
      { kuma: { global: { image: { registry: 'r.example/kuma', tag: '9' } } } },
      ['r.example/kuma/kuma-cp:9', 'r.example/kuma/kuma-dp:9', 'r.example/kuma/kuma-init:9'],
    ],
  ])('of %s follow the values %o', (mesh, values, expected) => {
    expect(images(mesh, values)).toEqual(expected)
  })
})
