#!/usr/bin/env node
/** The edge of the command line: words -> Request, real ports, run(), the one catch, the exit code. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { inspect } from "node:util";
import { Command, InvalidArgumentError, Option } from "commander";
import { listOf } from "./core/command.ts";
import { explainAwsError } from "./core/aws-error.ts";
import { explainDiskError } from "./core/disk-error.ts";
import { DRIFT_HELP, HELP } from "./core/command-help.ts";
import { EXIT, exitOf } from "./core/exit.ts";
import { explain } from "./core/explain.ts";
import { failureJson } from "./core/failure-json.ts";
import { outcomeJson } from "./core/outcome-json.ts";
import { leftoverFailure } from "./core/leftover.ts";
import { UserError, formatProblem } from "./core/problem.ts";
import { exitCodeOf } from "./core/reason.ts";
import { report } from "./core/report.ts";
import type { Setup } from "./core/setup.ts";
import { type Console, quietConsole, terminalConsole } from "./edge/console.ts";
import { systemPorts } from "./system.ts";
import { type Request, type Target, run } from "./run.ts";

interface Flags {
  readonly json?: boolean;
  readonly directory: string;
  readonly stage?: string;
  readonly branch?: string;
  readonly build?: boolean;
  readonly timeout?: number;
  readonly revert?: boolean;
  readonly port?: number;
  readonly commit?: string;
  readonly skip?: readonly string[];
}

type Order = Extract<Request, { readonly command: "deploy" }>;

interface SetupFlags {
  readonly repository?: string;
  readonly repositoryId: string;
  readonly ownerId: string;
  readonly provider: string;
  readonly stackPolicy?: readonly string[];
}

function program(): Command {
  const warren = new Command("warren")
    .description(
      "Deploys serverless event pipelines from Git: config/pipeline.yaml in, plain CloudFormation out.",
    )
    .option("--json", "print one JSON object on standard output, and nothing else but errors")
    .option("-C, --directory <folder>", "the repository to work on", ".")
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true })
    .showHelpAfterError("(`warren --help` lists the commands)")
    .exitOverride()
    .addHelpText("after", HELP);

  const simple = (
    name: Request["command"] & ("check" | "generate" | "graph" | "build"),
    text: string,
  ): void => {
    warren
      .command(name)
      .description(text)
      .action((_flags, command: Command) => perform({ command: name }, command));
  };
  simple("check", "check pipeline.yaml, templates, code, items; show what every function may do");
  simple("build", "build the functions, and show which AWS actions their code calls");
  simple("graph", "print the pipeline as a Mermaid flowchart");
  simple("generate", "write config/pipeline.schema.json (for editors) and functions/warren-env.d.ts (types)");

  const staged = (name: string, text: string): Command =>
    warren
      .command(name)
      .description(text)
      .requiredOption("-s, --stage <name>", "a stage of pipeline.yaml")
      .option(
        "-b, --branch <name>",
        "for stages of pull requests: which branch (default: the one checked out)",
      );
  const minutes = new Option(
    "--timeout <minutes>",
    "give up following after this time; a later run goes on",
  ).argParser(positive);
  const skip = new Option(
    "--skip <names>",
    "what a rollback that failed goes on without, as that failure names it: components, joined by commas",
  ).argParser(listOf);
  staged("render", "print the stage's CloudFormation template")
    .option("--no-build", "leave the code out: the template then grants all that the arrows may grant")
    .action((flags: Flags, command: Command) =>
      perform({ command: "render", target: target(flags), build: flags.build !== false }, command),
    );
  const commit = new Option(
    "--commit <sha>",
    "go back to the release of this commit (or of the last one before it); nothing is built",
  );
  staged("plan", "show what a deploy would change; changes nothing")
    .addOption(commit)
    .action((flags: Flags, command: Command) =>
      perform({ command: "plan", target: target(flags), ...how(flags) }, command),
    );
  staged("deploy", "make the stage's stack equal to what pipeline.yaml says")
    .addOption(commit)
    .addOption(skip)
    .addOption(minutes)
    .action((flags: Flags, command: Command) =>
      perform({ command: "deploy", target: target(flags), ...how(flags) }, command),
    );
  staged("releases", "list what `deploy --commit` can go back to, newest first").action(
    (flags: Flags, command: Command) => perform({ command: "releases", target: target(flags) }, command),
  );
  staged(
    "smoke",
    "send what pipeline.yaml's `smoke:` says through the deployed stage, and time its hops",
  ).action((flags: Flags, command: Command) => perform({ command: "smoke", target: target(flags) }, command));
  staged("destroy", "take the stage's stack away, its data too (refused for protected stages)")
    .addOption(minutes)
    .action((flags: Flags, command: Command) =>
      perform({ command: "destroy", target: target(flags), ...how(flags) }, command),
    );
  warren
    .command("drift [stage]")
    .description("find what was changed by hand since the last deploy, and put it back")
    .option("-b, --branch <name>", "for stages of pull requests: which branch (default: the one checked out)")
    .option("--revert", "put back what was deployed last, without a build; needs a stage")
    .addOption(minutes)
    .addHelpText("after", DRIFT_HELP)
    .action((named: string | undefined, flags: Flags, command: Command) => {
      const stage = named ?? flags.stage;
      if (stage === undefined && (flags.revert === true || flags.branch !== undefined)) {
        command.error("error: --revert and --branch need a stage: `warren drift <stage>`");
      }
      const revert = flags.revert === true;
      const of = stage === undefined ? undefined : target({ ...flags, stage });
      return perform({ command: "drift", target: of, revert, ...how(flags) }, command);
    });
  warren
    .command("bootstrap")
    .description(
      "set up this AWS account and region: the bucket for built functions and the boundary of what they may do; " +
        "with a repository also the roles that its workflow assumes over OIDC",
    )
    .option("--repository <owner/name>", "the repository on GitHub whose workflow is to deploy this pipeline")
    .option("--repository-id <number>", "its number: `gh api repos/<owner/name> --jq .id`", "")
    .option("--owner-id <number>", "its owner's number: `gh api repos/<owner/name> --jq .owner.id`", "")
    .option("--provider <arn>", "the account's OIDC provider for GitHub, if it has one already", "")
    .option(
      "--stack-policy <arn...>",
      "managed policies for kinds of your own, which CloudFormation is to have",
    )
    .action((flags: SetupFlags, command: Command) =>
      perform({ command: "bootstrap", ...setupOf(flags) }, command),
    );
  warren
    .command("doctor")
    .description(
      "look for what stands between this repository and a deploy: workflow, environments, roles, account",
    )
    .action((_flags, command: Command) => {
      const { AWS_REGION: region, AWS_DEFAULT_REGION: preset } = process.env;
      return perform({ command: "doctor", region: region || preset || undefined }, command);
    });
  warren
    .command("explain [reason]")
    .description("tell what a failure's reason means and what to do; without one, list all")
    .action((reason: string | undefined, _flags, command: Command) =>
      terminalConsole().result(explain(reason, command.optsWithGlobals<Flags>().json === true)),
    );
  warren
    .command("local")
    .description("run a local AWS until Ctrl-C, ready to deploy to; needs the repository's own set-up")
    .option("--port <number>", "port on 127.0.0.1 (default: any free one)", portNumber)
    .action(async (flags: Flags) => {
      // Not part of the bundle's start-up: nobody needs it on a runner.
      const { serveLocalAws } = await import("./local/serve.ts");
      await serveLocalAws(terminalConsole(), flags.port);
    });
  return warren;
}

function setupOf(flags: SetupFlags): { setup?: Setup } {
  const { repository, repositoryId, ownerId, provider, stackPolicy = [] } = flags;
  if (repository === undefined) return {};
  return {
    setup: {
      repository: { name: repository, id: repositoryId, ownerId },
      provider,
      stackPolicies: stackPolicy,
    },
  };
}

function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new InvalidArgumentError("It must be a whole number, 1 or more.");
  return number;
}

function portNumber(text: string): number {
  const number = positive(text);
  if (number > 65_535) throw new InvalidArgumentError("It must be at most 65535.");
  return number;
}

function target({ stage = "", branch }: Flags): Target {
  return { stage, ...(branch === undefined ? {} : { branch }) };
}

/** What a command that does not take it has never been given. */
function how({ timeout, commit, skip }: Flags): Pick<Order, "timeoutSeconds" | "commit" | "skip"> {
  return {
    ...(timeout !== undefined && { timeoutSeconds: timeout * 60 }),
    ...(commit !== undefined && { commit }),
    ...(skip && { skip }),
  };
}

