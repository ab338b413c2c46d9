import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";

const CFN_LINT = resolve(".venv/bin/cfn-lint");
const run = promisify(execFile);

interface Finding {
  readonly Rule: { readonly Id: string };
  readonly Filename: string;
  readonly Message: string;
}

/** What cfn-lint finds in a folder with the repository's layout, in the files that its .cfnlintrc names. */
async function lint(folder: string): Promise<string[]> {
  const answer = await run(CFN_LINT, ["--format", "json"], { cwd: folder }).catch(
    // It ends with 2 to 14 when it finds something; without a list of findings it did not run at all.
    (error: Error & { stdout?: string }) =>
      error.stdout?.startsWith("[") ? { stdout: error.stdout } : Promise.reject(error),
  );
  const findings: readonly Finding[] = JSON.parse(answer.stdout);
  return findings.map(({ Rule, Filename, Message }) => `${Rule.Id} ${Filename}: ${Message}`);
}

test("every shipped template is valid CloudFormation by itself", async () => {
  expect(await lint(".")).toEqual([]);
});

test("the lint would see a mistake in each of them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "warren-lint-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await cp(".cfnlintrc", join(folder, ".cfnlintrc"));
  await cp("templates", join(folder, "templates"), { recursive: true });
  const entries = await readdir("templates", { recursive: true });
  const files = entries.filter((name) => name.endsWith(".yaml")).map((name) => join("templates", name));
  for (const file of files) {
    const path = join(folder, file);
    const mistake = "Resources:\n  Broken: { Type: AWS::SQS::Queue, Properties: { Colour: red } }";
    await writeFile(path, (await readFile(path, "utf8")).replace(/^Resources:$/m, mistake));
  }
  const found = await lint(folder);
  expect(files.filter((file) => !found.some((finding) => finding.startsWith(`E3002 ${file}:`)))).toEqual([]);
});
