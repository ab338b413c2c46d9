/** `npm run check`: types, lint, format, generated files. All are run, so that one run shows all that is wrong. */
import { execFile } from "node:child_process";

const CHECKS = [
  { name: "types", command: ["tsc", "--noEmit", "--project", "."] },
  {
    name: "lint",
    command: ["oxlint", "--type-aware", "--deny-warnings", "action", "functions", "scripts", "test"],
  },
  { name: "format", command: ["oxfmt", "--check", "."] },
  { name: "generated files", command: [process.execPath, "scripts/generate.ts", "--check"] },
];

/** All at once; told in order. */
export async function check(): Promise<boolean> {
  const ended = await Promise.all(CHECKS.map(({ command }) => run(command)));
  for (const [index, failure] of ended.entries()) {
    console.log(`${failure === undefined ? "ok    " : "FAILED"} ${CHECKS[index]?.name}`);
    if (failure !== undefined) console.log(failure);
  }
  return ended.every((failure) => failure === undefined);
}

/** Undefined, or what it has said. */
function run([program = "", ...args]: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      resolve(error === null ? undefined : `${stdout}${stderr}` || error.message),
    );
  });
}

if (import.meta.main) process.exitCode = (await check()) ? 0 : 1;
