import { afterAll, beforeAll, expect, test } from "vitest";
import { deploy } from "../../action/deploy.ts";
import { destroy } from "../../action/destroy.ts";
import { type World, openSession, openWorld, stackOf } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world[Symbol.asyncDispose]());

test("try", async () => {
  const rendered = await stackOf(world, "preview", "feature-x");
  using session = openSession(world, { use: "preview", stacks: [rendered.stackName] });
  const ports = { ...world.ports, ...session, log: { ...console, progress: () => {}, } };
  console.time("deploy");
  const done = await deploy({ rendered, artifacts: world.artifacts }, ports);
  console.timeEnd("deploy");
  expect(done.kind).toBe("created");
  console.time("destroy");
  await destroy({ stackName: rendered.stackName, protected: false, tags: rendered.tags } as never, ports);
  console.timeEnd("destroy");
});
