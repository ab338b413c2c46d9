/** Issues, and the comments on them and on pull requests. */
import {
  type Answer,
  type Call,
  created,
  type FieldError,
  type Handler,
  noContent,
  notFound,
  ok,
  page,
  textOf,
  validationFailed,
} from "./answer.ts";
import { addComment } from "./changes.ts";
import { BOT, type Body } from "./frame.ts";
import type { OperationId } from "./permissions.ts";
import { type Comment, type Issue, nextNumber, now, type PullRequest, type State } from "./state.ts";

/**
 * Of a comment and of an issue. Counted in UTF-16 code units here, of which a text has never fewer than characters:
 * GitHub does not say what it counts.
 */
const MAXIMUM_BODY = 65_536;

export const issueHandlers = {
  "issues/list-comments": (call) => {
    if (!isKnown(call.state, call.path["issue_number"])) return notFound;
    const { since = "" } = call.query;
    const found = [...call.state.comments.values()].filter(
      ({ number, updatedAt }) => number === Number(call.path["issue_number"]) && updatedAt >= since,
    );
    return page(call, found, (comments) => comments.map((one) => commentBody(call, one)));
  },

  "issues/create-comment": (call) => {
    const body = textOf(call.body, "body") ?? "";
    if (!isKnown(call.state, call.path["issue_number"])) return notFound;
    const refused = refusedComment(body);
    if (refused) return validationFailed(refused);
    return created(commentBody(call, addComment(call.state, Number(call.path["issue_number"]), BOT, body)));
  },

  "issues/get-comment": (call) => withComment(call, (comment) => ok(commentBody(call, comment))),

  "issues/update-comment": (call) =>
    withComment(call, (comment) => {
      const body = textOf(call.body, "body") ?? "";
      const refused = refusedComment(body);
      if (refused) return validationFailed(refused);
      comment.body = body;
      comment.updatedAt = now();
      comment.edits += 1;
      return ok(commentBody(call, comment));
    }),

  "issues/delete-comment": (call) =>
    withComment(call, (comment) => {
      call.state.comments.delete(comment.id);
      return noContent;
    }),

  // "GitHub's REST API considers every pull request an issue": they are in the list, with a `pull_request`.
  // https://docs.github.com/en/rest/issues/issues#list-repository-issues
  "issues/list-for-repo": (call) => {
    const { state = "open", labels, direction = "desc" } = call.query;
    const wanted = labels?.split(",") ?? [];
    const found = [...call.state.issues.values(), ...call.state.pullRequests.values()]
      .filter((one) => state === "all" || one.state === state)
      .filter((one) => wanted.every((label) => labelsOf(one).includes(label)))
      .toSorted((one, other) => (other.number - one.number) * (direction === "asc" ? -1 : 1));
    return page(call, found, (issues) => issues.map((one) => issueBody(call, one)));
  },

  "issues/get": (call) => {
    const number = Number(call.path["issue_number"]);
    const found = call.state.issues.get(number) ?? call.state.pullRequests.get(number);
    return found === undefined ? notFound : ok(issueBody(call, found));
  },

  "issues/create": (call) => {
    const body = textOf(call.body, "body") ?? "";
    if (body.length > MAXIMUM_BODY) return validationFailed(TOO_LONG_ISSUE);
    const times = { createdAt: now(), updatedAt: now() };
    const labels = labelsIn(call.body);
    const title = String(call.body["title"]);
    const number = nextNumber(call.state);
    const issue: Issue = { number, author: BOT, title, body, state: "open", labels, ...times };
    call.state.issues.set(number, issue);
    return created(issueBody(call, issue));
  },

  "issues/update": (call) => {
    const issue = call.state.issues.get(Number(call.path["issue_number"]));
    if (issue === undefined) return notFound;
    const body = textOf(call.body, "body") ?? issue.body;
    if (body.length > MAXIMUM_BODY) return validationFailed(TOO_LONG_ISSUE);
    issue.body = body;
    issue.title = textOf(call.body, "title") ?? issue.title;
    issue.state =
      textOf(call.body, "state") === undefined ? issue.state : (call.body["state"] as Issue["state"]);
    issue.labels = "labels" in call.body ? labelsIn(call.body) : issue.labels;
    issue.updatedAt = now();
    return ok(issueBody(call, issue));
  },
} as const satisfies Partial<Record<OperationId, Handler>>;

/** The words of https://github.com/trstringer/manual-approval/issues/89 */
const TOO_LONG_ISSUE: FieldError = {
  resource: "Issue",
  code: "custom",
  field: "body",
  message: "body is too long (maximum is 65536 characters)",
};

/** The words of https://github.com/reg-viz/reg-actions/issues/123 */
function refusedComment(body: string): FieldError | undefined {
  const refuse = (message: string): FieldError => ({
    resource: "IssueComment",
    code: "unprocessable",
    field: "data",
    message,
  });
  if (body.length > MAXIMUM_BODY) return refuse("Body is too long (maximum is 65536 characters)");
  return body.trim() === "" ? refuse("Body cannot be blank") : undefined;
}

function isKnown({ issues, pullRequests }: State, number: string | undefined): boolean {
  return issues.has(Number(number)) || pullRequests.has(Number(number));
}

function withComment(call: Call, answer: (comment: Comment) => Answer): Answer {
  const comment = call.state.comments.get(Number(call.path["comment_id"]));
  return comment === undefined ? notFound : answer(comment);
}

function labelsOf(one: Issue | PullRequest): readonly string[] {
  return "labels" in one ? one.labels : [];
}

function labelsIn(body: Call["body"]): readonly string[] {
  const labels = (body["labels"] ?? []) as readonly (string | { readonly name?: string })[];
  return labels.map((label) => (typeof label === "string" ? label : (label.name ?? "")));
}

function commentBody({ frame }: Call, comment: Comment): Body {
  return {
    ...frame.example("issue-comment"),
    id: comment.id,
    url: `${frame.api}/issues/comments/${comment.id}`,
    html_url: `${frame.web}/pull/${comment.number}#issuecomment-${comment.id}`,
    issue_url: `${frame.api}/issues/${comment.number}`,
    body: comment.body,
    user: frame.user(comment.author),
    created_at: comment.createdAt,
    updated_at: comment.updatedAt,
  };
}

function issueBody({ frame }: Call, found: Issue | PullRequest): Body {
  const { pull_request: _, ...example } = frame.example("issue");
  const isPull = "branch" in found;
  const url = `${frame.api}/issues/${found.number}`;
  const web = `${frame.web}/${isPull ? "pull" : "issues"}/${found.number}`;
  const pull = {
    url: `${frame.api}/pulls/${found.number}`,
    html_url: web,
    diff_url: `${web}.diff`,
    patch_url: `${web}.patch`,
  };
  return {
    ...example,
    url,
    html_url: web,
    comments_url: `${url}/comments`,
    number: found.number,
    title: found.title,
    body: found.body,
    state: found.state,
    state_reason: null,
    user: frame.user(found.author),
    labels: labelsOf(found).map((name) => ({ name })),
    milestone: null,
    assignee: null,
    assignees: [],
    closed_at: null,
    closed_by: null,
    created_at: found.createdAt,
    updated_at: found.updatedAt,
    ...(isPull ? { pull_request: pull } : {}),
  };
}
