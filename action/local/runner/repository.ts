/**
 * A repository in Git and on the GitHub stand-in at once: what people do to it is done to both, and comes back as the
 * events that GitHub sends for it. Between two steps the checkout is what GitHub checks out for those events, but that
 * a pull request's is its head instead of its merge with main: here they have the same content.
 */
import type { GitHub } from "../github/server.ts";
import type { Checkout } from "./checkout.ts";
import type { Payload } from "./payload.ts";

export interface SentEvent {
  readonly eventName: string;
  readonly payload: Payload;
}

type Edits = Parameters<Checkout["commit"]>[1];

const MAIN = "main";
const NEW_REF = "0".repeat(40);

export class Repository {
  readonly #checkout: Checkout;
  readonly #github: GitHub;

  constructor(checkout: Checkout, github: GitHub) {
    this.#checkout = checkout;
    this.#github = github;
  }

  /** A commit on the branch, which is made from main if it is not there; without edits, the branch as it is. */
  async push(branch: string, message: string, edits?: Edits): Promise<readonly SentEvent[]> {
    const before = this.#github.state.branches.get(branch) ?? NEW_REF;
    await this.#checkout.checkOut(branch);
    const after =
      edits === undefined ? await this.#checkout.head() : await this.#checkout.commit(message, edits);
    this.#github.pushBranch(branch, after);
    const open = [...this.#github.state.pullRequests.values()].filter(
      (pull) => pull.branch === branch && pull.state === "open",
    );
    return [
      this.#pushed(branch, before, after),
      ...open.map(({ number }) => this.#pull("synchronize", number)),
    ];
  }

  openPullRequest(branch: string, title: string): readonly SentEvent[] {
    const { number } = this.#github.createPullRequest({ branch, title });
    return [this.#pull("opened", number)];
  }

  /** Its branch stays, as it does on GitHub unless that is told otherwise. */
  async merge(number: number): Promise<readonly SentEvent[]> {
    const { state } = this.#github;
    const pull = state.pullRequests.get(number);
    const before = state.branches.get(MAIN);
    if (!pull || before === undefined) throw new Error(`there is no pull request #${number}`);
    await this.#checkout.checkOut(MAIN);
    const after = await this.#checkout.merge(pull.branch);
    this.#github.pushBranch(MAIN, after, [before, pull.headSha]);
    // Its commits are all in main by now, so that nothing is made up for them and this commit counts as the merge.
    this.#github.closePullRequest(number, "rebase");
    return [this.#pushed(MAIN, before, after), this.#pull("closed", number)];
  }

  async deleteBranch(ref: string): Promise<readonly SentEvent[]> {
    await this.#checkout.checkOut(MAIN);
    const closed = this.#github.deleteBranch(ref);
    const deleted = this.#sent("delete", { ref, ref_type: "branch", pusher_type: "user" });
    return [...closed.map((number) => this.#pull("closed", number)), deleted];
  }

  async schedule(cron: string): Promise<readonly SentEvent[]> {
    await this.#checkout.checkOut(MAIN);
    return [this.#sent("schedule", { schedule: cron })];
  }

  async dispatch(workflow: string, inputs: Readonly<Record<string, string>>): Promise<readonly SentEvent[]> {
    await this.#checkout.checkOut(MAIN);
    return [this.#sent("workflow_dispatch", { ref: `refs/heads/${MAIN}`, workflow, inputs })];
  }

  #pushed(branch: string, before: string, after: string): SentEvent {
    const created = before === NEW_REF;
    const ref = `refs/heads/${branch}`;
    return this.#sent("push", { ref, before, after, created, deleted: false, forced: false, commits: [] });
  }

  #pull(action: string, number: number): SentEvent {
    return this.#sent("pull_request", { action, number, pull_request: this.#github.pullRequestBody(number) });
  }

  #sent(eventName: string, body: Readonly<Record<string, unknown>>): SentEvent {
    const sender = { login: "alice", id: 1005, type: "User" };
    return {
      eventName,
      payload: { ...body, repository: this.#github.repositoryBody(), sender } as unknown as Payload,
    };
  }
}
