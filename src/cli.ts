import { Command, CommanderError, Option } from 'commander'
import type { CommandContext, CommonOptions, ProcessContext } from './commands/command-context.ts'
import { version } from './host/version.ts'
import { EXIT, EXIT_WORDS } from './model/exit-codes.ts'
import { Failure } from './model/failure.ts'
import { ISOLATIONS, PROFILES } from './model/scenario.ts'
import { PLATFORMS, TOOLS } from './model/traits.ts'
import { outputTo } from './ui/output.ts'

/** Runs a command with its arguments and options, and returns the exit code. */
type Action<Options> = (args: readonly string[], options: Options, context: CommandContext) => Promise<number>

/** Runs one command line and returns the exit code. Never throws. */
export async function cli(args: readonly string[], around: ProcessContext): Promise<number> {
  const context = contextIn(around, isQuiet(args))
  const exit = { code: 0 }
  const program = commandLine(context, exit)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return exit.code
  } catch (error) {
    if (error instanceof CommanderError && (error.exitCode === 0 || !args.includes('--json'))) {
      return error.exitCode === 0 ? EXIT.ok : EXIT.usage
    }
    const { sayFailure } = await import('./commands/say-failure.ts')
    return sayFailure(error instanceof CommanderError ? usageFailure(error) : error, args.includes('--json'), context)
  }
}

/** What commander says of a wrong command line, as a failure. */
function usageFailure({ message }: CommanderError): Failure {
  return new Failure('usage', message.replace(/^error: /, ''), {
    remedy: 'See `meshbench --help`, or that of the command.',
  })
}

/** Before anything is parsed, since the output is needed to parse. */
function isQuiet(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end === -1 ? args.length : end).includes('--quiet')
}

/** Not a copy: signals are handled from the moment when `signal` is asked for. */
function contextIn(around: ProcessContext, quiet: boolean): CommandContext {
  return Object.create(around, {
    stdout: { value: outputTo(around.stdout, { env: around.env }) },
    stderr: { value: outputTo(around.stderr, { env: around.env, quiet }) },
  })
}

