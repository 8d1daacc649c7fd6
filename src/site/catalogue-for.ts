import type { Site } from '../model/site.ts'
import { CATALOGUE, type Catalogue, type Recipe } from '../tools/catalogue.ts'

/** The catalogue of tools with the site's addresses. A release that has one is tried before other ways. */
export function catalogueFor({ tools = {} }: Pick<Site, 'tools'>, catalogue: Catalogue = CATALOGUE): Catalogue {
  const recipes = Object.entries(catalogue).map(([name, recipe]) => {
    const base = tools[name as keyof Catalogue]?.base
    return [name, base === undefined ? recipe : from(base, recipe)] as const
  })
  return Object.fromEntries(recipes) as unknown as Catalogue
}

/** File names are appended to the address. */
function from(address: string, recipe: Recipe): Recipe {
  const base = address.endsWith('/') ? address : `${address}/`
  const releases = recipe.ways.flatMap((way) => (way.kind === 'release' ? [{ ...way, base }] : []))
  return { ...recipe, ways: [...releases, ...recipe.ways.filter(({ kind }) => kind !== 'release')] }
}
