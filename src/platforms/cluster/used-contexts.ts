import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import envPaths from 'env-paths'
import { z } from 'zod'
import { makeScratch } from '../../host/scratch.ts'
import { sha256 } from '../../host/sha256.ts'
import { connect } from '../../kubernetes/connect.ts'
import { uninstallRelease } from '../../kubernetes/install/helm.ts'
import { listContexts, readContext } from '../../kubernetes/kubeconfig.ts'
import { Failure } from '../../model/failure.ts'
import type { Leftover } from '../../model/platform.ts'
import type { Site } from '../../model/site.ts'
import { list } from '../../model/words.ts'
import { catalogueFor } from '../../site/catalogue-for.ts'
import { obtainAll } from '../../tools/obtain.ts'
import { type Inventory, inventoriesIn, leftoverOf, removeInventory } from './inventory.ts'

/** `files`: in which the context stood when it was used; absent in notes of old versions. */
const contextSchema = z.object({
  context: z.string(),
  kubeconfig: z.string().optional(),
  files: z.array(z.string()).optional(),
})
/** A context, and the kubeconfig where it is not the usual one. */
export interface UsedContext {
  readonly context: string
  readonly kubeconfig?: string | undefined
}

/** The contexts that runs on this machine use or have used, so that `clean` finds what they left without being told. */
export function usedContexts(dir = join(envPaths('meshbench', { suffix: '' }).data, 'contexts')) {
  const fileOf = (used: UsedContext) =>
    join(dir, `${sha256(JSON.stringify([used.context, used.kubeconfig])).slice(0, 16)}.json`)
  return {
    async add(used: UsedContext): Promise<void> {
      await mkdir(dir, { recursive: true })
      await writeFile(fileOf(used), JSON.stringify({ ...used, files: kubeconfigFiles(used.kubeconfig) }))
    },
    async all(): Promise<Noted[]> {
      const names = await readdir(dir).catch(() => [])
      const read = names.filter((name) => name.endsWith('.json')).map((name) => readUsed(join(dir, name)))
      return (await Promise.all(read)).filter((used) => used !== undefined)
    },
    forget: (used: UsedContext) => rm(fileOf(used), { force: true }),
    /** Where nothing of any run is left in the cluster. */
    async forgetUnused(used: UsedContext, site: Site): Promise<void> {
      const left = await leftoversIn(used, site)
      if (left.length === 0) await this.forget(used)
    },
    /**
     * What runs have left in the clusters of all these contexts. Once it is removed, the context is forgotten. So is one that is in none of
     * the files any more in which it stood, as after its cluster was deleted: nothing could ever be found by it.
     */
    async leftovers(site: Site): Promise<Leftover[]> {
      const found = (await this.all()).map(async (used) => {
        if (await isGone(used)) return [{ what: goneWords(used), alive: false, remove: () => this.forget(used) }]
        const left = await leftoversIn(used, site)
        return left.map((one) => ({
          ...one,
          remove: async () => {
            await one.remove()
            await this.forgetUnused(used, site)
          },
        }))
      })
      return (await Promise.all(found)).flat()
    },
  }
}

type Noted = z.infer<typeof contextSchema>

/** The files that a kubeconfig is read from, as kubectl has it. */
function kubeconfigFiles(kubeconfig: string | undefined): string[] {
  const named = kubeconfig ?? process.env['KUBECONFIG']
  return named
    ? named
        .split(delimiter)
        .filter(Boolean)
        .map((file) => resolve(file))
    : [join(homedir(), '.kube', 'config')]
}

/** Whether the context is in none of its files any more: each was removed, or can be read and lacks it. */
async function isGone({ context, files }: Noted): Promise<boolean> {
  if (!files) return false
  const lacks = files.map(async (file) => {
    try {
      return !existsSync(file) || !(await listContexts(file)).names.includes(context)
    } catch {
      return false
    }
  })
  return (await Promise.all(lacks)).every(Boolean)
}

function goneWords({ context, files = [] }: Noted): string {
  return `the note that runs used the context ${context}, which ${list(files)} ${files.length === 1 ? 'does' : 'do'} not have any more (if its cluster is still there: meshbench clean --context ${context} --kubeconfig FILE)`
}

async function readUsed(file: string): Promise<Noted | undefined> {
  try {
    return contextSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

/** For a cluster to say what is left in it, in milliseconds. */
const ANSWER = 20_000
/** For everything of a run to be removed, in milliseconds. */
const REMOVAL = 900_000

/** What runs have left in the cluster of a context. One that cannot be reached is named, and cannot be cleaned. */
export async function leftoversIn({ context, kubeconfig }: UsedContext, site: Site): Promise<Leftover[]> {
  try {
    const { kubeconfig: text } = await readContext(context, kubeconfig)
    await using cluster = await connect(text)
    const found = await inventoriesIn(cluster, AbortSignal.timeout(ANSWER))
    return found.map((inventory) => leftoverOf(inventory, context, () => removeFrom(text, inventory, site)))
  } catch (error) {
    const what = `what runs may have left in the cluster of context ${context}`
    const remove = async () => {
      throw Failure.from(error)
    }
    return [{ what, alive: false, remove }]
  }
}

async function removeFrom(kubeconfig: string, inventory: Inventory, site: Site): Promise<void> {
  const signal = AbortSignal.timeout(REMOVAL)
  await using held = new AsyncDisposableStack()
  const cluster = held.use(await connect(kubeconfig))
  const scratch = held.adopt(await makeScratch(inventory.run), (folder) => folder.remove())
  const kubeconfigFile = join(await scratch.folder('clean'), 'kubeconfig')
  await writeFile(kubeconfigFile, kubeconfig, { mode: 0o600 })
  const uninstall = async (release: Inventory['releases'][number]) => {
    const steps = obtainAll(['helm'], { signal, catalogue: catalogueFor(site) })
    let next = await steps.next()
    while (!next.done) next = await steps.next()
    await uninstallRelease({ helm: next.value.helm.path, dir: scratch.dir, ...release, kubeconfigFile }, signal)
  }
  await removeInventory(cluster, inventory, uninstall, signal)
}
