/** In place of a secret. */
export const REDACTED = '(left out)'

/** Keys whose value is a secret: `password`, `clientSecret`, `secretAccessKey`, `registry_token`, `auth`, `tls.key`, `keyPEM`. */
const SECRET_KEY =
  /pass(word|wd|phrase)|\bpwd\b|secret|token|credential|(api|access|private|signing|encryption)[-_. ]?key|authorization|(^|[-_. ])auth$|[a-z]Auth$|\.key$|key[-_.]?pem|dockerconfig|cookie|connection[-_. ]?string/i
/** Keys that only name, place or limit a secret: `secretName`, `tokenPath`, `imagePullSecrets`, `token_bucket`. */
const PLAIN_KEY =
  /(names?|namespace|refs?|path|file|types?|kind|mode|policy|ttl|duration|lifetime|seconds|expiry|audiences?|aud|enabled|optional|bucket|url|server|host|user)$|^image[-_]?pull[-_]?secrets?$/i
/** Beside a certificate, `key` is its private key; elsewhere it is a name. */
const CERTIFICATE = /^(tls|ssl|ca|cert|certificate|issuer)$/i
/** Within the tree of a secret, these keys have no secret of their own. */
const PLAIN_WITHIN = /^(key|items|version|issuer)$/i

function isSecretKey(key: string): boolean {
  return SECRET_KEY.test(key) && !PLAIN_KEY.test(key)
}

/**
 * A tree without secrets, for storing and showing. A secret is known by what its key contains, or by what the value looks
 * like. Keys and structure stay. Redacting twice gives the same.
 */
export function redact<T>(tree: T): T {
  return redacted(tree, '', false) as T
}

/** `under`: the key that it stands under. `isSecret`: whether that is the key of a secret, or within one. */
function redacted(value: unknown, under: string, isSecret: boolean): unknown {
  if (typeof value === 'string') return isSecret && value !== '' ? REDACTED : redactText(value)
  if (Array.isArray(value)) return redactedList(value, isSecret)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, inner]) => {
    if (isDataOfSecret(value, key)) return [key, allRedacted(inner)]
    if (typeof inner === 'number') return [key, isPassword(key) ? REDACTED : inner]
    return [key, redacted(inner, key, isSecret ? isSecretWithin(key) : isSecretEntry(value, key, under))]
  })
  return Object.fromEntries(entries)
}

/** A list of numbers, as results have thousands of, is not copied. */
function redactedList(list: readonly unknown[], isSecret: boolean): readonly unknown[] {
  if (typeof list[0] === 'number') return list
  return list.map((one, index) => redacted(one, '', isSecret || isSecretFlag(list[index - 1])))
}

/** In a command line, the value follows its flag: `--token abc`. */
function isSecretFlag(argument: unknown): boolean {
  return typeof argument === 'string' && /^--?[\w-]+$/.test(argument) && isSecretKey(argument)
}

/** The data of a Kubernetes Secret are secret under any key. */
function isDataOfSecret(parent: object, key: string): boolean {
  return 'kind' in parent && parent.kind === 'Secret' && (key === 'data' || key === 'stringData')
}

function allRedacted(data: unknown): unknown {
  if (typeof data !== 'object' || data === null) return REDACTED
  return Object.fromEntries(Object.keys(data).map((key) => [key, REDACTED]))
}

function isSecretEntry(parent: object, key: string, under: string): boolean {
  const { name } = parent as { name?: unknown }
  // An environment variable has its name beside its value.
  if (key === 'value' && typeof name === 'string' && isSecretKey(name)) return true
  if (key === 'key' && CERTIFICATE.test(under)) return true
  return isSecretKey(key)
}

function isSecretWithin(key: string): boolean {
  return isSecretKey(key) || (!PLAIN_KEY.test(key) && !PLAIN_WITHIN.test(key))
}

/** A number is a secret as a password only: most others are limits (`maxTokens`). */
function isPassword(key: string): boolean {
  return /pass(word|wd|phrase)|pwd/i.test(key) && isSecretKey(key)
}

/** Tokens that are known by their form: of GitHub, GitLab, AWS, Google, Slack, Stripe, npm, and JSON Web Tokens. */
const TOKENS =
  /\b(gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|A[KS]IA[0-9A-Z]{16}|AIza[\w-]{30,}|xox[abprs]-[\w-]{10,}|[rs]k_(live|test)_\w{10,}|npm_\w{30,}|eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]*)/g
const PEM = /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g
/** "-----BEGIN" in base64. */
const BASE64_PEM = /LS0tLS1CRUdJTi[A-Za-z0-9+/]{8,}={0,2}/g
/** `https://token@host`, and `user:password@` of any scheme; `ssh://user@host` has no secret. */
const USERINFO =
  /\b(https?:\/\/|[a-z][a-z0-9+.-]*:\/\/(?=[^\s/?#'"<>@]*:[^\s/?#'"<>]+@))(?!\(left out\)@)[^\s/?#'"<>]+@/gi
const SCHEME = /\b(Bearer|Basic) +(?=[^\s"']*[\d=._-])[\w.~+/=-]{8,}/gi
/** `--token=abc`, `--token abc`, `DB_PASSWORD=abc`, `?token=abc&`. */
const ASSIGNED = /(?<![\w.-])([\w.-]*[a-z][\w.-]*)(=|(?<=--[\w-]+) )(?!\(left out\))("[^"\n]*"|'[^'\n]*'|[^\s&"',;]+)/gi
/** `"password": "abc"` and `password: abc`; an unquoted word has to look like more than a word of a sentence. */
const QUOTED = /(["']?)([\w.-]+)\1(\s*:\s*)(["'])(?!\(left out\))((?:(?!\4)[^\\\n]|\\.)+)\4/g
const STATED = /\b([\w.-]+)(: +)(?!\(left out\))(?=[^\s,;]*[^a-z\s,;.:])([^\s,;"'(]{6,})/gi

/** A long text without anything but letters and digits is data, such as a histogram. */
const DATA = /^[A-Za-z0-9+/=]{1000,}$/

/** A text without what looks like a secret in it. */
export function redactText(text: string): string {
  if (DATA.test(text)) return text.startsWith('LS0tLS1CRUdJTi') ? withoutEncodedKey(text) : text
  const bare = text
    .replaceAll(PEM, REDACTED)
    .replaceAll(BASE64_PEM, withoutEncodedKey)
    .replaceAll(USERINFO, `$1${REDACTED}@`)
    .replaceAll(TOKENS, REDACTED)
    .replaceAll(SCHEME, `$1 ${REDACTED}`)
  if (!SECRET_KEY.test(bare)) return bare
  return bare
    .replaceAll(QUOTED, (whole, quote: string, key: string, colon: string, mark: string) =>
      isSecretKey(key) ? `${quote}${key}${quote}${colon}${mark}${REDACTED}${mark}` : whole,
    )
    .replaceAll(ASSIGNED, (whole, key: string, sign: string) => (isSecretKey(key) ? `${key}${sign}${REDACTED}` : whole))
    .replaceAll(STATED, (whole, key: string, colon: string) => (isSecretKey(key) ? `${key}${colon}${REDACTED}` : whole))
}

/** A certificate is no secret. */
function withoutEncodedKey(encoded: string): string {
  return atob(encoded.slice(0, 40)).includes('PRIVATE KEY') ? REDACTED : encoded
}
