/** `npm run check`: types, lint, format, generated files. All are run, so that one run shows all that is wrong. */
import { spawnSync } from "node:child_process";

const CHECKS = [
  { name: "types", command: ["tsc", "--noEmit", "--project", "."] },
  {
    name: "lint",
    command: ["oxlint", "--type-aware", "--deny-warnings", "action", "functions", "scripts", "test"],
  },
  { name: "format", command: ["oxfmt", "--check", "."] },
  { name: "generated files", command: [process.execPath, "scripts/generate.ts", "--check"] },
];

export function check(): boolean {
  const failed = CHECKS.filter(({ name, command: [program = "", ...args] }) => {
    const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: "utf8" });
    console.log(`${status === 0 ? "ok    " : "FAILED"} ${name}`);
    if (status !== 0) console.log(error?.message ?? `${stdout}${stderr}`);
    return status !== 0;
  });
  return failed.length === 0;
}

if (import.meta.main) process.exitCode = check() ? 0 : 1;
