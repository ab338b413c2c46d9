/** A CloudFormation of a few calls, over HTTP in AWS's own shapes: for what the local AWS does not know. */
import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { type Clients, createClients } from "../../action/edge/clients.ts";
import { closeLocally, listenLocally } from "../support/listen.ts";

/** Of one call: the members of its result as XML, or the code of an error. */
export type Answer = { readonly result: string } | { readonly error: string; readonly status: number };

export interface Faked extends AsyncDisposable {
  readonly clients: Clients;
  /** The form of each request. */
  readonly asked: readonly Readonly<Record<string, string>>[];
}

export async function fakeCloudFormation(
  answer: (form: Readonly<Record<string, string>>) => Answer,
): Promise<Faked> {
  const asked: Record<string, string>[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const form = Object.fromEntries(new URLSearchParams(body));
      asked.push(form);
      const { Action: action = "" } = form;
      const given = answer(form);
      const [status, answered] =
        "result" in given
          ? [200, `<${action}Response><${action}Result>${given.result}</${action}Result></${action}Response>`]
          : [
              given.status,
              `<ErrorResponse><Error><Type>Sender</Type><Code>${given.error}</Code><Message>no</Message></Error></ErrorResponse>`,
            ];
      response.writeHead(status, { "content-type": "text/xml", "x-amzn-requestid": "b2f7" }).end(answered);
    });
  });
  const endpoint = await listenLocally(server);
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const clients = createClients({ region: "us-east-1", endpoint, credentials });
  return {
    clients,
    asked,
    async [Symbol.asyncDispose]() {
      clients[Symbol.dispose]();
      await closeLocally(server);
    },
  };
}

/** `<Name>value</Name>...`; lists as members. */
export function xml(values: Readonly<Record<string, string | readonly string[]>>): string {
  return Object.entries(values)
    .map(([name, value]) => {
      const inner =
        typeof value === "string" ? value : value.map((one) => `<member>${one}</member>`).join("");
      return `<${name}>${inner}</${name}>`;
    })
    .join("");
}
