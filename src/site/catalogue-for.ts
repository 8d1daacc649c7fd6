import type { Recipe, ReleaseWay, Way } from '../model/program.ts'
import type { Site, SiteTool } from '../model/site.ts'
import { CATALOGUE, type Catalogue } from '../tools/catalogue.ts'

/** The catalogue of tools with what the site says. A release that it names an address for is tried before other ways. */
export function catalogueFor({ tools = {} }: Pick<Site, 'tools'>, catalogue: Catalogue = CATALOGUE): Catalogue {
  const recipes = Object.entries(catalogue).map(([name, recipe]) => {
    const own = tools[name as keyof Catalogue]
    return [name, own ? recipeOf(own, recipe) : recipe] as const
  })
  return Object.fromEntries(recipes) as unknown as Catalogue
}

function recipeOf(tool: SiteTool, pinned: Recipe): Recipe {
  const recipe =
    tool.version === undefined || tool.version === pinned.version ? pinned : withVersion(tool.version, pinned)
  const isRelease = (way: Way) => way.kind === 'release'
  const releases = recipe.ways.filter(isRelease).map((way) => releaseOf(way as ReleaseWay, tool))
  const others = recipe.ways.filter((way) => !isRelease(way))
  if (tool.base !== undefined) return { ...recipe, ways: [...releases, ...others] }
  return { ...recipe, ways: recipe.ways.map((way) => (isRelease(way) ? (releases.shift() ?? way) : way)) }
}

/** Publishers name their files alike in every version. What is known of the pinned one's content says nothing of others. */
function withVersion(version: string, recipe: Recipe): Recipe {
  const renamed = (text: string) => text.replaceAll(recipe.version, version)
  const ways = recipe.ways.flatMap((way): Way[] => {
    if (way.kind === 'pip') return []
    if (way.kind === 'go') return [{ ...way, version: renamed(way.version) }]
    const { checksums } = way
    const files = Object.entries(way.files).map(([target, { name, member }]) => [
      target,
      { name: renamed(name), ...(member !== undefined && { member: renamed(member) }) },
    ])
    return [
      {
        ...way,
        base: renamed(way.base),
        files: Object.fromEntries(files) as ReleaseWay['files'],
        sha256: {},
        ...(checksums && { checksums: (file: string) => renamed(checksums(file)) }),
      },
    ]
  })
  return { ...recipe, version, ways }
}

/** File names are appended to the address. */
function releaseOf(way: ReleaseWay, { base, sha256 = {}, unchecked }: SiteTool): ReleaseWay {
  return {
    ...way,
    ...(base !== undefined && { base: base.endsWith('/') ? base : `${base}/`, isMirror: true }),
    sha256: { ...sha256, ...way.sha256 },
    ...(unchecked && { unchecked }),
  }
}
