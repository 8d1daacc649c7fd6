import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { installRelease } from '../../src/kubernetes/install/helm.ts'
import type { Failure } from '../../src/model/failure.ts'
import { testFolder } from '../temporary-folder.ts'

const signal = new AbortController().signal
let dir = ''

/** A helm that writes down what it was given, and then does what the script says. */
async function fakeHelm(script: string) {
  const program = join(dir, 'helm')
  const seen =
    'echo "$@" >> "$SEEN/argv"; if [ "$1" = upgrade ]; then ls -A "$SEEN/own" >> "$SEEN/files"; cat > "$SEEN/values"; fi; env > "$SEEN/env"'
  await writeFile(program, `#!/bin/sh\n${seen}\n${script}\n`)
  await chmod(program, 0o755)
  return {
    helm: program,
    dir: join(dir, 'own'),
    env: { PATH: process.env['PATH'], SEEN: dir, HELM_NAMESPACE: 'mine', HELM_REGISTRY_CONFIG: 'logins' },
    ...{ release: 'istiod', namespace: 'istio-system', kubeconfigFile: 'kubeconfig', chart: 'charts/istiod' },
    values: { key: 'secret' },
  }
}

beforeEach(async () => {
  dir = testFolder()
})

describe('installRelease', () => {
  it('passes values by no file, which would outlive a kill', async () => {
    const about = await fakeHelm('exit 0')
    await installRelease(about, signal)
    expect(await readFile(join(dir, 'files'), 'utf8')).toBe('')
    expect(await readFile(join(dir, 'argv'), 'utf8')).not.toContain('secret')
    expect(JSON.parse(await readFile(join(dir, 'values'), 'utf8'))).toEqual({ key: 'secret' })
    expect(await readdir(about.dir)).toEqual([])
  })

  it("keeps the user's helm out, but for logins", async () => {
    await installRelease(await fakeHelm('exit 0'), signal)
    const env = await readFile(join(dir, 'env'), 'utf8')
    expect(env).not.toContain('HELM_NAMESPACE')
    expect(env).toContain('HELM_REGISTRY_CONFIG=logins')
    expect(env).toContain(`HELM_CONFIG_HOME=${dir}/own/`)
  })

  it("fails with helm's reason, and leaves no values", async () => {
    const about = await fakeHelm('echo "Error: values do not meet the schema" >&2; exit 1')
    const failure = (await installRelease(about, signal).catch((error: unknown) => error)) as Failure
    expect(failure.message).toBe('The chart charts/istiod could not be installed as istio-system/istiod.')
    expect(failure.why).toContain('values do not meet the schema')
    expect(await readdir(about.dir)).toEqual([])
  })

  it('tries again while a webhook cannot be reached', async () => {
    const once = '[ $(wc -l < "$SEEN/argv") -gt 1 ] || { echo "failed calling webhook" >&2; exit 1; }'
    await installRelease(await fakeHelm(once), signal)
    expect((await readFile(join(dir, 'argv'), 'utf8')).trim().split('\n')).toHaveLength(2)
  })

  it('removes what a killed installation left, and installs anew', async () => {
    const stuck = 'another operation (install/upgrade/rollback) is in progress'
    await installRelease(
      await fakeHelm(`[ -s "$SEEN/argv" ] && [ $(wc -l < "$SEEN/argv") -gt 1 ] || { echo "${stuck}" >&2; exit 1; }`),
      signal,
    )
    const verbs = (await readFile(join(dir, 'argv'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split(' ')[0])
    expect(verbs).toEqual(['upgrade', 'uninstall', 'upgrade'])
  })
})
