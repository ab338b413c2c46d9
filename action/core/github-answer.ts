/**
 * What GitHub's answers must hold of what is used of them. A proxy's page with status 200, half an answer or an empty one
 * must not be taken for "there are no open pull requests": previews would be taken down.
 */
import type { ValidateFunction } from "ajv";
import { schemaCompiler } from "./schema-compiler.ts";

/** An answer that is none of GitHub's, with status 200. Asking again may help. */
export class StrangeAnswer extends Error {
  constructor(what: string) {
    super(what);
    this.name = "StrangeAnswer";
  }
}

const text = { type: "string" };
const flag = { type: "boolean" };
const id = { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER };
const orNull = ({ type, ...rest }: { readonly type: string }): object => ({
  ...rest,
  type: [type, "null"],
});
const list = (items: object): object => ({ type: "array", items });

/** What may be missing is named in `optional`. */
function object(
  properties: Readonly<Record<string, object>>,
  optional: readonly string[] = [],
): { readonly type: "object"; readonly properties: object; readonly required: readonly string[] } {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required };
}

const repository = object({ id });
const pullRequest = object(
  {
    number: id,
    state: text,
    draft: orNull(flag),
    merged_at: orNull(text),
    merge_commit_sha: orNull(text),
    head: object({ ref: text, sha: text, repo: orNull(repository) }),
    base: object({ ref: text, repo: repository }),
  },
  ["draft", "merge_commit_sha"],
);
const written = { body: orNull(text), user: orNull(object({ login: text, type: text })) };
const reviewers = { type: "array" };

/** The end of a question's path, and what answers it. */
export const ANSWERS: readonly (readonly [RegExp, object])[] = [
  [/^GET .*\/pulls\/\d+$/, pullRequest],
  [/^GET .*\/pulls$/, list(pullRequest)],
  [
    /^GET .*\/compare\/[^/]+$/,
    object({
      status: { enum: ["diverged", "ahead", "behind", "identical"] },
      commits: list(object({ sha: text })),
    }),
  ],
  [/^GET .*\/branches$/, list(object({ name: text }))],
  [/^GET .*\/branches\/[^/]+$/, object({ protected: flag })],
  [/^GET .*\/git\/ref\/[^/]+$/, object({ object: object({ sha: text }) })],
  [/^GET .*\/issues\/\d+\/comments$/, list(object({ id, ...written }, ["body"]))],
  [/^GET .*\/issues$/, list(object({ number: id, title: text, ...written }, ["body"]))],
  [/^GET .*\/deployments$/, list(object({ id }))],
  // Without an id it says in `message` why it has made none.
  [/^POST .*\/deployments$/, object({ id, message: text }, ["id", "message"])],
  [/^GET .*\/deployments\/\d+\/statuses$/, list(object({ state: text }))],
  [
    /^GET .*\/environments\/[^/]+$/,
    object(
      {
        protection_rules: list(object({ reviewers }, ["reviewers"])),
        deployment_branch_policy: orNull(object({ protected_branches: flag, custom_branch_policies: flag })),
      },
      ["protection_rules", "deployment_branch_policy"],
    ),
  ],
  [
    /^GET .*\/deployment-branch-policies$/,
    object({ branch_policies: list(object({ name: text, type: text }, ["name", "type"])) }),
  ],
  [
    /^GET .*\/oidc\/customization\/sub$/,
    object({ use_default: flag, include_claim_keys: list(text) }, ["include_claim_keys"]),
  ],
  [/^GET .*\/permissions\/workflow$/, object({ default_workflow_permissions: { enum: ["read", "write"] } })],
  [/^GET .*\/user$/, object({ login: text })],
];

const compiled = new Map<object, ValidateFunction>();

/** `url`: the whole address. Throws StrangeAnswer. */
export function checkAnswer(method: string, url: string, status: number, data: unknown): void {
  if (status === 204 || status === 304) return;
  if (typeof data !== "object" || data === null) {
    throw new StrangeAnswer(`status ${status} with ${data === "" ? "nothing" : "something else than JSON"}`);
  }
  const question = `${method} ${new URL(url).pathname}`;
  const schema = ANSWERS.find(([path]) => path.test(question))?.[1];
  if (!schema) return;
  const validate = compiled.get(schema) ?? schemaCompiler({ allowUnionTypes: true }).compile(schema);
  compiled.set(schema, validate);
  if (validate(data)) return;
  const [first] = validate.errors ?? [];
  throw new StrangeAnswer(`${first?.instancePath || "the whole"} ${first?.message ?? "is wrong"}`);
}
