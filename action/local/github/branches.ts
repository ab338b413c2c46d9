/** Repository, branches, refs and the comparison of two commits. */
import {
  type Answer,
  type Call,
  created,
  type Handler,
  noContent,
  notFound,
  ok,
  page,
  problem,
  textOf,
} from "./answer.ts";
import { deleteBranch, moveBranch } from "./changes.ts";
import type { Body } from "./frame.ts";
import { commitsBetween, mergeBase } from "./history.ts";
import type { OperationId } from "./permissions.ts";
import { resolve } from "./state.ts";

/** What GitHub says to a ref that is not there, and to a commit. */
const REFERENCE_MISSING = problem(422, "Reference does not exist");
const OBJECT_MISSING = problem(422, "Object does not exist");

export const branchHandlers = {
  "repos/get": ({ state, frame }) => {
    const {
      parent: _parent,
      source: _source,
      template_repository: _template,
      ...full
    } = frame.example("full-repository-default-response");
    // GitHub's own example lacks `language`, which its schema requires.
    return ok({ ...full, language: null, ...frame.repository(state.repository) });
  },

  "repos/list-branches": (call) => {
    const branches = [...call.state.branches].toSorted(([one], [other]) => (one < other ? -1 : 1));
    const { protectedBranches } = call.state;
    const listed = branches.filter(
      ([name]) => call.query["protected"] !== "true" || protectedBranches.has(name),
    );
    return page(call, listed, (items) =>
      items.map(([name, sha]) => ({
        name,
        commit: { sha, url: `${call.frame.api}/commits/${sha}` },
        protected: protectedBranches.has(name),
      })),
    );
  },

  "repos/get-branch": (call) => {
    const { branch: name = "" } = call.path;
    const sha = call.state.branches.get(name);
    if (sha === undefined) return problem(404, "Branch not found");
    const url = `${call.frame.api}/branches/${name}`;
    return ok({
      ...call.frame.example("branch-get"),
      name,
      commit: commitBody(call, sha),
      _links: { self: url, html: `${call.frame.web}/tree/${name}` },
      protected: call.state.protectedBranches.has(name),
      protection_url: `${url}/protection`,
    });
  },

  "git/get-ref": (call) => {
    const { ref = "" } = call.path;
    const sha = exact(call, ref);
    return sha === undefined ? notFound : ok(refBody(call, `refs/${ref}`, sha));
  },

  "git/create-ref": (call) => {
    const ref = textOf(call.body, "ref") ?? "";
    const sha = textOf(call.body, "sha") ?? "";
    const [, kind, name] = /^refs\/(heads|tags)\/(.+)$/.exec(ref) ?? [];
    if (kind === undefined || name === undefined) {
      return problem(422, "Reference name must start with 'refs/' and contain at least two slashes.");
    }
    if (exact(call, `${kind}/${name}`) !== undefined) return problem(422, "Reference already exists");
    if (!call.state.commits.has(sha)) return OBJECT_MISSING;
    if (kind === "heads") moveBranch(call.state, name, sha);
    else call.state.tags.set(name, sha);
    return created(refBody(call, ref, sha));
  },

  "git/delete-ref": ({ state, path }) => {
    const [, kind, name = ""] = /^(heads|tags)\/(.+)$/.exec(path["ref"] ?? "") ?? [];
    if (kind === "tags") return state.tags.delete(name) ? noContent : REFERENCE_MISSING;
    if (!state.branches.has(name)) return REFERENCE_MISSING;
    deleteBranch(state, name);
    return noContent;
  },

  "repos/compare-commits-with-basehead": compare,
} as const satisfies Partial<Record<OperationId, Handler>>;

/**
 * https://docs.github.com/en/rest/commits/commits#compare-two-commits : commits come oldest first, at most 250 without
 * paging. Histories with nothing in common are a 404 of its own.
 */
function compare(call: Call): Answer {
  const { state, frame } = call;
  const [base = "", head = ""] = (call.path["basehead"] ?? "").split("...");
  const [baseSha, headSha] = [resolve(state, base), resolve(state, head)];
  if (baseSha === undefined || headSha === undefined) return notFound;
  const common = mergeBase(state.commits, baseSha, headSha);
  if (common === undefined) return problem(404, `No common ancestor between ${base} and ${head}.`);
  const ahead = commitsBetween(state.commits, baseSha, headSha);
  const behind = commitsBetween(state.commits, headSha, baseSha);
  const status =
    ahead.length > 0
      ? behind.length > 0
        ? "diverged"
        : "ahead"
      : behind.length > 0
        ? "behind"
        : "identical";
  const isPaged = "page" in call.query || "per_page" in call.query;
  const body = (commits: typeof ahead): Body => ({
    ...frame.example("commit-comparison"),
    url: `${frame.api}/compare/${base}...${head}`,
    html_url: `${frame.web}/compare/${base}...${head}`,
    base_commit: commitBody(call, baseSha),
    merge_base_commit: commitBody(call, common),
    status,
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
    commits: commits.map(({ sha }) => commitBody(call, sha)),
    files: [],
  });
  return isPaged ? page(call, ahead, body) : ok(body(ahead.slice(-250)));
}

function exact({ state }: Call, ref: string): string | undefined {
  return ref.startsWith("heads/")
    ? state.branches.get(ref.slice(6))
    : state.tags.get(ref.replace(/^tags\//, ""));
}

function refBody({ frame }: Call, ref: string, sha: string): Body {
  return {
    ref,
    node_id: "MDM6UmVm",
    url: `${frame.api}/git/${ref}`,
    object: { type: "commit", sha, url: `${frame.api}/git/commits/${sha}` },
  };
}

function commitBody({ state, frame }: Call, sha: string): Body {
  const found = state.commits.get(sha);
  const example = frame.example("branch-get")["commit"] as Body;
  const addresses = (of: string): Body => ({
    sha: of,
    url: `${frame.api}/commits/${of}`,
    html_url: `${frame.web}/commit/${of}`,
  });
  return {
    ...example,
    ...addresses(sha),
    commit: { ...(example["commit"] as Body), message: found?.message ?? "" },
    parents: (found?.parents ?? []).map(addresses),
  };
}
