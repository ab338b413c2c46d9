/** The search for secrets in all that a run tells and leaves: it sees what is planted. Every run of the tests goes through it. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { filesBelow, leaksIn, secretsOf, withoutMasks } from "../action/scan.ts";
import { openWorld } from "../action/world.ts";

const VALUE = "hunter2-is-no-password";
const SECRETS = secretsOf({ MY_TOKEN: VALUE, AWS_REGION: "eu-central-1", SHORT_TOKEN: "dev" });

test.each([
  ["as it is", `x ${VALUE} y`],
  ["in base64", Buffer.from(VALUE).toString("base64")],
  ["in hex", Buffer.from(VALUE).toString("hex")],
  ["in an address", `https://x/?${encodeURIComponent(VALUE)}`],
])("a secret is seen %s", (_what, told) => {
  expect(leaksIn({ stdout: "all well", comment: told }, SECRETS)).toEqual(["MY_TOKEN stands in comment"]);
});

test.each([
  ["a key of a session", "ASIAZZZZZZZZZZZZZZZZ"],
  ["an OIDC token", "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOngifQ.c2lnbmF0dXJl"],
  ["a token of GitHub", "ghs_0123456789abcdef0123456789abcdef0123"],
])("what a run may have got is seen by its form: %s", (_what, told) => {
  expect(leaksIn({ summary: told }, {})).toHaveLength(1);
});

test("asking the runner to hide it is no leak, and does not hide another one", () => {
  expect(leaksIn({ stdout: withoutMasks(`::add-mask::${VALUE}\nall well\n`) }, SECRETS)).toEqual([]);
  expect(leaksIn({ stdout: withoutMasks(`::add-mask::${VALUE}\n${VALUE}\n`) }, SECRETS)).toHaveLength(1);
});

test("files that are left are looked through", async () => {
  const folder = mkdtempSync(join(tmpdir(), "warren-scan-"));
  writeFileSync(join(folder, "left.bin"), Buffer.concat([Buffer.from([0, 255, 254]), Buffer.from(VALUE)]));
  const leaks = leaksIn(await filesBelow(folder), SECRETS);
  rmSync(folder, { recursive: true });
  expect(leaks).toEqual(["MY_TOKEN stands in the file left.bin"]);
});

test(
  "a run that tells one is no passed test: in its log, its summary, and what GitHub shows",
  { timeout: 240_000 },
  async () => {
    await using world = await openWorld("keys");
    // Words that a deploy cannot but say.
    const leak = (word: string): Promise<unknown> =>
      world.push("main", { environment: { PLANTED_TOKEN: word } });
    const said = expect.stringMatching(
      /TOKEN stands in stdout, .*TOKEN stands in the file summary\.md, .*TOKEN stands in the file .*outcome\.json/,
    ) as string;
    await expect(leak("burrow-prod")).rejects.toMatchObject({ message: said });
    // The name of the deployment, which the run itself does not say.
    const shown = expect.stringContaining("PLANTED_TOKEN stands in GitHub's deployments") as string;
    await expect(leak("warren:burrow-prod")).rejects.toMatchObject({ message: shown });
  },
);
