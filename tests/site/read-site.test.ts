import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { none } from '../../src/meshes/none.ts'
import type { Failure } from '../../src/model/failure.ts'
import type { Mesh } from '../../src/model/mesh.ts'
import { PUBLIC_SITE, readSite } from '../../src/site/read-site.ts'
import { kubernetesBuild } from '../scenario/kubernetes-build.ts'
import { testFolder } from '../temporary-folder.ts'

function meshOf(vendor: string, charts: readonly string[]): Mesh {
  const addresses = Object.fromEntries(charts.map((key) => [key, `oci://example.com/${key}`]))
  return {
    ...none,
    kubernetes: { ...kubernetesBuild, vendor: { name: vendor, version: '1', hub: 'hub', charts: addresses } },
  }
}

const meshes = {
  sidecar: meshOf('istio', ['base', 'istiod']),
  ambient: meshOf('istio', ['base', 'istiod', 'ztunnel']),
  linkerd: meshOf('linkerd', ['crds']),
}

/** Writes files into a folder of their own, and gives the path of the first. */
function written(files: Readonly<Record<string, string>>): string {
  const dir = testFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), text)
  }
  return join(dir, Object.keys(files)[0] as string)
}

const read = (files: Readonly<Record<string, string>>) => readSite(written(files), {}, { meshes })

async function problemsOf(text: string): Promise<string> {
  const file = written({ 'site.yaml': text })
  const failure = await readSite(file, {}, { meshes }).then(
    () => expect.fail('it was read'),
    (thrown: Failure) => thrown,
  )
  expect(failure).toMatchObject({ code: 'site', exitCode: 2 })
  return (failure.why ?? '').replaceAll(`${dirname(file)}/`, '')
}