/** The table of commands. Each is loaded only when it is called, so that help is fast. */
function commandLine(context: CommandContext, exit: { code: number }): Command {
  const act =
    <Options extends CommonOptions>(load: () => Promise<Action<Options>>) =>
    async (...given: unknown[]) => {
      const command = given.at(-1) as Command
      exit.code = await (await load())(command.args, command.optsWithGlobals<Options>(), context)
    }
  const { stdout, stderr } = context
  const program = new Command('meshbench')
    .description('Measures the latency, CPU and memory costs of service meshes, and writes one report.')
    .option('--json', 'print one JSON document on stdout')
    .option('--results <folder>', 'folder of all runs', 'results')
    .addOption(new Option('--quiet', 'print results and failures only').conflicts('verbose'))
    .option('--verbose', 'print every step, every problem and every note, with the names of the rules')
    .version(version(), '-v, --version', 'print the version')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.alert(text),
      getOutHelpWidth: () => stdout.columns ?? 80,
      getErrHelpWidth: () => stderr.columns ?? 80,
    })
    .addHelpText('after', EPILOGUE)
  example(withHistoryStore(withSelection(program.command('run'))), 'meshbench run --rate 500/s --arms none,linkerd')
    .description('provision arms, run the load, and write the report')
    .option('--resume [run]', 'continue an interrupted run: the newest, or the named one')
    .option('--extend [run]', 'measure more blocks for the suspect cells of a run, in the same folder')
    .option('--limits <file>', 'with --extend: limits of the gate (default: those of the scenario)')
    .option('--reference <what>', 'with --extend: candidate=reference, or a rule such as *-ref')
    .option('--min-valid <share>', MIN_VALID)
    .option('--keep-going', 'measure on where the first trials are all invalid')
    .option('--yes', 'agree to the use of a cluster that is there already')
    .option('--keep', 'keep clusters, so that the next run starts faster')
    .option('--setup <command>', 'a shell command to run before anything is provisioned')
    .option('--cleanup <command>', 'a shell command to run when everything is removed, after failures too')
    .option('--export <formats>', EXPORT)
    .option('--open', 'open the report in a browser')
    .action(act(async () => (await import('./commands/run.ts')).runCommand))
  example(withSelection(program.command('plan')), 'meshbench plan quick-local --time-budget 10m')
    .description('print the order of trials, the time they take and what they can detect')
    .action(act(async () => (await import('./commands/plan.ts')).planCommand))
  example(withHistoryStore(program.command('report')), 'meshbench report --charts')
    .argument('[run]', 'a run id or its folder (default: the newest)')
    .description('write the report of a run, and its summary in Markdown, from its files')
    .option('--output <file>', 'where to write the page (default: the folder of the run)')
    .option('--export <formats>', EXPORT)
    .option('--charts [folder]', 'also write every chart as SVG and PNG (default folder: charts in that of the run)')
    .option('--chart <id>', 'write only this chart, by its id on the page; repeatable', collected)
    .option('--dark', 'draw charts for a dark background')
    .option('--site <folder>', 'instead write the pages of all runs, with an index and their history')
    .option('--open', 'open the page in a browser')
    .action(act(async () => (await import('./commands/report.ts')).reportCommand))
  example(program.command('compare'), 'meshbench compare :none :linkerd')
    .argument('<a>', 'a run, RUN:ARM, or an arm of the newest run')
    .argument('<b>', 'what to compare with it, in the same form')
    .description('compare two runs, or two arms of one run, from files')
    .option('--metrics <names>', 'metrics, separated by commas; more metrics make each claim harder')
    .option('--html <file>', 'also write the comparison as a page')
    .option('--open', 'open that page in a browser')
    .action(act(async () => (await import('./commands/compare.ts')).compareCommand))
  const gate = example(
    withHistoryStore(program.command('gate')),
    'meshbench gate --limits limits.yaml --junit gate.xml',
  )
    .argument('[run]', 'a run id or its folder (default: the newest)')
    .description('find regressions by the limits of the scenario; the exit code is the verdict')
    .option('--limits <file>', 'limits (default: those of the scenario)')
    .option('--reference <what>', 'candidate=reference, a rule such as *-ref, or a file of gate accept')
    .option(
      '--previous <run>',
      'with a pinned reference: the previous run, or its gate --json; only two breaches in a row count',
    )
    .option('--strict', `exit with ${EXIT.inconclusive} if anything is undecided`)
    .option('--min-valid <share>', MIN_VALID)
    .option('--junit <file>', 'write JUnit XML')
    .option('--markdown <file>', 'write Markdown for a pull request')
    .option('--summary <file>', 'append to a GitHub job summary')
    .option('--annotations', 'print GitHub annotations on stderr')
    .action(act(async () => (await import('./commands/gate.ts')).gateCommand))
  example(gate.command('accept'), 'meshbench gate accept --reason "Istio 1.28.1 is the new reference"')
    .argument('[runs...]', 'run ids or their folders (default: the newest run)')
    .description('make runs the pinned reference of later runs; several show the scatter between runs')
    .option('--reason <text>', 'the reason, which is stored in the file')
    .option('--output <file>', 'the file (default: gate.pinned of the scenario, or reference.json)')
    .action(act(async () => (await import('./commands/gate.ts')).gateAcceptCommand))
  const history = example(withHistoryStore(program.command('history')), 'meshbench history --metrics p50,mesh-cpu')
    .description('show trends and change points of every arm and load over runs')
    .option('--metrics <names>', 'metrics, separated by commas (default: p50, typical-p99, p99, mesh-cpu)')
    .option(
      '--machine <text>',
      'machines whose description contains this text, or all (default: that of the newest run)',
    )
    .action(act(async () => (await import('./commands/history.ts')).historyCommand))
  example(withHistoryStore(history.command('add')), 'meshbench history add --branch meshbench-history')
    .argument('[run]', 'a run id or its folder (default: the newest)')
    .description('add a run to the history, unless it is there already')
    .action(act(async () => (await import('./commands/history.ts')).historyAddCommand))
  example(withHistoryStore(history.command('verify')), 'meshbench history verify')
    .description('check every line, and report one that was changed or cut')
    .action(act(async () => (await import('./commands/history.ts')).historyVerifyCommand))
  example(program.command('merge'), 'meshbench merge RUN RUN RUN')
    .argument('<runs...>', 'the runs of all shards')
    .description('merge the shards of a run into one run')
    .action(act(async () => (await import('./commands/merge.ts')).mergeCommand))
  example(program.command('init'), 'meshbench init my-mesh.yaml --arms none,linkerd --rates 100/s,500/s')
    .argument('[file]', 'the file to write (default: scenario.yaml)')
    .description('write a commented scenario to begin with; on a terminal it asks for meshes and rates')
    .option('--arms <names>', 'meshes to compare, separated by commas; the first is the baseline')
    .option('--rates <rates>', 'rates of the load, separated by commas')
    .action(act(async () => (await import('./commands/init.ts')).initCommand))
  example(program.command('list'), 'meshbench list meshes')
    .argument('[what]', 'scenarios, meshes or runs (default: all three)')
    .description('list the shipped scenarios, the meshes and the runs')
    .action(act(async () => (await import('./commands/list.ts')).listCommand))
  example(withSelection(program.command('doctor')), 'meshbench doctor --platform kind')
    .description('check whether a run can start, and how to fix problems')
    .option('--no-pauses', 'do not measure the pauses of this host (10 s)')
    .option('--yes', 'agree to the use of a cluster that is there already')
    .option('--throughput', 'measure what one load generator can send, without a mesh, and how many the plan needs')
    .action(act(async () => (await import('./commands/doctor.ts')).doctorCommand))
  example(withArms(program.command('features'), 'features'), 'meshbench features --arms istio-sidecar,linkerd')
    .description('try what each mesh does (mutual TLS, routes, retries, …) with real requests, and write a matrix')
    .option('--probes <names>', 'probes, separated by commas (default: all)')
    .option('--cost', 'measure what features cost instead: the same load with and without each (scenario feature-cost)')
    .option('--blocks <n>', 'with --cost: blocks per cohort')
    .option('--rate <rates>', 'with --cost: rates in place of those of the scenario, e.g. 500/s')
    .option('--duration <duration>', 'with --cost: length of every measurement, e.g. 20s')
    .option('--resume <run>', 'continue an interrupted run of probes, or of costs with --cost')
    .option('--keep', 'keep clusters of `--isolation frozen`, so that the next run starts faster')
    .option(
      '--expect <file>',
      `an earlier \`features --json\`: exit with ${EXIT.regression} if what worked does not any more`,
    )
    .option('--yes', 'agree to the use of a cluster that is there already')
    .action(act(async () => (await import('./commands/features.ts')).featuresCommand))
  example(program.command('claims'), 'meshbench claims --run RUN --features RUN')
    .argument('[scenario]', 'the name of a shipped scenario with claims, or a file (default: claims)')
    .description('judge claims of articles by runs: which hold, which do not, and what would tell')
    .option('--run <run>', 'a run to judge by (default: the newest of the scenario); repeatable', collected)
    .option('--features <run>', 'a run of features to judge by (default: the newest); repeatable', collected)
    .option('--output <file>', 'where to write the page (default: claims.html in the folder of the first run)')
    .option('--open', 'open the page in a browser')
    .action(act(async () => (await import('./commands/claims.ts')).claimsCommand))
  example(withSelection(program.command('rbac')), 'meshbench rbac my.yaml --context test | kubectl apply -f -')
    .option('--namespace <name>', 'namespace of the ServiceAccount', 'default')
    .option('--name <name>', 'name of the ServiceAccount and its ClusterRole', 'meshbench')
    .description('print the ServiceAccount and ClusterRole with which a plan runs in a cluster that is there already')
    .action(act(async () => (await import('./commands/rbac.ts')).rbacCommand))
  example(program.command('clean'), 'meshbench clean --dry-run')
    .description('find and remove what killed runs left on this machine')
    .option('--dry-run', 'only list, do not remove')
    .option('--kept', 'also remove clusters kept by --keep')
    .option('--images', 'also remove images that runs pulled')
    .option('--context <name>', 'also look into the cluster of this context of the kubeconfig')
    .option('--kubeconfig <file>', 'the kubeconfig (default: KUBECONFIG, or that of the home folder)')
    .option('--site <file>', 'sources of tools instead of the public ones')
    .option('--all', 'also remove clusters: kept ones, those of runs in progress, those with names like ours')
    .action(act(async () => (await import('./commands/clean.ts')).cleanCommand))
  example(program.command('completion'), 'eval "$(meshbench completion bash)"')
    .argument('<shell>', 'bash, zsh, fish or powershell')
    .description('print a completion script for a shell')
    .action(act(async () => (await import('./commands/completion.ts')).completionCommand))
  // The scripts call it at every press of the tab key.
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(act(async () => (await import('./commands/completion.ts')).completeCommand(program)))
  return program
}

