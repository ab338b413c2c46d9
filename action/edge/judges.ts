/**
 * cfn-lint and cfn-guard, where they are on the PATH: each a process of its own, with no credential in its environment.
 * https://github.com/aws-cloudformation/cfn-lint, https://github.com/aws-cloudformation/cloudformation-guard
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Judged, Judges } from "../ports.ts";

/** For all templates together. cfn-lint needs seconds for each: it reads CloudFormation's schema of every type. */
const LIMIT_MS = 300_000;
const ANSWER_BYTES = 64 * 1024 * 1024;

type Files = Readonly<Record<string, string>>;

/** `path`: that of the environment. */
export function createJudges(path: string): Judges {
  return {
    lint({ templates, regions, ignored, included }) {
      const list = (flag: string, values: readonly string[]): readonly string[] =>
        values.length === 0 ? [] : [flag, ...values];
      const settings = [
        ...list("--regions", regions),
        ...list("--ignore-checks", ignored),
        ...list("--include-checks", included),
      ];
      const names = Object.keys(templates);
      return answer("cfn-lint", ["--format", "json", ...settings, "--", ...names], { templates }, path);
    },
    guard({ templates, rules }) {
      const format = ["--structured", "--output-format", "json", "--show-summary", "none"];
      const args = ["validate", ...format, "--rules", "../rules", "--data", "."];
      return answer("cfn-guard", args, { templates, rules }, path);
    },
  };
}

/** The program runs in the folder of the templates, where nothing of the repository is: no settings, no plug-ins. */
async function answer(
  program: string,
  args: readonly string[],
  folders: Readonly<Record<"templates", Files> & Partial<Record<"rules", Files>>>,
  path: string,
): Promise<Judged> {
  const root = await mkdtemp(join(tmpdir(), "warren-judge-"));
  try {
    for (const [folder, files] of Object.entries(folders)) {
      await mkdir(join(root, folder));
      for (const [name, text] of Object.entries(files)) await writeFile(join(root, folder, name), text);
    }
    return await run(program, args, join(root, "templates"), path);
  } finally {
    await rm(root, { recursive: true });
  }
}

function run(program: string, args: readonly string[], cwd: string, path: string): Promise<Judged> {
  return new Promise((resolve) => {
    const options = {
      cwd,
      // Its home is the folder, too: settings of the machine's user would make the same pipeline right here and wrong there.
      env: { PATH: path, HOME: cwd, LANG: "C.UTF-8", NO_COLOR: "1" },
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
      maxBuffer: ANSWER_BYTES,
    } as const;
    execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error?.code === "ENOENT") return resolve({ kind: "absent" });
      if (error?.killed === true && typeof error.code !== "string") {
        return resolve({ kind: "failed", why: `it took longer than ${LIMIT_MS / 60_000} minutes` });
      }
      // Both end with another code than 0 when they have found something.
      const isAnswer = stdout.trimStart().startsWith("[");
      // cfn-guard leaves out a file of rules that it cannot read, and answers as if all were well.
      const complaint = program === "cfn-guard" ? stderr.trim() : "";
      if (isAnswer) return resolve({ kind: "answered", json: stdout, complaint });
      const said = [stderr, stdout].map((text) => text.trim()).find((text) => text !== "");
      resolve({ kind: "failed", why: said ?? error?.message ?? "it said nothing" });
    });
  });
}
