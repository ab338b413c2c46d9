/**
 * Whatever was deployed, failed, taken back, taken down and swept, by two pipelines that share a bucket: what lives, and
 * each of its last releases, can still be deployed. The bucket and CloudFormation are played; all else is real.
 */
import { ALL } from "../support/extent.ts";
import { array, assert, asyncProperty, constant, integer, oneof, record } from "fast-check";
import { expect, test } from "vitest";
import { type Artifact, CONDEMNED } from "../../action/core/artifact.ts";
import { GRACE_MS } from "../../action/core/garbage.ts";
import { releasesThatRan } from "../../action/core/releases.ts";
import type { Rendered } from "../../action/core/rendered.ts";
import { stackTags } from "../../action/core/stack-tags.ts";
import { sweepArtifacts } from "../../action/garbage.ts";
import type { ArtifactStore, Stack, StoredObject } from "../../action/aws-ports.ts";
import type { Log } from "../../action/ports.ts";
import { digestOf, keepRelease, listReleases } from "../../action/releases.ts";
import { uploadMissing } from "../../action/upload.ts";
import { sha256 } from "../deploy/world.ts";

const RUNS = ALL ? 3_000 : 100;
const KEPT = 3;
const HOUR_MS = 3_600_000;
/** No job lasts longer. */
const JOB_MS = 17 * HOUR_MS;
const silent: Log = { info() {}, warn() {}, error() {}, progress() {} };
/** Names of stages by pipeline; `old` is in no pipeline.yaml any more. */
const STAGES = { left: ["prod", "old"], right: ["prod"] } as const;
const PLACES = [
  { pipeline: "left", stage: "prod" },
  { pipeline: "left", stage: "old" },
  { pipeline: "right", stage: "prod" },
] as const;

type Step =
  | { readonly kind: "deploy" | "fail" | "upload"; readonly place: number; readonly content: number }
  /** What the last `upload` was for; if it was too long ago, its job has ended. */
  | { readonly kind: "go-on" }
  | { readonly kind: "go-back"; readonly place: number; readonly index: number }
  | { readonly kind: "delete"; readonly place: number }
  | { readonly kind: "wait"; readonly hours: number }
  /** `cut`: after so many of its changes it is killed. */
  | { readonly kind: "sweep"; readonly pipeline: number; readonly cut?: number };

const place = integer({ min: 0, max: PLACES.length - 1 });
const content = integer({ min: 0, max: 7 });
const steps = array(
  oneof(
    { weight: 4, arbitrary: record({ kind: constant("deploy" as const), place, content }) },
    { weight: 1, arbitrary: record({ kind: constant("fail" as const), place, content }) },
    { weight: 2, arbitrary: record({ kind: constant("upload" as const), place, content }) },
    { weight: 2, arbitrary: record({ kind: constant("go-on" as const) }) },
    {
      weight: 2,
      arbitrary: record({ kind: constant("go-back" as const), place, index: integer({ min: 0, max: 4 }) }),
    },
    { weight: 1, arbitrary: record({ kind: constant("delete" as const), place }) },
    {
      weight: 3,
      arbitrary: record({ kind: constant("wait" as const), hours: integer({ min: 1, max: 40 }) }),
    },
    {
      weight: 4,
      arbitrary: record(
        {
          kind: constant("sweep" as const),
          pipeline: integer({ min: 0, max: 1 }),
          cut: integer({ min: 0, max: 4 }),
        },
        { requiredKeys: ["kind", "pipeline"] },
      ),
    },
  ),
  { maxLength: 60, size: "max" },
);

function arnOf(stackName: string): string {
  return `arn:aws:cloudformation:us-east-1:111122223333:stack/${stackName}/1`;
}