const MIN_VALID = `exit with ${EXIT.invalid} if a smaller share of the planned trials is valid, e.g. 75%`
const EXPORT = 'also write every figure as csv, the analysis as json, or the summary as md; several by commas'

/** Adds an example to the help of a command. */
function example(command: Command, line: string): Command {
  return command.addHelpText('after', `\nExample:\n  ${line}`)
}

/** Collects the values of an option that may be given several times. */
function collected(value: string, before: readonly string[] = []): string[] {
  return [...before, value]
}

/** Options that say where the history is kept. */
function withHistoryStore(command: Command): Command {
  return command
    .option('--folder <folder>', 'folder of the history (default: history)')
    .option('--branch <name>', 'keep the history on a branch of this repository instead')
}

/** Options that choose a scenario, what of it is planned, and with which loads. */
/** Which arms, and where they run. */
function withArms(command: Command, scenario = 'quick'): Command {
  return command
    .argument('[scenario]', `the name of a shipped scenario, or a file (default: ${scenario})`)
    .addOption(new Option('--platform <name>', 'where arms run').choices(PLATFORMS))
    .addOption(new Option('--profile <name>', 'how meshes are configured').choices(PROFILES))
    .addOption(new Option('--isolation <name>', 'how arms are kept apart on kind').choices(ISOLATIONS))
    .option('--context <name>', 'with the platform cluster: the context of the kubeconfig')
    .option('--kubeconfig <file>', 'the kubeconfig (default: KUBECONFIG, or that of the home folder)')
    .option('--site <file>', 'sources of images, charts and tools instead of the public ones')
    .option('--arms <names>', 'only these arms or meshes, separated by commas; the baseline is always kept')
}

