/** `warren local`: a local AWS that stays up until Ctrl-C, and how to use it. */
import { once } from "node:events";
import type { Console } from "../edge/console.ts";
import { startLocalAws } from "./aws.ts";
import { setUpAccount } from "./account.ts";
import { startWikipedia } from "./wikipedia.ts";

export async function serveLocalAws(console: Console, port: number | undefined): Promise<void> {
  const interrupted = new AbortController();
  const stop = (): void => interrupted.abort();
  process.removeAllListeners("SIGINT").on("SIGINT", stop).on("SIGTERM", stop);
  console.info("starting the local AWS …");
  await using wikipedia = await startWikipedia();
  await using aws = await startLocalAws({
    ...(port === undefined ? {} : { port }),
    lambdaEnvironment: { WIKIPEDIA_URL: wikipedia.url },
    signal: interrupted.signal,
  });
  await setUpAccount(aws);
  console.info("the local AWS is up. In another terminal:");
  console.result(
    [
      `export AWS_ENDPOINT_URL=${aws.endpoint} AWS_REGION=${aws.region}`,
      `export AWS_ACCESS_KEY_ID=${aws.rootCredentials.accessKeyId} AWS_SECRET_ACCESS_KEY=${aws.rootCredentials.secretAccessKey}`,
      "npm run warren -- deploy --stage prod",
    ].join("\n"),
  );
  console.info("Ctrl-C ends it, with everything that was deployed to it.");
  if (!interrupted.signal.aborted) await once(interrupted.signal, "abort");
  console.info("ending the local AWS");
}
