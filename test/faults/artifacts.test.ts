/** The sweep of the artifact bucket on the local AWS. Its clock is ours; that of S3 is the machine's. */
import { ALL } from "../support/extent.ts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { artifactsIn } from "../../action/core/garbage.ts";
import { type GarbageOutcome, sweepArtifacts } from "../../action/garbage.ts";
import { readProject } from "../../action/project.ts";
import { uploadMissing } from "../../action/upload.ts";
import { artifact } from "../deploy/world.ts";
import { type World, openWorld } from "../rollback/world.ts";

const PIPELINE = `name: hole
stages: { prod: { branch: main, protected: true }, old: {} }
components: { worker: { kind: function, source: functions/worker.ts } }
flow: []
releases: 2
`;
const DAY_MS = 24 * 60 * 60_000;

describe.runIf(ALL)("the artifact bucket", () => {
  let world: World;
  let bucket: string;
  beforeAll(async () => {
    world = await openWorld({ "config/pipeline.yaml": PIPELINE });
    bucket = await artifacts().bucket();
  });
  afterAll(async () => await world?.[Symbol.asyncDispose]());

  function artifacts() {
    return world.ports.aws(undefined).artifacts;
  }

  async function deploy(stage: string, word: string): Promise<string> {
    world.commit({ "functions/worker.ts": `export const handler = async () => "${word}";\n` });
    await world.run({ command: "deploy", target: { stage } });
    return artifactsIn(await world.template(`hole-${stage}`))[0] ?? "";
  }

  async function sweep(days: number, dryRun = false): Promise<GarbageOutcome> {
    world.lines.splice(0);
    const { name: pipeline, stages, releases } = (await readProject(world.ports)).pipeline;
    const clock = { ...world.ports.clock, now: () => world.ports.clock.now() + days * DAY_MS };
    const request = { pipeline, stages, releases, isNewestConfig: true, dryRun };
    return sweepArtifacts(request, { ...world.ports, ...world.ports.aws(undefined), clock });
  }

  async function keys(folder: string): Promise<readonly string[]> {
    return (await artifacts().list(bucket, folder)).map(({ key }) => key);
  }

  const code: string[] = [];

  test("what was uploaded today is nobody's garbage", async () => {
    for (const word of ["one", "two", "three"]) code.push(await deploy("prod", word));
    code.push(await deploy("old", "four"));
    await artifacts().put(bucket, "templates/long.json", "{}", "application/json");
    expect(await sweep(0)).toEqual({ condemned: [], removed: [], left: undefined, dryRun: false });
  });

  test("a dry run says what would go, and nothing goes", async () => {
    const before = await keys("");
    const outcome = await sweep(2, true);
    // Two releases are kept of each stage: the first code is nobody's any more.
    expect(outcome.condemned).toEqual([code[0]]);
    expect(outcome.removed).toEqual([
      expect.stringMatching(/^releases\/hole-prod\/.+\.json$/),
      "templates/long.json",
    ]);
    expect(world.lines.join("\n")).toContain("would delete templates/long.json");
    expect(world.lines.join("\n")).toMatch(/1 artifacts that nothing needs \(1 MB\) would be marked/);
    expect(await keys("")).toEqual(before);
  });

  test("an artifact goes in the second sweep, unless a deploy has uploaded it again meanwhile", async () => {
    const [first = ""] = code;
    const again = { ...(await artifact("worker", "again")), key: first };
    await sweep(2);
    expect(await keys("templates/")).toEqual([]);
    expect(await keys(first)).toEqual([first, `${first}.condemned`]);
    await uploadMissing(async () => bucket, [again], { ...world.ports, artifacts: artifacts() });
    expect(world.lines.at(-1)).toMatch(/^uploaded 1 of 1 functions/);
    expect((await sweep(0)).removed).toEqual([]);
    expect(await keys(first)).toEqual([first]);

    await sweep(2);
    expect((await sweep(3)).removed).toEqual([first]);
    expect(new Set(await keys("functions/"))).toEqual(new Set([code[1], code[2]]));
  });

  test("with its stage the releases of a stage go, and then its code", async () => {
    world.files.write("config/pipeline.yaml", PIPELINE.replace(", old: {}", ""));
    await sweep(2);
    expect(await keys("releases/hole-old/")).toHaveLength(1);
    const { stacks } = world.ports.aws(undefined);
    const stack = await stacks.find("hole-old");
    await stacks.delete({ stackId: stack?.id ?? "", token: "gone" });
    await expect.poll(() => stacks.find("hole-old"), { timeout: 30_000 }).toBeUndefined();
    await sweep(2);
    expect(await keys("releases/hole-old/")).toEqual([]);
    expect(await keys("previews/")).toEqual([code[3], `${code[3]}.condemned`]);
    await sweep(3);
    expect(await keys("previews/")).toEqual([]);
  });

  test("a release in a format that nobody here knows may refer to anything: no artifact is touched", async () => {
    const key = (await keys("releases/hole-prod/"))[0] ?? "";
    await artifacts().put(bucket, key, '{"version":2}', "application/json");
    await artifacts().put(bucket, "functions/nobody.zip", "zip", "application/zip");
    const { condemned, left } = await sweep(2);
    expect(condemned).toEqual([]);
    expect(left).toBe(`${key}: its format is not one that this version of Warren knows`);
  });

  test("more than a page of them", { timeout: 120_000 }, async () => {
    const many = Array.from({ length: 1_200 }, (_, index) => `templates/${index}.json`);
    for (let begin = 0; begin < many.length; begin += 50) {
      await Promise.all(
        many.slice(begin, begin + 50).map((key) => artifacts().put(bucket, key, "{}", "text/plain")),
      );
    }
    expect((await sweep(2)).removed).toHaveLength(many.length);
    expect(await keys("templates/")).toEqual([]);
  });
});