describe('readSite', () => {
  it('is the public addresses where nothing is named', async () => {
    expect(await readSite(undefined, {})).toEqual(PUBLIC_SITE)
    expect(await readSite(undefined, { MESHBENCH_SITE: '' })).toEqual(PUBLIC_SITE)
  })

  it('takes the flag before the variable, and a path that begins where the command was typed', async () => {
    const file = written({ 'a.yaml': 'images: { k6: "m/k6:a" }', 'b.yaml': 'images: { k6: "m/k6:b" }' })
    const about = { meshes, cwd: dirname(file) }
    expect((await readSite(undefined, { MESHBENCH_SITE: 'b.yaml' }, about)).images.k6).toBe('m/k6:b')
    expect((await readSite('a.yaml', { MESHBENCH_SITE: 'b.yaml' }, about)).images.k6).toBe('m/k6:a')
  })

  it('replaces what it names, and keeps the rest', async () => {
    const site = await read({ 'site.yaml': 'images: { busybox: "mirror.example.com:5000/busybox:1.35" }' })
    expect(site).toEqual({
      ...PUBLIC_SITE,
      images: { ...PUBLIC_SITE.images, busybox: 'mirror.example.com:5000/busybox:1.35' },
    })
  })

  it('makes paths absolute, and reads values from their files', async () => {
    const file = written({
      'site.yaml': `
kind: { nodeImage: lab/node:v1.34.4 }
gatewayApi: { manifests: crds }
istio:
  hub: mirror.example.com/istio
  tag: lab
  variant: ""
  charts: { base: charts/base, istiod: oci://mirror.example.com/istiod, ztunnel: { repository: https://example.com/charts, chart: ztunnel } }
  values: values.yaml
  manifests: crds/more.yaml
linkerd:
  version: "2026.8.1"
  values: { "*": { debug: true }, crds: values.yaml }
  manifests: [crds, https://example.com/policy.yaml]
`,
      'values.yaml': 'pilot: { replicas: 1 }',
      'charts/base/Chart.yaml': 'name: base',
      'crds/more.yaml': 'kind: List',
    })
    const at = (path: string) => join(dirname(file), path)
    expect(await readSite(file, {}, { meshes })).toEqual({
      ...PUBLIC_SITE,
      kind: { nodeImage: 'lab/node:v1.34.4' },
      gatewayApi: { manifests: at('crds') },
      vendors: {
        istio: {
          hub: 'mirror.example.com/istio',
          tag: 'lab',
          variant: '',
          charts: {
            base: at('charts/base'),
            istiod: 'oci://mirror.example.com/istiod',
            ztunnel: { repository: 'https://example.com/charts', chart: 'ztunnel' },
          },
          values: { '*': { pilot: { replicas: 1 } } },
          manifests: [at('crds/more.yaml')],
        },
        linkerd: {
          version: '2026.8.1',
          values: { '*': { debug: true }, crds: { pilot: { replicas: 1 } } },
          manifests: [at('crds'), 'https://example.com/policy.yaml'],
        },
      },
    })
  })

  it('says everything that is wrong at once, with its place and a remedy', async () => {
    const text = `kind: { nodeImage: lab/node }
imags: {}
istio:
  tag: 1.30
  charts: { bas: charts/base, ztunnel: charts/ztunnel }
  values: list.yaml
tools: { helm: { base: example.com } }
`
    expect(await problemsOf(text)).toMatchInlineSnapshot(`
      "site.yaml:1:20: nodeImage: "lab/node" does not name an image
        Write it with its tag or digest: mirror.example.com/name:1.2.3.
      site.yaml:2:1: unknown key "imags"
        Did you mean "images"? Use one of: kind, images, gatewayApi, tools, istio, linkerd.
      site.yaml:4:8: tag: 1.30 is not text
        Put it in quotes: "1.30".
      site.yaml:5:13: unknown key "bas"
        Did you mean "base"? Use one of: base, istiod, ztunnel.
      site.yaml:5:40: there is no file or folder charts/ztunnel
        Correct the path: relative ones begin at the site file, so this is charts/ztunnel.
      site.yaml:6:11: there is no file or folder list.yaml
        Correct the path: relative ones begin at the site file, so this is list.yaml.
      site.yaml:7:24: base: "example.com" is not an https address
        Begin it with https://: over http, anybody on the way could change a program."
    `)
  })

  it('names nothing that a program would take for an option', async () => {
    const text = `kind: { nodeImage: "--privileged:1" }
istio:
  hub: -x
  version: --debug
  charts: { base: { repository: --x, chart: "--post-renderer=/tmp/x" } }
`
    const problems = await problemsOf(text)
    expect(problems.match(/begins with a hyphen/g)).toHaveLength(4)
    expect(problems).toContain('nodeImage: "--privileged:1" does not name an image')
  })

  it('takes from elsewhere only what has a digest, unless it says otherwise', async () => {
    const text = `gatewayApi: { manifests: "https://example.com/g.yaml" }
tools:
  helm: { base: "http://example.com" }
  kind: { version: 0.1.0, sha256: { linux-x64: abc } }
`
    const problems = await problemsOf(text)
    expect(problems).toContain('site.yaml:1:26: nothing says what is at this address')
    expect(problems).toContain('base: "http://example.com" is not an https address')
    expect(problems).toContain('version: kind 0.1.0 is not supported')
    expect(problems).toContain('linux-x64: "abc" is not a SHA-256')
    const sha256 = 'a'.repeat(64)
    const site = await read({
      'site.yaml': `gatewayApi: { manifests: "https://example.com/g.yaml", unchecked: true }
tools: { helm: { version: 4.2.0, sha256: { linux-x64: ${sha256} } } }`,
    })
    expect(site.gatewayApi).toEqual({ manifests: 'https://example.com/g.yaml', unchecked: true })
    expect(site.tools).toEqual({ helm: { version: '4.2.0', sha256: { 'linux-x64': sha256 } } })
  })

  it('says where a values file is broken', async () => {
    const file = written({ 'site.yaml': 'istio: { values: v.yaml }', 'v.yaml': 'a: 1\nb: [1\n' })
    await expect(readSite(file, {}, { meshes })).rejects.toMatchObject({
      why: expect.stringMatching(/^v\.yaml:\d+:\d+: not valid YAML/),
    })
    const list = written({ 'site.yaml': 'istio: { values: v.yaml }', 'v.yaml': '- 1' })
    await expect(readSite(list, {}, { meshes })).rejects.toMatchObject({
      why: expect.stringContaining('holds no map of keys'),
    })
  })

  it.each(['/dev/zero', '.'])('does not read the values of %s, which is no file', async (place) => {
    const why = await problemsOf(`istio: { values: ${place} }`)
    expect(why).toMatch(/cannot be read as a file: it is (a folder|not a regular file)/)
  })

  it.each([
    ['', 'the file is empty'],
    ['- a', 'a site: a list is not a map of keys'],
    ['istio:\n', 'istio has no value'],
    ['consul: {}\n', 'unknown key "consul"'],
  ])('%j: %s', async (text, message) => {
    expect(await problemsOf(text)).toContain(message)
  })

  it('says who named a file that is not there', async () => {
    await expect(readSite('none.yaml', {})).rejects.toMatchObject({
      code: 'site',
      remedy: expect.stringContaining('--site'),
    })
    await expect(readSite(undefined, { MESHBENCH_SITE: 'none.yaml' })).rejects.toMatchObject({
      remedy: expect.stringContaining('MESHBENCH_SITE'),
    })
  })
})
