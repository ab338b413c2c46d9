/** The runner that the Action runs on: inputs, outputs, annotations, job summary, masks. Its only printer. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as core from "@actions/core";
import type { InputKey, OutputKey } from "../core/inputs.ts";
import { type Problem, furtherLines } from "../core/problem.ts";
import { redactText } from "../core/redact.ts";
import { visible } from "../core/visible.ts";
import { withoutCommands } from "../core/workflow-command.ts";
import type { Log } from "../ports.ts";

/** The runner cuts longer ones itself, and without a sign. */
const ANNOTATION_CHARACTERS = 4_000;

export interface Runner extends Log {
  input(key: InputKey): string;
  output(key: OutputKey, value: string): void;
  /** Lines until the end are folded under the title. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** An annotation at the problem's place, if it has one. */
  annotate(level: "error" | "warning", problem: Problem): void;
  /** From now on the log shows stars instead. */
  mask(secret: string): void;
  /** Markdown, in addition to what the job's summary holds already. */
  summary(markdown: string): Promise<void>;
  /** A file that outlives the step, for a later one to upload. Resolves with its path. */
  keep(name: string, text: string): Promise<string>;
  /** The step is red; what is wrong was told before. */
  fail(): void;
}

/** Inputs and outputs are those of the process's environment, as the runner sets it. */
export function actionsRunner(): Runner {
  let kept: Promise<string> | undefined;
  return {
    info: (text) => core.info(harmless(text)),
    // These escape by themselves, but not what the runner would find within a message.
    warn: (text) => core.warning(annotation(text)),
    error: (text) => core.error(annotation(text)),
    // What a terminal overwrites would fill a log.
    progress: () => undefined,
    input: (key) => core.getInput(key),
    output: (key, value) => core.setOutput(key, value),
    group: (title, work) => core.group(harmless(title), work),
    annotate(level, problem) {
      const { place, message } = problem;
      const text = annotation([message, ...furtherLines(problem)].join("\n"));
      const properties = place ? { file: place.file, startLine: place.line, startColumn: place.column } : {};
      if (level === "error") core.error(text, properties);
      else core.warning(text, properties);
    },
    mask: (secret) => {
      if (secret !== "") core.setSecret(secret);
    },
    async summary(markdown) {
      // Not there outside of a runner, and on old ones of GitHub Enterprise.
      if ((process.env["GITHUB_STEP_SUMMARY"] ?? "") === "") return;
      await core.summary.addRaw(markdown, true).write();
    },
    async keep(name, text) {
      // A folder of this step's own: a job may use the action twice.
      kept ??= mkdtemp(join(process.env["RUNNER_TEMP"] || tmpdir(), "warren-"));
      const path = join(await kept, name);
      await writeFile(path, text);
      return path;
    },
    fail: () => {
      process.exitCode = core.ExitCode.Failure;
    },
  };
}

/** No command for the runner, nor for a terminal, and no secret: the last net, whatever comes from wherever. */
function harmless(text: string): string {
  return withoutCommands(redactText(visible(text)));
}

function annotation(text: string): string {
  return harmless(text).slice(0, ANNOTATION_CHARACTERS).toWellFormed();
}
