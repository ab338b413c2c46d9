/** AWS credentials for one role from the job's OIDC token, over STS. They stay in this process's memory. */
import { lacking } from "../core/aws-error.ts";
import { refusalProblems, readClaims, missingTokenProblem } from "../core/claims.ts";
import { UserError } from "../core/problem.ts";
import type { AssumedCredentials, Identity } from "../aws-ports.ts";
import type { Clock } from "../ports.ts";

export interface IdentitySettings {
  /** @actions/core's `getIDToken`: throws outside of a job that holds `id-token: write`. */
  readonly getIdToken: (audience: string) => Promise<string>;
  /** @actions/core's `setSecret`: from now on the log shows stars instead. */
  readonly setSecret: (secret: string) => void;
  readonly clock: Pick<Clock, "now">;
  readonly audience: string;
  /** Is it a pull request from a fork, which never gets a token? */
  readonly fork: boolean;
  /** Another STS than AWS's own, for example `http://127.0.0.1:4566`. */
  readonly endpoint?: string;
}

/** STS's answers to a token or a role that does not fit; anything else is AWS or the network being ill. */
const REFUSALS: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "ExpiredTokenException",
  "IDPCommunicationErrorException",
  "IDPRejectedClaimException",
  "InvalidIdentityTokenException",
]);

export function createIdentity(settings: IdentitySettings): Identity {
  const { getIdToken, setSecret, clock, audience, fork, endpoint } = settings;
  return {
    async assume({ role, region, sessionName, policy, trust }) {
      const token = await idToken();
      setSecret(token);
      const sdk = await import("@aws-sdk/client-sts");
      const client = new sdk.STSClient({ region, ...(endpoint !== undefined && { endpoint }) });
      try {
        const { Credentials: given } = await client.send(
          new sdk.AssumeRoleWithWebIdentityCommand({
            RoleArn: role,
            RoleSessionName: sessionName,
            WebIdentityToken: token,
            ...(policy !== "" && { Policy: policy }),
          }),
        );
        const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = given ?? {};
        if (!isKey(AccessKeyId) || !isKey(SecretAccessKey) || !isKey(SessionToken) || !Expiration) {
          throw lacking("the credentials");
        }
        for (const secret of [SecretAccessKey, SessionToken, AccessKeyId]) setSecret(secret);
        return {
          accessKeyId: AccessKeyId,
          secretAccessKey: SecretAccessKey,
          sessionToken: SessionToken,
          expiration: Expiration,
        };
      } catch (error) {
        if (!(error instanceof Error) || !REFUSALS.has(error.name)) throw error;
        // The SDK's error holds the answer, not the request, so not the token either.
        const refusal = { role, answer: error.message.replace(/\.$/, ""), claims: readClaims(token), trust };
        throw new UserError(
          "assume-role-refused",
          refusalProblems({ ...refusal, nowSeconds: Math.floor(clock.now() / 1_000) }),
          { cause: error },
        );
      } finally {
        client.destroy();
      }
    },
  };

  async function idToken(): Promise<string> {
    try {
      return await getIdToken(audience);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      // @actions/core has one kind of error: the sentence tells a job without the permission from an issuer that is ill.
      if (/ACTIONS_ID_TOKEN_REQUEST_(URL|TOKEN)/.test(error.message)) {
        throw new UserError("id-token-missing", missingTokenProblem(fork), { cause: error });
      }
      throw new UserError(
        "id-token-failed",
        {
          message: `GitHub's OIDC issuer gave no token: ${error.message.trim()}`,
          hint: "Run the job again; https://www.githubstatus.com tells if GitHub Actions is ill.",
        },
        { cause: error },
      );
    }
  }
}

/** They become headers. */
function isKey(text: string | undefined): text is string {
  return text !== undefined && /^[!-~]+$/.test(text);
}

/** The SDK asks again when less than five minutes are left: before that, the next credentials must be there. */
const RENEW_MS = 6 * 60_000;

/**
 * For `createClients`: one session for all clients of a stage, renewed before it expires, so that a deploy may last
 * longer than a session.
 */
export function renewing(
  assume: () => Promise<AssumedCredentials>,
  clock: Pick<Clock, "now">,
): () => Promise<AssumedCredentials> {
  let current: Promise<AssumedCredentials> | undefined;
  let renewAt = Infinity;
  return () => {
    if (current && clock.now() < renewAt) return current;
    renewAt = Infinity;
    const asked = assume();
    current = asked;
    asked.then(
      ({ expiration }) => {
        renewAt = expiration.getTime() - RENEW_MS;
      },
      // A refusal is told to whoever asked; the next one asks again.
      () => {
        if (current === asked) current = undefined;
      },
    );
    return asked;
  };
}
