/** Whatever an event's payload holds: the run knows what to do, or says which part is not what GitHub sends. */
import { afterAll, expect, test } from "vitest";
import { type Intent, decide } from "../../action/core/intent.ts";
import { stackName, stageOfBranch } from "../../action/core/names.ts";
import { UserError } from "../../action/core/problem.ts";
import { type RawEvent, type ReadEvent, payloadOf, readEvent } from "../../action/core/read-event.ts";
import { textOf } from "../../action/core/value.ts";
import { type Recorded, eventNames, recorded } from "../gitops/recorded.ts";
import { STAGES, sha256 } from "../gitops/stages.ts";
import { count, hold } from "./held.ts";
import { changedJson } from "./json-changes.ts";

const ASKED = {
  command: "",
  stage: "",
  allowOlder: false,
  approve: "",
  commit: "",
  skip: "",
  dryRun: false,
  revert: false,
};
const EVENTS: readonly Recorded[] = eventNames().map(recorded);

const USED = new Set(
  "ref after deleted ref_type action changes inputs repository default_branch pull_request number state draft merged head base sha repo id".split(
    " ",
  ),
);

/** What is read of a payload: most changes to a whole one are to what is not. */
const CUT = EVENTS.map(({ payload, ...rest }) => ({ ...rest, payload: cut(payload) }));
function cut(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => USED.has(name))
      .map(([name, item]) => [name, cut(item)]),
  );
}

type Outcome = Intent["kind"] | "refused";

function outcomeOf(read: ReadEvent): Outcome {
  if (read.kind === "problems") {
    const lengths = new UserError("event-invalid", read.problems).problems.map(
      ({ message }) => message.length,
    );
    if (lengths.length === 0 || Math.max(...lengths) > 3_000) throw new Error("nobody can read its problems");
    return "refused";
  }
  try {
    const intent = decide(read.event, read.run, STAGES, ASKED);
    if ("branch" in intent) checkName(stackName("rabbit-hole", stageOfBranch(intent.branch, sha256)));
    return intent.kind;
  } catch (error) {
    if (error instanceof UserError) return "refused";
    throw error;
  }
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html */
function checkName(name: string): void {
  if (!/^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(name)) throw new Error(`no stack can be called ${name}`);
}

/** As a process gets it: an environment is texts, whatever they are. */
function asRun(raw: unknown): RawEvent {
  const { eventName, payload, environment } = { ...(raw as Partial<RawEvent> | null) };
  const entries = typeof environment === "object" && environment !== null ? Object.entries(environment) : [];
  return {
    eventName: textOf(eventName),
    payload,
    environment: Object.fromEntries(entries.map(([name, value]) => [name, textOf(value)])),
  };
}

test(
  "a recorded event with anything missing, moved, renamed, of another type or strange",
  { timeout: 600_000 },
  async () => {
    const seen = new Set<Outcome>();
    const cases = changedJson<unknown>([...EVENTS, ...CUT, ...CUT]);
    await hold("events, changed", cases, { sample: 5_000, all: 50_000 }, (raw) =>
      seen.add(outcomeOf(readEvent(asRun(raw)))),
    );
    expect([...seen]).toEqual(
      expect.arrayContaining(["refused", "deploy", "preview", "teardown", "nightly"]),
    );
  },
);

const TEXTS: Readonly<Record<string, string>> = {
  nothing: "",
  "no JSON": "<html>",
  "half of it": '{"ref":"refs/heads/ma',
  "another encoding": '{\u0000"\u0000r\u0000e\u0000f\u0000',
  "a number": "7",
  null: "null",
  "a list": "[]",
  "deep lists": "[".repeat(1_000_000),
  "deep maps": '{"repository":'.repeat(200_000),
  "deep and whole": `{"ref":${"[".repeat(500_000)}${"]".repeat(500_000)}}`,
  "ten megabytes": JSON.stringify({ ref: "x".repeat(10_000_000) }),
  "a million keys": `{${Array.from({ length: 300_000 }, (_, index) => `"k${index}":1`).join(",")}}`,
};

test.each(Object.entries(TEXTS))("an event's file that holds %s", (_what, text) => {
  const [first] = EVENTS;
  const payload = payloadOf(text);
  const read =
    payload.kind === "problems" ? payload : first && readEvent({ ...first, payload: payload.value });
  expect(read && outcomeOf(read)).toBe("refused");
});

afterAll(() => count("events' files", Object.keys(TEXTS).length));
