/**
 * Which AWS actions a bundle can call, read from esbuild's metafile: the SDK has one file a command, and tree
 * shaking leaves only those that the code uses. Checked with SDK 3.1138 to 3.1173 and esbuild 0.28.
 */
import type { Metafile } from "esbuild";

import data from "../../templates/sdk-actions.json" with { type: "json" };
import made from "../../templates/sdk-clients.json" with { type: "json" };
import type { Calls } from "./artifact.ts";
import { importsUnseen, signsRequests } from "./bundle.ts";
import { type ArgumentActions, argumentActions, isMentioned } from "./call-arguments.ts";
import { callSites, type CommandUse, type OwnCode } from "./call-sites.ts";

/** The actions of one command: all of them, or those that its arguments ask for. */
type Need = readonly string[] | { readonly anyOf: readonly string[] };

/** Client -> commands; `*` is all of them. */
type Commands = Readonly<Record<string, readonly string[]>>;

interface SdkClients {
  readonly clients: Readonly<Record<string, string>>;
  readonly unsigned: Commands;
  readonly undecided: Commands;
}

interface SdkActions {
  readonly commands: Readonly<Record<string, Readonly<Record<string, Need>>>>;
  readonly arguments: Readonly<Record<string, ArgumentActions>>;
  readonly onBehalf: Readonly<Record<string, ArgumentActions>>;
  readonly ownUse: Commands;
  readonly opaque: readonly Opaque[];
  readonly signers: readonly string[];
}

interface Opaque {
  readonly package: string;
  /** Only this file of the package; absent: any. */
  readonly file?: string;
  readonly prefixes?: readonly string[];
}

interface Doubt {
  readonly reason: string;
  /** Absent: it may be about any service. */
  readonly prefixes?: readonly string[];
}

interface Findings {
  readonly uses: readonly CommandUse[];
  readonly needs: readonly Need[];
  readonly onBehalf: readonly string[];
  readonly doubts: readonly Doubt[];
}

/** A file of an installed package; `path` is from the package's folder. */
interface PackageFile {
  readonly package: string;
  readonly path: string;
}

/** An import from one package (or the user's own code) of another one. */
interface Crossing {
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  /** `from` is a file of the user's own, and not a package's name. */
  readonly isOwn: boolean;
}

const sdk: SdkActions = data;
const known: SdkClients = made;

/**
 * The calls of the bundle `output`, one of the metafile's outputs. `beside`: names of the packages that lie beside it, whose code
 * is not read: they may call whatever the SDK's packages among them can. `own`: the user's own files in it. `signing`: names of
 * packages in it that sign requests by themselves.
 */
export function bundleCalls(
  metafile: Metafile,
  output: string,
  beside: readonly string[] = [],
  own: readonly OwnCode[] = [],
  signing: readonly string[] = [],
): Calls {
  const included = Object.entries(metafile.outputs[output]?.inputs ?? {});
  const crossings = included.flatMap(([path]) => crossingsOf(metafile, path));
  const packages = new Map<string, string[]>();
  for (const [input, { bytesInOutput }] of included) {
    const file = packageFile(input);
    if (file === undefined || bytesInOutput === 0) continue;
    packages.set(file.package, [...(packages.get(file.package) ?? []), file.path]);
  }
  const clients = [...packages].flatMap(([name, paths]) =>
    name.startsWith("@aws-sdk/client-") ? clientFindings(name, paths, crossings, own) : [],
  );
  const doubts = [
    ...opaqueDoubts(packages, crossings),
    ...besideDoubts(beside, own),
    ...own.flatMap(({ file, code }) => codeDoubts(file, code)),
    ...signing.flatMap((name) =>
      isOfSdk(name) || sdk.opaque.some((entry) => entry.package === name) ? [] : selfSigned(name),
    ),
  ];
  const sites = callSites(
    clients.flatMap(({ uses }) => uses),
    own,
  );
  const calls = combine([...clients, { uses: [], needs: [], onBehalf: [], doubts }]);
  return Object.keys(sites).length === 0 ? calls : { ...calls, sites };
}

function selfSigned(who: string): Doubt {
  return { reason: `${who} signs requests by itself` };
}

