/** The shapes of GitHub's event payloads, as far as anything of them is used. */
import type { ValidateFunction } from "ajv";
import { schemaCompiler } from "./schema-compiler.ts";

// Git's own rules for a reference (git-check-ref-format(1)), but for what cannot do harm; 255 is what GitHub takes.
const REF = {
  type: "string",
  maxLength: 280,
  pattern: "^(?!.*\\.\\.)[^\\u0000-\\u0020\\u007f~^:?*\\[\\\\]+$",
};
const SHA = { type: "string", pattern: "^([0-9a-f]{40}|[0-9a-f]{64})$" };
const NUMBER = { type: "integer", minimum: 1 };

function object(properties: Readonly<Record<string, unknown>>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required };
}

const ajv = schemaCompiler({ allErrors: true, allowUnionTypes: true, strict: true });

export interface PushPayload {
  readonly ref: string;
  readonly after: string;
  readonly deleted: boolean;
}
export const isPush: ValidateFunction<PushPayload> = ajv.compile<PushPayload>(
  object({ ref: REF, after: SHA, deleted: { type: "boolean" } }),
);

export interface DeletePayload {
  readonly ref: string;
  readonly ref_type: "branch" | "tag";
}
export const isDelete: ValidateFunction<DeletePayload> = ajv.compile<DeletePayload>(
  object({ ref: REF, ref_type: { enum: ["branch", "tag"] } }),
);

export interface DispatchPayload {
  readonly ref: string;
  readonly inputs?: Readonly<Record<string, unknown>> | null;
}
export const isDispatch: ValidateFunction<DispatchPayload> = ajv.compile<DispatchPayload>(
  object({ ref: REF, inputs: { type: ["object", "null"] } }, ["inputs"]),
);

export interface PullRequestPayload {
  readonly action: string;
  /** Of `edited`: what was otherwise before. */
  readonly changes?: { readonly base?: unknown } | null;
  readonly pull_request: {
    readonly number: number;
    readonly state: "open" | "closed";
    readonly draft?: boolean | null;
    readonly merged?: boolean | null;
    readonly head: {
      readonly ref: string;
      readonly sha: string;
      readonly repo: { readonly id: number } | null;
    };
    readonly base: { readonly ref: string; readonly repo: { readonly id: number } };
  };
}
const maybe = { type: ["boolean", "null"] };
export const isPullRequest: ValidateFunction<PullRequestPayload> = ajv.compile<PullRequestPayload>(
  object(
    {
      action: { type: "string", pattern: "^[a-z_]{1,40}$" },
      changes: { type: ["object", "null"] },
      pull_request: object(
        {
          number: NUMBER,
          state: { enum: ["open", "closed"] },
          draft: maybe,
          merged: maybe,
          // Null once the fork is deleted.
          head: object({ ref: REF, sha: SHA, repo: { ...object({ id: NUMBER }), type: ["object", "null"] } }),
          base: object({ ref: REF, repo: object({ id: NUMBER }) }),
        },
        ["draft", "merged"],
      ),
    },
    ["changes"],
  ),
);

export interface AnyPayload {
  readonly repository?: { readonly default_branch?: string };
}
export const isAny: ValidateFunction<AnyPayload> = ajv.compile<AnyPayload>(
  object({ repository: object({ default_branch: REF }, ["default_branch"]) }, ["repository"]),
);