function account() {
  let now = 1_700_000_000_000;
  const bucket = new Map<string, { readonly modifiedAt: number; readonly text: string }>();
  const stacks = new Map<string, Stack & { readonly template: string }>();
  /** Each stack's successful deploys, oldest first: what the code under test has to find out by itself. */
  const histories = new Map<string, string[]>();
  let operations = 0;
  /** Looked for and uploaded what it needs, and waits for a person's approval. */
  let pending: { readonly at: number; readonly rendered: Rendered } | undefined;
  let changesLeft = Infinity;
  const change = (): void => {
    if (changesLeft-- <= 0) throw new Error("killed");
  };

  const list = (prefix: string): StoredObject[] =>
    [...bucket]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, { modifiedAt, text }]) => ({ key, modifiedAt, bytes: text.length }))
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  const artifacts: ArtifactStore = {
    bucket: async () => "bucket",
    present: async (_bucket, _prefix, keys) =>
      new Set(keys.filter((key) => bucket.has(key) && !bucket.has(`${key}${CONDEMNED}`))),
    // S3's clock counts seconds.
    put: async (_bucket, key, body) => {
      change();
      bucket.set(key, { modifiedAt: Math.floor(now / 1_000) * 1_000, text: String(body) });
    },
    has: async (_bucket, key) => bucket.has(key),
    list: async (_bucket, prefix) => list(prefix),
    get: async (_bucket, key) => bucket.get(key)?.text,
    async remove(_bucket, keys) {
      for (const key of keys) {
        change();
        bucket.delete(key);
      }
    },
  };
  const ports = {
    log: silent,
    clock: { now: () => now, sleep: async () => undefined },
    workspace: { sha256 },
    artifacts,
    stacks: { list: async () => [...stacks.values()], find: async (name: string) => stacks.get(name) },
    templates: {
      of: async (id: string) => [...stacks.values()].find((stack) => stack.id === id)?.template,
    },
  };

  /** Two artifacts, one of which other contents have, too: pipelines may share code. */
  function artifactsOf(number: number): Artifact[] {
    return [
      `functions/${sha256(`own ${number}`)}.zip`,
      `functions/${sha256(`shared ${number % 3}`)}.zip`,
    ].map((key) => ({
      component: "worker",
      key,
      handler: "index.handler",
      zip: async () => new Uint8Array(),
      unzippedBytes: 0,
      calls: { kind: "exact", actions: [] },
      passport: { native: [], load: { kind: "not-loaded", why: "" }, warnings: [] },
    }));
  }

  function renderedOf({ pipeline, stage }: (typeof PLACES)[number], keys: readonly string[]): Rendered {
    const body = JSON.stringify({ keys });
    const digest = sha256(body);
    const facts = { pipeline, stage, of: stage, protected: true, branch: "main", repository: "o/r" };
    return {
      stackName: `${pipeline}-${stage}`,
      body,
      digest,
      protected: true,
      tags: stackTags({ ...facts, sha: sha256(digest).slice(0, 40), digest }),
      items: [],
      release: { artifacts: keys },
      origins: {},
    };
  }

  /** As apply.ts does it; `end`: of CloudFormation's operation. */
  async function apply(rendered: Rendered, end: "good" | "failed" | "unknown"): Promise<void> {
    const { stackName, tags, digest, body } = rendered;
    const former = stacks.get(stackName);
    if (digestOf(former) === digest) return;
    const operation = `warren-${(tags["warren:commit"] ?? "").slice(0, 12)}-${digest.slice(0, 12)}-${(now + operations++).toString(36)}`;
    await keepRelease(former, operation, rendered, async () => "bucket", ports);
    // An update needs what it names, and so does what it is rolled back to.
    const keys = (JSON.parse(body) as { keys: string[] }).keys;
    expect(keys.filter((key) => !bucket.has(key))).toEqual([]);
    if (end === "failed") {
      if (former) stacks.set(stackName, { ...former, status: "UPDATE_ROLLBACK_COMPLETE" });
      return;
    }
    stacks.set(stackName, {
      id: arnOf(stackName),
      name: stackName,
      status: former ? "UPDATE_COMPLETE" : "CREATE_COMPLETE",
      statusReason: "",
      tags,
      outputs: {},
      terminationProtection: true,
      changedAt: now,
      template: body,
    });
    histories.set(stackName, [...(histories.get(stackName) ?? []), digest]);
  }

  async function take(step: Step): Promise<void> {
    now += 1_000;
    if (step.kind === "wait") return void (now += step.hours * HOUR_MS);
    if (step.kind === "sweep") {
      const pipeline = step.pipeline === 0 ? "left" : "right";
      // `old` is in no pipeline.yaml any more.
      const stages = STAGES[pipeline]
        .filter((name) => name !== "old")
        .map((name) => ({ name, protected: true, timers: true, trigger: { kind: "manual" as const } }));
      const request = {
        pipeline,
        stages: stages as never,
        releases: KEPT,
        isNewestConfig: true,
        dryRun: false,
      };
      changesLeft = step.cut ?? Infinity;
      try {
        await sweepArtifacts(request, ports);
      } catch (error) {
        if (!(error instanceof Error) || error.message !== "killed") throw error;
      }
      changesLeft = Infinity;
      return;
    }
    if (step.kind === "go-on") {
      if (pending && now - pending.at < JOB_MS) await apply(pending.rendered, "good");
      pending = undefined;
      return;
    }
    const target = PLACES[step.place]!;
    const name = `${target.pipeline}-${target.stage}`;
    if (step.kind === "delete") {
      stacks.delete(name);
      histories.delete(name);
      return;
    }
    if (step.kind === "go-back") {
      const judged = releasesThatRan(await listReleases(name, stacks.get(name), ports));
      const release = judged[step.index]?.release;
      if (release && stacks.has(name)) await apply(renderedOf(target, release.artifacts), "good");
      return;
    }
    const built = artifactsOf(step.content);
    await uploadMissing(async () => "bucket", built, ports);
    const keys = built.map(({ key }) => key);
    const rendered = renderedOf(target, keys);
    if (step.kind === "upload") {
      pending = { at: now, rendered };
      return;
    }
    await apply(rendered, step.kind === "fail" ? "failed" : "good");
  }

  async function check(): Promise<void> {
    for (const [name, stack] of stacks) {
      expect(JSON.parse(stack.template).keys.filter((key: string) => !bucket.has(key))).toEqual([]);
      const history = histories.get(name) ?? [];
      const last = [...new Set(history.toReversed())].slice(0, KEPT);
      const ran = releasesThatRan(await listReleases(name, stack, ports));
      const digests = ran.map(({ release }) => release.digest);
      expect(last.filter((digest) => !digests.includes(digest))).toEqual([]);
      for (const { release } of ran.filter(({ release: { digest } }) => last.includes(digest))) {
        expect(release.artifacts.filter((key) => !bucket.has(key))).toEqual([]);
      }
    }
  }

  /** Two nights and their days later. */
  async function settle(): Promise<void> {
    for (let night = 0; night < 4; night++) {
      now += GRACE_MS;
      for (const pipeline of [0, 1]) await take({ kind: "sweep", pipeline });
    }
  }
  const zips = (): string[] => list("functions/").map(({ key }) => key);
  const needed = async (): Promise<string[]> => {
    const keys = [...stacks.values()].flatMap(
      ({ template }) => (JSON.parse(template) as { keys: string[] }).keys,
    );
    for (const { key } of list("releases/")) {
      const text = bucket.get(key)?.text ?? "{}";
      keys.push(...(JSON.parse(text) as { artifacts: string[] }).artifacts);
    }
    return [...new Set(keys)].toSorted();
  };
  const releases = (): string[] => list("releases/").map(({ key }) => key);
  return { take, check, settle, zips, needed, releases, lives: (name: string) => stacks.has(name) };
}

test(
  "what lives and its last releases stay deployable, and in the end nothing else is left",
  { timeout: 600_000 },
  async () => {
    let swept = 0;
    await assert(
      asyncProperty(steps, async (all) => {
        const world = account();
        for (const step of all) {
          const before = world.zips().length;
          await world.take(step);
          if (step.kind === "sweep" && world.zips().length < before) swept += 1;
          await world.check();
        }
        await world.settle();
        await world.check();
        expect(world.zips()).toEqual(await world.needed());
        const old = world.releases().filter((key) => key.startsWith("releases/left-old/"));
        expect(world.lives("left-old") ? [] : old).toEqual([]);
      }),
      { numRuns: RUNS },
    );
    console.log(`${RUNS} histories of deploys and sweeps, in ${swept} of whose sweeps artifacts went`);
    // Else the property would hold of a sweep that does nothing.
    expect(swept).toBeGreaterThan(RUNS / 10);
  },
);
