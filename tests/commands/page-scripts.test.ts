import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { pageScripts } from '../../src/commands/page-scripts.ts'
import { meshes } from '../../src/meshes/index.ts'

it("the page's scripts have no mesh in them: what a page needs of one is in its data", {
  timeout: 60_000,
}, async () => {
  const { client } = await pageScripts()
  const text = gunzipSync(Buffer.from(client.gzipped, 'base64')).toString()
  expect(text.length).toBeGreaterThan(10_000)
  for (const { title, kubernetes } of Object.values(meshes)) {
    if (!kubernetes?.vendor) continue
    expect(text).not.toContain(title)
    expect(text).not.toContain(kubernetes.vendor.hub)
  }
})
