/** What is known of each function before it runs: what it may, what lies beside its code, whether it loads. */
import type { Artifact } from "./artifact.ts";
import type { Grant } from "./grant.ts";
import { code, prose, row } from "./markdown.ts";
import { type Load, megabytes, passportCells } from "./passport.ts";
import type { Section } from "./paper.ts";

export interface FunctionWords {
  readonly component: string;
  readonly granted: readonly string[];
  /** What its arrows could grant besides, which its code does not call. */
  readonly unused: readonly string[];
  /** Why it got all that its arrows may grant, when the code could not be read for certain. */
  readonly uncertain?: string;
  readonly unzippedBytes: number;
  readonly glibc: string;
  readonly native: readonly string[];
  readonly load: string;
}

/** Loads differ by some hundred milliseconds from run to run, and the comment is to say the same as long as nothing has changed. */
const SLOW_MILLISECONDS = 3_000;

/** A call that no arrow allows is an error, so nothing is ever missing here. */
export function functionWords(
  artifacts: readonly Artifact[],
  grants: readonly Grant[],
): readonly FunctionWords[] {
  return artifacts.map(({ component, unzippedBytes, passport }) => {
    const own = grants.filter(({ to }) => to === component);
    const granted = sorted(own.flatMap((grant) => grant.granted));
    const [uncertain] = own.flatMap((grant) => grant.uncertain ?? []);
    const { native, glibc } = passportCells(passport);
    return {
      component,
      granted,
      unused: sorted(own.flatMap((grant) => unusedOf(grant))),
      ...(uncertain !== undefined && { uncertain }),
      unzippedBytes,
      glibc,
      native,
      load: loadWords(passport.load),
    };
  });
}

/** Of one arrow. A pattern of which something was granted is not unused. */
export function unusedOf({ most, granted, uncertain }: Grant): readonly string[] {
  if (uncertain !== undefined) return [];
  return most.filter((action) => !action.includes("*") && !granted.includes(action));
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted((a, b) => (a < b ? -1 : 1));
}

function loadWords(load: Load): string {
  if (load.kind !== "loaded") return passportCells({ native: [], load, warnings: [] }).load;
  const { milliseconds, binaries } = load;
  const slow = milliseconds < SLOW_MILLISECONDS ? "" : ` in ${Math.ceil(milliseconds / 1000)} s`;
  const names = binaries.map((path) => path.slice(path.lastIndexOf("/") + 1));
  return `loads${slow}${names.length === 0 ? "" : `, with ${names.join(", ")}`}`;
}

export function functionSection(functions: readonly FunctionWords[]): Section {
  const rows = functions.map(({ component, granted, unused, uncertain, ...words }) => {
    const may = granted.map((action) => code(action)).join("<br>") || "nothing";
    const why = uncertain === undefined ? "" : `<br>all that its arrows may grant, since ${prose(uncertain)}`;
    const size = [megabytes(words.unzippedBytes), ...words.native.map((one) => prose(one))].join("<br>");
    const load = `${prose(words.load)}${words.glibc === "" ? "" : `<br>needs glibc ${prose(words.glibc)}`}`;
    return row([
      code(component),
      `${may}${why}`,
      unused.map((action) => code(action)).join("<br>"),
      size,
      load,
    ]);
  });
  const columns = [
    row(["component", "may", "not granted: never called", "code", "tried out"]),
    row(["-", "-", "-", "-", "-"]),
  ];
  const head = "<details><summary>The functions</summary>\n";
  return { head, rows: [...columns, ...rows], tail: "\n\n</details>" };
}