function withSelection(command: Command): Command {
  return withArms(command)
    .option('--loads <names>', 'only these loads, separated by commas')
    .option('--rate <rates>', 'rates in place of those of the scenario, e.g. 500/s or 100/s,200/s')
    .option('--duration <duration>', 'length of every measurement, e.g. 20s')
    .option('--warmup <duration>', 'load before every measurement, e.g. 2s')
    .option('--connections <counts>', 'connections, e.g. 8 or 8,64')
    .option('--generators <count>', 'load generators that share rate and connections, e.g. 4')
    .option('--payload <sizes>', 'size of bodies, e.g. 1KiB or 0B,64KiB')
    .option('--protocol <names>', 'http, http2, grpc or tcp; several by commas')
    .option('--tool <names>', `load generator: ${TOOLS.join(' or ')}; several by commas`)
    .option('--blocks <n>', 'blocks per cohort')
    .option('--cohorts <n>', 'number of provisionings')
    .option('--seed <n>', 'seed of the order of arms and loads')
    .option('--time-budget <duration>', 'drop blocks until the run fits, e.g. 20m')
    .option('--shard <which>', 'only this part of the plan, e.g. 2/3; merge joins the parts')
}

/** In lines that fit a terminal of 100 columns. */
const EPILOGUE = `\nExit codes: ${EXIT_WORDS}.`.replaceAll(/(.{1,96}, )/g, (line) => `${line.trimEnd()}\n`)
