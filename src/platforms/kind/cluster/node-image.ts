/**
 * What an image is called in the nodes. An archive of an image that is named by its digest holds no name, and containerd
 * would not find it again; so it gets a name of ours, which pods then use.
 */
export function nodeImage(name: string): string {
  const [path = name, digest] = name.split('@')
  if (digest === undefined) return name
  const base = (path.split('/').at(-1) ?? path).split(':')[0]
  return `meshbench.local/${base}:${digest.replace(/^sha256:/, '').slice(0, 32)}`
}
