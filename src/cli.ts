import { Command, CommanderError, Option } from 'commander'
import type { CommandContext, CommonOptions } from './commands/command-context.ts'
import { version } from './host/version.ts'

/** What a command does: its arguments, its options, the process around it; the answer is the exit code. */
type Action<Options> = (args: readonly string[], options: Options, context: CommandContext) => Promise<number>

/** Runs one command line; the answer is the exit code. Never throws. */
export async function cli(args: readonly string[], context: CommandContext): Promise<number> {
  const exit = { code: 0 }
  const program = commandLine(context, exit)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exit.code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { sayFailure } = await import('./commands/say-failure.ts')
    return sayFailure(error, args.includes('--json'), context)
  }
}

/** The table of commands. Each is loaded only when it is called: help must not wait for what it does not need. */
function commandLine(context: CommandContext, exit: { code: number }): Command {
  const act =
    <Options extends CommonOptions>(load: () => Promise<Action<Options>>) =>
    async (...given: unknown[]) => {
      const command = given.at(-1) as Command
      exit.code = await (await load())(command.args, command.optsWithGlobals<Options>(), context)
    }
  const program = new Command('meshbench')
    .description('Measures what service meshes cost and do: fair trials, true latency, one report.')
    .option('--json', 'print one JSON document on stdout')
    .option('--results <folder>', 'where runs are kept', 'results')
    .version(version(), '-v, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    })
    .addHelpText('after', EPILOGUE)
  withHistoryStore(withSelection(program.command('run')))
    .description('measure: provision arms, put the load on them, write the report')
    .option('--resume [run]', 'go on with a run that was interrupted: the newest, or the one named')
    .option('--extend [run]', 'measure more blocks of what the gate of a run suspects, in the same folder')
    .option('--limits <file>', 'of --extend: what the gate judges by; what the scenario says when absent')
    .option('--reference <what>', 'of --extend: candidate=reference, or a rule such as *-ref')
    .option('--min-valid <share>', 'end with 12 where less of the planned trials is valid, e.g. 75%')
    .option('--keep', 'leave clusters standing, so that the next run starts at once')
    .option('--open', 'open the report in a browser')
    .action(act(async () => (await import('./commands/run.ts')).runCommand))
  withSelection(program.command('plan'))
    .description('print the order of trials, the time they take and what they can detect')
    .action(act(async () => (await import('./commands/plan.ts')).planCommand))
  withHistoryStore(program.command('report'))
    .argument('[run]', 'a run id or its folder; the newest when absent')
    .description('render the report of a run, and its summary in Markdown, from its files')
    .option('--output <file>', 'where to write the page; beside the run when absent')
    .option('--charts [folder]', 'write every chart as SVG and PNG too; charts beside the run when no folder is named')
    .option('--chart <id>', 'write only this one, by its address on the page; may be given again', collected)
    .option('--dark', 'draw them for a dark background')
    .option('--site <folder>', 'write the pages of all runs instead, with an index and their history')
    .option('--open', 'open it in a browser')
    .action(act(async () => (await import('./commands/report.ts')).reportCommand))
  program
    .command('compare')
    .argument('<a>', 'a run, RUN:ARM, or an arm of the newest run')
    .argument('<b>', 'what is held against it, named likewise')
    .description('hold two runs, or two arms of one run, against each other, from files alone')
    .option('--metrics <names>', 'which, separated by commas; every further one makes each claim harder')
    .action(act(async () => (await import('./commands/compare.ts')).compareCommand))
  const gate = withHistoryStore(program.command('gate'))
    .argument('[run]', 'a run id or its folder; the newest when absent')
    .description('tell regression from noise, by the limits of the scenario; the exit code is the verdict')
    .option('--limits <file>', 'what to judge by; what the scenario says when absent')
    .option('--reference <what>', 'candidate=reference, a rule such as *-ref, or a file of gate accept')
    .option(
      '--previous <run>',
      'against a pinned reference: the run before, or its gate --json, since only two breaches count',
    )
    .option('--strict', 'end with 11 where something is undecided')
    .option('--min-valid <share>', 'end with 12 where less of the planned trials is valid, e.g. 75%')
    .option('--junit <file>', 'write JUnit XML')
    .option('--markdown <file>', 'write Markdown for a pull request')
    .option('--summary <file>', 'add to a GitHub job summary')
    .option('--annotations', 'print GitHub annotations on stderr')
    .action(act(async () => (await import('./commands/gate.ts')).gateCommand))
  gate
    .command('accept')
    .argument('[runs...]', 'run ids or their folders; the newest run when absent')
    .description('make runs the pinned reference of later ones; several show what nights differ by')
    .option('--reason <text>', 'why; it is kept in the file')
    .option('--output <file>', 'the file; gate.pinned of the scenario, or reference.json, when absent')
    .action(act(async () => (await import('./commands/gate.ts')).gateAcceptCommand))
  const history = withHistoryStore(program.command('history'))
    .description('the trend of every arm and load over runs, and when it changed')
    .option('--metrics <names>', 'which, separated by commas; p50, p99 and cpu when absent')
    .option('--machine <text>', 'of the machines whose description holds this; all; that of the newest run when absent')
    .action(act(async () => (await import('./commands/history.ts')).historyCommand))
  withHistoryStore(history.command('add'))
    .argument('[run]', 'a run id or its folder; the newest when absent')
    .description('keep what a run says; once, however often it is asked')
    .action(act(async () => (await import('./commands/history.ts')).historyAddCommand))
  withHistoryStore(history.command('verify'))
    .description('read every line, and name one that was changed or cut')
    .action(act(async () => (await import('./commands/history.ts')).historyVerifyCommand))
  program
    .command('merge')
    .argument('<runs...>', 'the runs of all shards')
    .description('make one run of the shards of a run')
    .action(act(async () => (await import('./commands/merge.ts')).mergeCommand))
  withSelection(program.command('doctor'))
    .description('check what stands in the way of a run, and how to fix it')
    .option('--no-pauses', 'do not measure the pauses of this host, which takes 10 s')
    .action(act(async () => (await import('./commands/doctor.ts')).doctorCommand))
  program
    .command('clean')
    .description('find and remove what killed runs have left on this machine')
    .option('--dry-run', 'only list')
    .option('--kept', 'also clusters that --keep left standing')
    .option('--images', 'also images that runs have pulled')
    .option('--all', 'also clusters: kept ones, those of runs that go on, those named like ours')
    .action(act(async () => (await import('./commands/clean.ts')).cleanCommand))
  program
    .command('completion')
    .argument('<shell>', 'bash, zsh or fish')
    .description('print a completion script for a shell')
    .action(act(async () => (await import('./commands/completion.ts')).completionCommand(program)))
  return program
}

/** Of an option that may be given several times. */
function collected(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/** Options that say where the history is kept. */
function withHistoryStore(command: Command): Command {
  return command
    .option('--folder <folder>', 'where the history is kept; history when absent')
    .option('--branch <name>', 'keep it on a branch of the repository here instead')
}

/** Options that choose a scenario and what of it is planned. */
function withSelection(command: Command): Command {
  return command
    .argument('[scenario]', 'the name of a shipped scenario, or a file; quick when absent')
    .addOption(new Option('--platform <name>', 'where arms live').choices(['kind', 'cluster', 'local', 'simulated']))
    .addOption(new Option('--profile <name>', 'how meshes are configured').choices(['equalised', 'defaults']))
    .addOption(new Option('--isolation <name>', 'how arms are kept apart on kind').choices(['frozen', 'sequential']))
    .option('--site <file>', 'where images, charts and tools come from, in place of the public addresses')
    .option('--arms <names>', 'only these arms, separated by commas; the baseline is always kept')
    .option('--loads <names>', 'only these loads, separated by commas')
    .option('--blocks <n>', 'blocks in each cohort')
    .option('--cohorts <n>', 'how often everything is provisioned anew')
    .option('--seed <n>', 'seed of the order')
    .option('--time-budget <duration>', 'drop whole blocks until it fits, e.g. 20m')
    .option('--shard <which>', 'only this part of the plan, e.g. 2/3; merge makes one run of all parts')
}

const EPILOGUE = `
Exit codes: 0 fine, 2 usage or scenario, 3 infrastructure, 10 regression, 11 inconclusive under --strict,
12 invalid or missing data, 13 budget broken, 130 interrupted.`
