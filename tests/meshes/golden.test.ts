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