function codeDoubts(file: string, code: string): readonly Doubt[] {
  const lines = code.split("\n").filter((text) => !/^\s*(?:\/\/|\*|\/\*)/.test(text));
  return [
    ...(lines.some(signsRequests) ? [selfSigned(file)] : []),
    ...(lines.some(importsUnseen)
      ? [{ reason: `${file} loads modules in a way that no bundler can see` }]
      : []),
  ];
}

function isOfSdk(name: string): boolean {
  return /^@(aws-sdk|smithy)\//.test(name);
}

function besideDoubts(names: readonly string[], own: readonly OwnCode[]): readonly Doubt[] {
  return names.flatMap((name): readonly Doubt[] => {
    const reason = `${name} lies beside the bundle, where its calls cannot be read`;
    if (name.startsWith("@aws-sdk/client-")) return [clientDoubt(name, reason, own)];
    if (sdk.signers.includes(name)) return [{ reason }];
    return sdk.opaque
      .filter((entry) => entry.package === name)
      .map(({ prefixes }) => (prefixes === undefined ? { reason } : { reason, prefixes }));
  });
}

function clientFindings(
  name: string,
  paths: readonly string[],
  crossings: readonly Crossing[],
  own: readonly OwnCode[],
): Findings {
  const client = name.slice("@aws-sdk/client-".length);
  const prefix = known.clients[client];
  const doubt = (reason: string): Findings => ({
    uses: [],
    needs: [],
    onBehalf: [],
    doubts: [clientDoubt(name, reason, own)],
  });

  if (isWhole(paths)) return doubt(`${wholeImport(name, crossings)}, which can call all of it`);
  const commands = paths
    .flatMap((path) => /^dist-es\/commands\/(\w+)Command\.js$/.exec(path)?.[1] ?? [])
    .filter((command) => !sdk.ownUse[client]?.includes(command));
  // Else a later SDK that lays its files out in another way would pass for code that calls nothing.
  if (commands.length === 0) return doubt(`no command of ${name} was found in the bundle`);
  const undecided = commands.filter(
    (command) => prefix === undefined || isAmong(known.undecided, client, command),
  );
  const decided = commands.filter((command) => !undecided.includes(command));
  const { doubts } = doubt(`it is not known which actions ${name} needs for ${undecided.join(", ")}`);
  const isCalledUnseen = crossings.some(({ from, to, isOwn }) => to === name && !isOwn && !isOfSdk(from));
  const needs = decided.map((command): Need => {
    const ownName = isAmong(known.unsigned, client, command) ? [] : [`${prefix}:${command}`];
    const need = sdk.commands[client]?.[command] ?? ownName;
    const more = argumentActions(command, sdk.arguments[client] ?? {}, own, isCalledUnseen);
    if ("anyOf" in need || more.length === 0) return need;
    // Whether it has the argument is not certain: no arrow need grant it.
    return { anyOf: sortedSet([...need, ...more]) };
  });
  return {
    uses: needs.map((need, i) => ({
      command: decided[i] ?? "",
      package: name,
      actions: "anyOf" in need ? need.anyOf : need,
    })),
    needs,
    onBehalf: commands.flatMap((command) =>
      argumentActions(command, sdk.onBehalf[client] ?? {}, own, isCalledUnseen),
    ),
    doubts: undecided.length > 0 ? doubts : [],
  };
}

/** A doubt about a service is one about what it may do in the function's name, too. */
function clientDoubt(name: string, reason: string, own: readonly OwnCode[]): Doubt {
  const client = name.slice("@aws-sdk/client-".length);
  const prefix = known.clients[client];
  if (prefix === undefined) return { reason };
  const others = Object.entries(sdk.onBehalf[client] ?? {}).flatMap(([argument, commands]) =>
    own.some(({ code }) => isMentioned(argument, code)) ? Object.values(commands).flat() : [],
  );
  return { reason, prefixes: [prefix, ...others.map((action) => action.slice(0, action.indexOf(":")))] };
}

function isAmong(commands: Commands, client: string, command: string): boolean {
  const names = commands[client] ?? [];
  return names.includes(command) || names.includes("*");
}

