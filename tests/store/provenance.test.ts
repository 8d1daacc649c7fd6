import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { provenanceSchema } from '../../src/model/result.ts'
import { collectProvenance, gitProvenance, virtualHint } from '../../src/store/collect-provenance.ts'
import { folder } from './example.ts'

test('provenance is complete and can be stored', async () => {
  await using root = await folder()
  const tool = { name: 'fortio', version: '1.68.0', origin: 'go' }
  const provenance = await collectProvenance({
    platform: 'local',
    provided: { tools: [tool], caveat: 'Architectures on one proxy.' },
    argv: ['meshbench', 'run'],
    cwd: root.path,
  })
  expect(provenanceSchema.parse(provenance)).toEqual(provenance)
  expect(provenance).toMatchObject({ platform: 'local', tools: [tool], commandLine: ['meshbench', 'run'] })
  expect(provenance.meshbench).toMatch(/^\d+\.\d+\.\d+/)
  expect(provenance.machine.cores).toBeGreaterThan(0)
  expect(provenance.machine.memoryBytes).toBeGreaterThan(1e8)
})

test('git: absent outside a repository; a changed file makes it dirty, an untracked one does not', async () => {
  await using root = await folder()
  expect(await gitProvenance(root.path)).toBeUndefined()
  const git = (...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: root.path })
  git('init', '-q')
  await writeFile(join(root.path, 'file'), 'one')
  git('add', 'file')
  git('commit', '-qm', 'one')
  await writeFile(join(root.path, 'untracked'), '')
  const clean = await gitProvenance(root.path)
  expect(clean).toEqual({ commit: expect.stringMatching(/^[0-9a-f]{40}$/), dirty: false })
  await writeFile(join(root.path, 'file'), 'two')
  expect(await gitProvenance(root.path)).toEqual({ ...clean, dirty: true })
})

const BARE = {
  cpuinfo: 'flags\t\t: fpu vme sse',
  vendor: 'Dell Inc.',
  product: 'R740',
  kernel: '6.1',
  container: false,
}
const GUEST = { ...BARE, cpuinfo: 'flags\t\t: fpu hypervisor sse' }

test.each([
  [BARE, undefined],
  [{ ...GUEST, vendor: '', product: '' }, 'virtual machine'],
  [{ ...GUEST, vendor: 'QEMU', product: 'Standard PC' }, 'virtual machine (QEMU Standard PC)'],
  [{ ...BARE, cpuinfo: 'Features : fp asimd', vendor: 'QEMU', product: 'virt' }, 'virtual machine (QEMU virt)'],
  [{ ...BARE, vendor: 'Amazon EC2', product: 'c7g.metal' }, undefined],
  [{ ...GUEST, vendor: '', product: '', kernel: '5.15-microsoft-standard-WSL2' }, 'WSL'],
  [{ ...BARE, container: true }, 'container'],
  [{ ...GUEST, vendor: '', product: '', container: true }, 'virtual machine, container'],
])('what it runs on: %j', (signs, expected) => {
  expect(virtualHint(signs)).toBe(expected)
})
