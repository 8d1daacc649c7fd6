import { isTree } from '../meshes/merge-values.ts'

/** In place of what is kept nowhere. */
export const REDACTED = '(left out)'

/** Keys whose text is a secret by their name: `password`, `clientSecret`, `registry_token`, `keyPEM`; not `secretName`. */
const SECRET =
  /(pass(word|wd|phrase)|secret|token|api[_-]?key|private[_-]?key|credentials?|key[_-]?pem|dockerconfigjson)$/i
const KEY_TEXT = /-----BEGIN [A-Z ]*PRIVATE KEY-----/

/** A tree without secrets: for showing and keeping what was installed. */
export function redact<T>(tree: T): T {
  return redacted(tree, '') as T
}

function redacted(value: unknown, key: string): unknown {
  if (typeof value === 'string') return (value !== '' && SECRET.test(key)) || KEY_TEXT.test(value) ? REDACTED : value
  if (Array.isArray(value)) return value.map((one) => redacted(one, ''))
  if (!isTree(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, ofEntry(value, name, inner)]))
}

function ofEntry(parent: Readonly<Record<string, unknown>>, name: string, inner: unknown): unknown {
  // A Secret's data are one, whatever they are called.
  if (parent['kind'] === 'Secret' && (name === 'data' || name === 'stringData') && isTree(inner)) {
    return Object.fromEntries(Object.keys(inner).map((key) => [key, REDACTED]))
  }
  // An environment variable has its name beside its value.
  const isNamedSecret = name === 'value' && SECRET.test(String(parent['name'] ?? ''))
  return redacted(inner, isNamedSecret ? String(parent['name']) : name)
}
