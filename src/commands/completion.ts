import type { Command } from 'commander'
import { Failure } from '../model/failure.ts'
import type { CommandContext, CommonOptions } from './command-context.ts'

/** Words that may follow the program, and those that may follow each command. */
interface Words {
  readonly commands: readonly string[]
  readonly options: Readonly<Record<string, readonly string[]>>
}

/** `meshbench completion bash|zsh|fish`: a script made from the very table that parses the command line. */
export function completionCommand(program: Command) {
  return async ([shell]: readonly string[], _: CommonOptions, { stdout }: CommandContext): Promise<number> => {
    const write = SHELLS[shell as keyof typeof SHELLS]
    if (!write) {
      throw new Failure('usage', `there is no completion for ${shell}`, { fix: 'Choose one of: bash, zsh, fish.' })
    }
    stdout.write(write(wordsOf(program)))
    return 0
  }
}

function wordsOf(program: Command): Words {
  const long = (command: Command) => command.options.map((option) => option.long).filter((name) => name !== undefined)
  const options = program.commands.map((command) => [command.name(), [...long(command), ...long(program)]])
  return { commands: program.commands.map((command) => command.name()), options: Object.fromEntries(options) }
}

const SHELLS = {
  bash: ({ commands, options }: Words) => `# eval "$(meshbench completion bash)"
_meshbench() {
  local words
  case "\${COMP_WORDS[1]}" in
${Object.entries(options)
  .map(([command, flags]) => `    ${command}) words="${flags.join(' ')}" ;;`)
  .join('\n')}
    *) words="${commands.join(' ')}" ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _meshbench meshbench
`,
  zsh: ({ commands, options }: Words) => `#compdef meshbench
# eval "$(meshbench completion zsh)"
_meshbench() {
  if ((CURRENT == 2)); then compadd ${commands.join(' ')}; return; fi
  case $words[2] in
${Object.entries(options)
  .map(([command, flags]) => `    ${command}) compadd -- ${flags.join(' ')} ;;`)
  .join('\n')}
  esac
  _files
}
compdef _meshbench meshbench
`,
  fish: ({ commands, options }: Words) => `# meshbench completion fish | source
complete -c meshbench -n __fish_use_subcommand -f -a '${commands.join(' ')}'
${Object.entries(options)
  .flatMap(([command, flags]) =>
    flags.map((flag) => `complete -c meshbench -n '__fish_seen_subcommand_from ${command}' -l ${flag.slice(2)}`),
  )
  .join('\n')}
`,
}
