/** No output of a run may hold what it was given as a secret: everything that a test's run leaves is looked through. */
import { readFile, readdir } from "node:fs/promises";
import { join, relative } from "node:path";

/** Name -> value. */
export type Secrets = Readonly<Record<string, string>>;

/** Place -> text. */
export type Places = Readonly<Record<string, string>>;

const SECRET_NAME = /ACCESS_KEY|TOKEN$|SECRET|PASSWORD/i;

/** Shorter ones, like MiniStack's own `test`, are words of every text. */
const SECRET_CHARACTERS = 8;

/** What no run is given and yet may have got: from STS, or from the issuer of OIDC tokens. */
const SHAPES: Readonly<Record<string, RegExp>> = {
  "an access key": /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/,
  "a JSON Web Token": /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]+/,
  "a token of GitHub": /\bgh[opsu]_\w{20,}/,
};

export function secretsOf(environment: Readonly<Record<string, string>>): Secrets {
  const found = Object.entries(environment).filter(
    ([name, value]) => SECRET_NAME.test(name) && value.length >= SECRET_CHARACTERS,
  );
  return Object.fromEntries(found);
}

/** `NODE_AUTH_TOKEN stands in stdout`, for each; also where it is encoded. */
export function leaksIn(places: Places, secrets: Secrets): readonly string[] {
  return Object.entries(places).flatMap(([place, text]) => {
    const shaped = Object.entries(SHAPES).flatMap(([name, shape]) => (shape.test(text) ? [name] : []));
    const known = Object.entries(secrets).flatMap(([name, value]) =>
      forms(value).some((form) => text.includes(form)) ? [name] : [],
    );
    return [...known, ...shaped].map((name) => `${name} stands in ${place}`);
  });
}

function forms(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    // Without its end, which depends on what comes after.
    bytes.toString("base64").replace(/.{0,2}=*$/, ""),
    bytes.toString("hex"),
  ];
}

/** Every file below the folder. */
export async function filesBelow(folder: string, except: readonly string[] = []): Promise<Places> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !except.includes(entry.name));
  const read = files.map(async ({ parentPath, name }): Promise<[string, string]> => {
    const path = join(parentPath, name);
    return [`the file ${relative(folder, path)}`, (await readFile(path)).toString("latin1")];
  });
  return Object.fromEntries(await Promise.all(read));
}

/** How the runner is asked to hide a secret is the one place where it must stand; the runner does not show the line. */
export function withoutMasks(log: string): string {
  return log.replaceAll(/^::add-mask::.*$/gm, "");
}
