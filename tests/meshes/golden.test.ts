import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { meshes } from '../../src/meshes/index.ts'
import { installAbout } from '../../src/meshes/install-steps.ts'
import { PROFILES } from '../../src/model/scenario.ts'

const arms = Object.values(meshes).flatMap(({ name, kubernetes }) => (kubernetes ? [{ name, kubernetes }] : []))

describe.each(arms)('$name', ({ name, kubernetes }) => {
  it.each(PROFILES)('is installed and enrolled as written down: %s', async (profile) => {
    const mesh = meshes[name]
    if (!mesh) throw new Error(`no mesh ${name}`)
    const about = installAbout(mesh, profile, { name }, {})
    const install = kubernetes.install(about)
    const golden = {
      install,
      images: kubernetes.images(about),
      enrol: kubernetes.enrol(about),
    }
    const text = stringify(golden, { aliasDuplicateObjects: false, lineWidth: 120 })
    await expect(text).toMatchFileSnapshot(`golden/${name}.${profile}.yaml`)
  })
})

const BACKENDS = [
  { at: 8080, service: 'server', port: 8080 },
  { at: 8081, service: 'server', port: 8081 },
]
const gated = arms.flatMap(({ name, kubernetes: { gateway } }) => (gateway ? [{ name, gateway }] : []))

describe.each(gated)('$name behind its gateway', ({ name, gateway }) => {
  it.each(PROFILES)('is installed and enrolled as written down: %s', async (profile) => {
    const mesh = meshes[name]
    if (!mesh) throw new Error(`no mesh ${name}`)
    const about = installAbout(mesh, profile, { name }, {})
    const behind = gateway.behind(BACKENDS)
    const own = mesh.kubernetes?.enrol(about).objects ?? []
    const { objects, ...enrolment } = behind.enrol(about)
    const golden = {
      // Of the rest, that of the mesh without a gateway is written down.
      firstStep: behind.install(about)[0],
      images: behind.images(about),
      enrol: { ...enrolment, objects: objects.slice(own.length) },
      components: behind.components.filter((rule) => !mesh.kubernetes?.components.includes(rule)),
      scrapes: behind.scrapes,
    }
    expect(objects.slice(0, own.length)).toEqual(own)
    const text = stringify(golden, { aliasDuplicateObjects: false, lineWidth: 120 })
    await expect(text).toMatchFileSnapshot(`golden/${name}-gateway.${profile}.yaml`)
  })
})