async function perform(request: Request, command: Command): Promise<void> {
  const flags: Flags = command.optsWithGlobals();
  const console = flags.json === true ? quietConsole() : terminalConsole();
  const root = resolve(flags.directory);
  if (!existsSync(root)) throw new UserError("directory-missing", { message: `there is no folder ${root}` });
  const ports = systemPorts({ root, console, environment: process.env });
  const changes = request.command === "drift" ? request.revert : /^(?:deploy|destroy)$/.test(request.command);
  if (changes) tellInterruption(console);
  const outcome = await run(request, ports);
  const { result, lines } = report(outcome);
  process.exitCode = exitOf(outcome);
  if (flags.json === true) return console.result(JSON.stringify(outcomeJson(outcome), null, 2));
  for (const line of lines) console.info(line);
  if (result !== "") console.result(result);
  const stops = outcome.kind === "planned" ? outcome.plan.risk.stops : [];
  if (stops.length > 0) throw new UserError("data-at-risk", stops);
  const left = outcome.kind === "destroyed" ? leftoverFailure(outcome.destroy) : undefined;
  if (left) throw left;
}

function tellInterruption(console: Console): void {
  process.removeAllListeners("SIGINT").on("SIGINT", () => {
    console.error(
      "interrupted: what has begun in AWS goes on; the same command waits for it and does the rest",
    );
    process.exit(EXIT.interrupted);
  });
}

