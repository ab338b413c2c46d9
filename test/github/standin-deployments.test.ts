import { describe, expect, test } from "vitest";
import { type GitHub, startGitHub } from "../../action/local/github/server.ts";
import type { DeploymentStatus } from "../../action/local/github/state.ts";
import { ALL, type Client, clientOf, here } from "./standin.ts";

type Input = Partial<Parameters<Client["rest"]["repos"]["createDeployment"]>[0]>;

/** Of main, with nothing that GitHub would do on its own. */
async function deploy({ rest }: Client, input: Input = {}): Promise<number> {
  const { data } = await rest.repos.createDeployment({
    ...here,
    ref: "main",
    environment: "preview",
    auto_merge: false,
    required_contexts: [],
    ...input,
  });
  if (!("id" in data)) throw new Error(data.message);
  return data.id;
}

async function set(
  { rest }: Client,
  deployment_id: number,
  state: DeploymentStatus["state"],
  more: object = {},
): Promise<void> {
  await rest.repos.createDeploymentStatus({ ...here, deployment_id, state, ...more });
}

function statesOf(github: GitHub): readonly string[][] {
  return [...github.state.deployments.values()].map(({ statuses }) => statuses.map(({ state }) => state));
}

describe("a deployment", () => {
  test("keeps what it was given", async () => {
    await using github = await startGitHub();
    const client = clientOf(github);
    const id = await deploy(client, {
      transient_environment: true,
      payload: { stack: "rabbit-hole-x" },
      task: "preview",
    });
    await set(client, id, "success", {
      environment_url: "https://x.example",
      log_url: "https://log.example",
    });
    const { data } = await client.rest.repos.getDeployment({ ...here, deployment_id: id });
    expect(data).toMatchObject({
      sha: github.state.branches.get("main"),
      ref: "main",
      task: "preview",
      environment: "preview",
      payload: { stack: "rabbit-hole-x" },
      transient_environment: true,
      production_environment: false,
    });
    const statuses = await client.rest.repos.listDeploymentStatuses({ ...here, deployment_id: id });
    expect(statuses.data).toMatchObject([
      { state: "success", environment_url: "https://x.example", log_url: "https://log.example" },
    ]);
    const environments = await client.rest.repos.getAllEnvironments(here);
    expect(environments.data.environments?.map(({ name }) => name)).toEqual(["preview"]);
  });

  test("is of production when its environment is called so", async () => {
    await using github = await startGitHub();
    const client = clientOf(github);
    await deploy(client, { environment: "production" });
    await deploy(client, { environment: "production", production_environment: false });
    await deploy(client, { environment: "live", production_environment: true });
    expect([...github.state.deployments.values()].map(({ production }) => production)).toEqual([
      true,
      false,
      true,
    ]);
  });

  test("is listed newest first, filtered", async () => {
    await using github = await startGitHub();
    const client = clientOf(github);
    const ids = [await deploy(client), await deploy(client, { environment: "prod" }), await deploy(client)];
    const list = async (query: object): Promise<number[]> =>
      (await client.paginate(client.rest.repos.listDeployments, { ...here, per_page: 1, ...query })).map(
        ({ id }) => id,
      );
    expect(await list({})).toEqual(ids.toReversed());
    expect(await list({ environment: "preview" })).toEqual([ids[2], ids[0]]);
    expect(await list({ task: "other" })).toEqual([]);
    expect(await list({ sha: github.pushBranch("main") })).toEqual([]);
  });

  test("of what is not there is refused", async () => {
    await using github = await startGitHub();
    const client = clientOf(github);
    await expect(deploy(client, { ref: "gone" })).rejects.toMatchObject({ status: 422 });
    await expect(set(client, 99, "success")).rejects.toMatchObject({ status: 404 });
  });
});

