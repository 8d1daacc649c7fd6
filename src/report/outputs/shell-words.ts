/** A command line as a POSIX shell takes it. */
export function commandText(words: readonly string[]): string {
  return words.map(quoted).join(' ')
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`
}
