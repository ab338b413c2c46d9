import { expect, test } from "vitest";

import type { Arrow } from "../../action/core/arrow.ts";
import type { Artifact } from "../../action/core/artifact.ts";
import { functionSection, functionWords } from "../../action/core/function-words.ts";
import type { Grant } from "../../action/core/grant.ts";
import type { Load, Passport } from "../../action/core/passport.ts";
import { HOSTILE } from "./hostile.ts";

const LOADED: Load = {
  kind: "loaded",
  milliseconds: 812.4,
  binaries: ["node_modules/@img/a/lib/sharp.node"],
};

function artifact(component: string, load: Load, passport: Partial<Passport> = {}): Artifact {
  return {
    component,
    key: "functions/0.zip",
    handler: "index.handler",
    zip: async () => new Uint8Array(),
    unzippedBytes: 17_200_000,
    calls: { kind: "exact", actions: [] },
    passport: { native: [], load, warnings: [], ...passport },
  };
}

function grant(to: string, most: readonly string[], granted: readonly string[], uncertain?: string): Grant {
  return { arrow: {} as Arrow, to, most, granted, ...(uncertain !== undefined && { uncertain }) };
}

const SHARP = {
  name: "sharp",
  version: "0.35.5",
  origin: "fetched",
  binaries: 2,
  bytes: 16_900_000,
} as const;

const ARTIFACTS = [
  artifact("thumb", LOADED, { native: [SHARP], glibc: "2.26", glibcLimit: "2.34" }),
  artifact("report", { kind: "loaded", milliseconds: 4_100, binaries: [] }),
  artifact("quiet", { kind: "not-loaded", why: "there is no python3.13 here" }),
];
const GRANTS = [
  grant("thumb", ["s3:GetObject", "s3:PutObject"], ["s3:GetObject"]),
  grant("thumb", ["sqs:SendMessage"], ["sqs:SendMessage"]),
  grant("thumb", ["comprehend:Detect*"], ["comprehend:DetectSentiment"]),
  grant("report", ["s3:PutObject"], ["s3:PutObject"], "which calls Python code makes cannot be read from it"),
];

function table(artifacts: readonly Artifact[], grants: readonly Grant[]): string {
  const { head, rows, tail } = functionSection(functionWords(artifacts, grants));
  return `${head}\n${rows.join("\n")}${tail}`;
}

test("what each function may, what it does not get, what is in it, and that it loads", () => {
  expect(table(ARTIFACTS, GRANTS)).toMatchInlineSnapshot(`
    "<details><summary>The functions</summary>

    | component | may | not granted: never called | code | tried out |
    | - | - | - | - | - |
    | \`thumb\` | \`comprehend:DetectSentiment\`<br>\`s3:GetObject\`<br>\`sqs:SendMessage\` | \`s3:PutObject\` | 17.2 MB<br>sharp 0&#46;35&#46;5 &#40;fetched for the function&#39;s system&#44; 2 binaries&#44; 16&#46;9 MB&#41; | loads&#44; with sharp&#46;node<br>needs glibc 2&#46;26 of 2&#46;34 |
    | \`report\` | \`s3:PutObject\`<br>all that its arrows may grant, since which calls Python code makes cannot be read from it |  | 17.2 MB | loads in 5 s |
    | \`quiet\` | nothing |  | 17.2 MB | verified&#44; not loaded&#58; there is no python3&#46;13 here |

    </details>"
  `);
});

test("a load that takes a little longer than the last one changes no byte", () => {
  const later = ARTIFACTS.map((one) => {
    const { load } = one.passport;
    if (load.kind !== "loaded") return one;
    return {
      ...one,
      passport: { ...one.passport, load: { ...load, milliseconds: load.milliseconds + 350 } },
    };
  });
  expect(table(later, GRANTS)).toBe(table(ARTIFACTS, GRANTS));
});

test.each(Object.entries(HOSTILE))("no name and no reason is Markdown: %s", (_what, text) => {
  const native = [{ ...SHARP, name: text }];
  const rows = table(
    [artifact(text, { kind: "loaded", milliseconds: 1, binaries: [text] }, { native })],
    [grant(text, [text], [text], text)],
  ).split("\n");
  expect(rows).toHaveLength(7);
  expect(rows[4]?.match(/(?<!\\)\|/g)).toHaveLength(6);
});