describe("what GitHub does on its own unless told not to", () => {
  test("a branch behind the default branch gets it merged, and no deployment", async () => {
    await using github = await startGitHub();
    const before = github.pushBranch("topic");
    const main = github.pushBranch("main");
    const { rest } = clientOf(github);
    const answer = await rest.repos.createDeployment({ ...here, ref: "topic" });
    expect(answer).toMatchObject({
      status: 202,
      data: { message: "Auto-merged main into topic on deployment." },
    });
    expect(github.state.deployments.size).toBe(0);
    const after = github.state.branches.get("topic") ?? "";
    expect(github.state.commits.get(after)?.parents).toEqual([before, main]);
    expect((await rest.repos.createDeployment({ ...here, ref: "topic" })).status).toBe(201);
  });

  test("a commit behind the default branch is a conflict", async () => {
    await using github = await startGitHub();
    const sha = github.pushBranch("topic");
    github.pushBranch("main");
    const { rest } = clientOf(github);
    await expect(rest.repos.createDeployment({ ...here, ref: sha })).rejects.toMatchObject({
      status: 409,
      message: expect.stringContaining(`Conflict merging main into ${sha}.`) as string,
    });
    expect((await rest.repos.createDeployment({ ...here, ref: sha, auto_merge: false })).status).toBe(201);
  });

  test("checks that are no success are in the way", async () => {
    await using github = await startGitHub();
    const sha = github.state.branches.get("main") ?? "";
    const { rest } = clientOf(github);
    const report = async (context: string, state: "success" | "pending"): Promise<unknown> =>
      rest.repos.createCommitStatus({ ...here, sha, context, state });
    await report("test", "success");
    await report("warren", "pending");
    expect((await rest.repos.getCombinedStatusForRef({ ...here, ref: sha })).data.state).toBe("pending");
    const create = async (more: object): Promise<number> =>
      (await rest.repos.createDeployment({ ...here, ref: sha, ...more })).status;
    await expect(create({})).rejects.toMatchObject({
      status: 409,
      response: {
        data: {
          message: `Conflict: Commit status checks failed for ${sha}.`,
          errors: [
            {
              contexts: [
                { context: "test", state: "success" },
                { context: "warren", state: "pending" },
              ],
              resource: "Deployment",
              field: "required_contexts",
              code: "invalid",
            },
          ],
        },
      },
    });
    expect(await create({ required_contexts: ["test"] })).toBe(201);
    expect(await create({ required_contexts: [] })).toBe(201);
    await expect(create({ required_contexts: ["unheard of"] })).rejects.toMatchObject({ status: 409 });
    await report("warren", "success");
    expect(await create({})).toBe(201);
  });
});

describe("a success", () => {
  test("makes earlier successes of its environment inactive, and nothing else", async () => {
    await using github = await startGitHub();
    const client = clientOf(github);
    const former = await deploy(client);
    const failed = await deploy(client);
    const transient = await deploy(client, { transient_environment: true });
    const production = await deploy(client, { production_environment: true });
    const elsewhere = await deploy(client, { environment: "other" });
    await set(client, failed, "failure");
    for (const id of [former, transient, production, elsewhere])
      await set(client, id, "success", { auto_inactive: false });
    const newest = await deploy(client);
    await set(client, newest, "in_progress");
    expect(statesOf(github)[0]).toEqual(["success"]);
    await set(client, newest, "success");
    expect(statesOf(github)).toEqual([
      ["success", "inactive"],
      ["failure"],
      ["success"],
      ["success"],
      ["success"],
      ["in_progress", "success"],
    ]);
  });

  test("leaves them alone when told so", async () => {
    await using github = await startGitHub();
    const client = clientOf(github);
    for (const id of [await deploy(client), await deploy(client)]) {
      await set(client, id, "success", { auto_inactive: false });
    }
    expect(statesOf(github)).toEqual([["success"], ["success"]]);
  });
});

test("a status has 140 characters for its description, and one of seven states", async () => {
  await using github = await startGitHub();
  const client = clientOf(github);
  const id = await deploy(client);
  await set(client, id, "queued", { description: "x".repeat(140) });
  await expect(set(client, id, "queued", { description: "x".repeat(141) })).rejects.toMatchObject({
    status: 422,
  });
  await expect(set(client, id, "done" as never)).rejects.toMatchObject({ status: 422 });
});

test("an active deployment cannot be deleted, unless it is the only one", async () => {
  await using github = await startGitHub();
  const client = clientOf(github);
  const remove = async (deployment_id: number): Promise<number> =>
    (await client.rest.repos.deleteDeployment({ ...here, deployment_id })).status;
  const [one, other] = [await deploy(client), await deploy(client)];
  await set(client, one, "success", { auto_inactive: false });
  await expect(remove(one)).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining("We cannot delete an active deployment") as string,
  });
  await set(client, one, "inactive");
  expect(await remove(one)).toBe(204);
  await set(client, other, "success");
  expect(await remove(other)).toBe(204);
  await expect(remove(other)).rejects.toMatchObject({ status: 404 });
});

test("an environment cannot be deleted by any job's token", async () => {
  await using github = await startGitHub();
  const client = clientOf(github, ALL);
  await deploy(client);
  const preview = { ...here, environment_name: "preview" };
  await expect(client.rest.repos.deleteAnEnvironment(preview)).rejects.toMatchObject({
    status: 403,
    message: expect.stringContaining("Resource not accessible by integration") as string,
  });
  expect((await client.rest.repos.getEnvironment(preview)).data.name).toBe("preview");
});

test("the repository's form of the OIDC subject can be read", async () => {
  await using github = await startGitHub();
  const { rest } = clientOf(github);
  const form = async (): Promise<object> => (await rest.actions.getCustomOidcSubClaimForRepo(here)).data;
  expect(await form()).toEqual({ use_default: true, use_immutable_subject: false });
  github.state.oidcSubject = { useDefault: true, immutable: true };
  expect(await form()).toEqual({ use_default: true, use_immutable_subject: true });
});