/**
 * `class S3 extends S3Client` (dist-es/S3.js) has a method for every command. It is in the bundle if the code uses
 * it, and also if esbuild cannot know what is used of the package: `import()`, `require()`, a namespace passed on.
 */
function isWhole(paths: readonly string[]): boolean {
  return paths.some(
    (path) =>
      path.startsWith("dist-cjs/") ||
      (/^dist-es\/\w+\.js$/.test(path) && paths.includes(path.replace(/\.js$/, "Client.js"))),
  );
}

function wholeImport(name: string, crossings: readonly Crossing[]): string {
  const imports = crossings.filter(({ to }) => to === name);
  const dynamic = imports.find(({ kind }) => kind === "dynamic-import");
  if (dynamic !== undefined) return `${dynamic.from} loads ${name} with import()`;
  const required = imports.find(({ kind }) => kind === "require-call");
  if (required !== undefined) return `${required.from} loads ${name} with require()`;
  const [first] = imports;
  return `${first?.from ?? "the code"} imports the class of ${name} that has all commands`;
}

function opaqueDoubts(
  packages: ReadonlyMap<string, readonly string[]>,
  crossings: readonly Crossing[],
): readonly Doubt[] {
  const opaque = sdk.opaque.flatMap((entry): Doubt[] => {
    const paths = packages.get(entry.package);
    if (paths === undefined || (entry.file !== undefined && !paths.includes(entry.file))) return [];
    const user = crossings.find(({ to }) => to === entry.package)?.from ?? "the code";
    const reason = `${user} uses ${entry.package}${entry.file ? ` (${entry.file})` : ""}, whose calls cannot be read`;
    return [entry.prefixes === undefined ? { reason } : { reason, prefixes: entry.prefixes }];
  });
  const signing = crossings.find(({ from, to }) => sdk.signers.includes(to) && !isOfSdk(from));
  return signing === undefined
    ? opaque
    : [...opaque, { reason: `${signing.from} signs requests with ${signing.to}` }];
}

function combine(findings: readonly Findings[]): Calls {
  const needs = findings.flatMap((finding) => finding.needs);
  const doubts = findings.flatMap((finding) => finding.doubts);
  const groups = needs.flatMap((need) => ("anyOf" in need ? [need.anyOf] : []));
  const onBehalf = sortedSet(findings.flatMap((finding) => finding.onBehalf));
  const oneOf = [...new Map(groups.map((group) => [group.join(), group])).values()];
  const found = {
    actions: sortedSet(needs.flatMap((need) => ("anyOf" in need ? need.anyOf : need))),
    ...(oneOf.length === 0 ? {} : { oneOf }),
    ...(onBehalf.length === 0 ? {} : { onBehalf }),
  };
  if (doubts.length === 0) return { kind: "exact", ...found };
  const reason = sortedSet(doubts.map((doubt) => doubt.reason)).join("; ");
  const prefixes = doubts.flatMap((doubt) => doubt.prefixes ?? []);
  return doubts.every((doubt) => doubt.prefixes !== undefined)
    ? { kind: "uncertain", ...found, reason, prefixes: sortedSet(prefixes) }
    : { kind: "uncertain", ...found, reason };
}

function sortedSet(values: readonly string[]): readonly string[] {
  return [...new Set(values)].toSorted((a, b) => (a < b ? -1 : 1));
}

function crossingsOf(metafile: Metafile, input: string): readonly Crossing[] {
  const owner = packageFile(input)?.package;
  const from = owner ?? input;
  return (metafile.inputs[input]?.imports ?? []).flatMap(({ path, kind }) => {
    const to = packageFile(path)?.package;
    return to === undefined || to === from ? [] : [{ from, to, kind, isOwn: owner === undefined }];
  });
}

/** The last `node_modules` counts: packages lie in each other, and pnpm's in `node_modules/.pnpm/…/node_modules`. */
function packageFile(input: string): PackageFile | undefined {
  const match = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\/(.+)$/.exec(input);
  return match?.[1] === undefined || match[2] === undefined
    ? undefined
    : { package: match[1], path: match[2] };
}