/** The one catch. */
function fail(thrown: unknown, json: boolean, console: Console): number {
  const error = explainAwsError(thrown) ?? explainDiskError(thrown) ?? thrown;
  if (error instanceof UserError) {
    for (const problem of error.problems) console.error(formatProblem(problem));
    if (json) console.result(JSON.stringify(failureJson(error), null, 2));
    else console.note(`warren explain ${error.reason}`);
    return exitCodeOf(error.reason);
  }
  const { code, exitCode } = error as { code?: unknown; exitCode?: unknown };
  if (typeof code === "string" && code.startsWith("commander.")) {
    return exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  if (json) console.result(JSON.stringify(failureJson(error), null, 2));
  console.error(
    `this is a bug in Warren: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  if (error instanceof Error && error.cause !== undefined) console.error(`caused by ${inspect(error.cause)}`);
  return EXIT.bug;
}

async function main(): Promise<void> {
  // A result that nobody reads any more (`warren render | head`) is no reason for a stack trace, and messages that
  // nobody reads (`warren deploy 2>&1 | head`) none to leave a deploy half done, let alone with exit code 0.
  process.stdout.on("error", (error: NodeJS.ErrnoException) =>
    process.exit(error.code === "EPIPE" ? EXIT.ok : EXIT.bug),
  );
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") process.exit(EXIT.bug);
  });
  process.on("SIGINT", () => process.exit(EXIT.interrupted));
  try {
    const words = process.argv.slice(2);
    await program().parseAsync(words.length === 0 ? ["--help"] : words, { from: "user" });
  } catch (error) {
    process.exitCode = fail(error, process.argv.includes("--json"), terminalConsole());
  }
}

// Not a top-level `await`: the bundle is CommonJS.
void main();
