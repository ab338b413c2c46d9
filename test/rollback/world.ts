/** A repository with Git's history and a local AWS, deployed by the command line's own story; calls are counted. */
import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { CloudFormationClient, GetTemplateCommand } from "@aws-sdk/client-cloudformation";
import type { Outcome } from "../../action/core/outcome.ts";
import { localEnvironment, setUpAccount } from "../../action/local/account.ts";
import { type LocalAws, startLocalAws } from "../../action/local/aws.ts";
import type { Log, Ports } from "../../action/ports.ts";
import { type Request, run } from "../../action/run.ts";
import { systemPorts } from "../../action/system.ts";
import { type Repository, repository } from "../support/command-line.ts";
import { type Proxy, countByAction, startProxy } from "../support/proxy.ts";
import { repositoryRoot } from "../support/shipped.ts";

export interface World extends AsyncDisposable {
  readonly aws: LocalAws;
  readonly files: Repository;
  /** What was told, oldest first. */
  readonly lines: string[];
  readonly ports: Ports;
  /** Writes, commits, and resolves with the commit. */
  commit(files: Readonly<Record<string, string>>): string;
  run(request: Request): Promise<Outcome>;
  /** Counts of the AWS calls since the last time. */
  calls(): Record<string, number>;
  template(stackName: string): Promise<string>;
}

export async function openWorld(files: Readonly<Record<string, string>>): Promise<World> {
  const aws = await startLocalAws();
  await setUpAccount(aws);
  const proxy: Proxy = await startProxy(aws.endpoint);
  const own = repository(files);
  symlinkSync(join(repositoryRoot, "node_modules"), join(own.root, "node_modules"));
  const git = (...words: readonly string[]): string =>
    execFileSync("git", words, {
      cwd: own.root,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: own.root, GIT_CONFIG_GLOBAL: "/dev/null" },
    }).trim();
  git("init", "-q", "-b", "main");
  git("config", "user.email", "alice@example.com");
  git("config", "user.name", "Alice");
  const lines: string[] = [];
  const note = (text: string): void => void lines.push(text);
  const console: Log = { info: note, warn: note, error: note, progress: () => undefined };
  const environment = { ...localEnvironment(aws), AWS_ENDPOINT_URL: proxy.endpoint };
  const ports = systemPorts({ root: own.root, console, environment });
  const cloudformation = new CloudFormationClient(aws.clientConfig());
  return {
    aws,
    files: own,
    lines,
    ports,
    commit(changed) {
      for (const [path, text] of Object.entries(changed)) own.write(path, text);
      git("add", "config", "functions");
      git("commit", "-q", "--allow-empty", "-m", "a change");
      return git("rev-parse", "HEAD");
    },
    run: (request) => run(request, ports),
    calls: () => countByAction(proxy.take()),
    async template(stackName) {
      const { TemplateBody = "" } = await cloudformation.send(
        new GetTemplateCommand({ StackName: stackName }),
      );
      return TemplateBody;
    },
    async [Symbol.asyncDispose]() {
      cloudformation.destroy();
      await proxy[Symbol.asyncDispose]();
      await aws[Symbol.asyncDispose]();
      own[Symbol.dispose]();
    },
  };
}
