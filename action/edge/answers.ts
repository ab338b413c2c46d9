/** The disk's answers to the questions of core/build-inputs.ts, each asked once a run. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";

import type { Question } from "../core/build-inputs.ts";
import { packageNameOf } from "../core/native-package.ts";
import { type Packages, upward } from "./packages.ts";

export interface Answers {
  /** SHA-256 of all of them. Undefined if a file was changed after `since` (milliseconds since 1970). */
  all(questions: readonly Question[], since?: number): string | undefined;
}

const ABSENT = "-";

interface Answer {
  readonly text: string;
  /** When a file that it is about was last changed; 0 without one. */
  readonly changed: number;
}

/** `root`: real path of the repository's folder. */
export function createAnswers(root: string, packages: Packages): Answers {
  const known = new Map<string, Answer>();

  function once(key: string, find: () => Answer): Answer {
    const before = known.get(key);
    if (before !== undefined) return before;
    const found = find();
    known.set(key, found);
    return found;
  }

  function file(path: string): Answer {
    return once(`file ${path}`, () => fileAnswer(resolve(root, path)));
  }

  function names(folder: string): readonly string[] {
    return once(`names ${folder}`, () => ({ text: namesIn(folder).join("\n"), changed: 0 })).text.split("\n");
  }

  /** Of all folders that a folder lies in. */
  function settings(folder: string): Answer {
    return once(`settings ${folder}`, () => {
      const outer = dirname(folder);
      const above = outer === folder ? [] : [settings(outer)];
      const own = ["package.json", "tsconfig.json", "jsconfig.json"].map((name) => file(join(folder, name)));
      return joinAnswers([...above, ...own, ...extended(folder)]);
    });
  }

  /** What a tsconfig.json stands on, and, where it says of its own what names mean, all names there are. */
  function extended(folder: string, from = "tsconfig.json", seen = new Set<string>()): readonly Answer[] {
    const path = resolve(folder, from);
    if (seen.has(path)) return [];
    seen.add(path);
    const text = textOf(path);
    if (text === undefined) return [];
    const bases = [...(/"extends"\s*:\s*(\[[^\]]*\]|"[^"]*")/.exec(text)?.[1] ?? "").matchAll(/"([^"]+)"/g)];
    const own = bases.flatMap(([, base = ""]) => basesOf(base, dirname(path)));
    return [
      ...(/"(?:paths|baseUrl)"\s*:/.test(text) ? [allNames()] : []),
      ...own.flatMap(({ tree: whole }) => (whole === undefined ? [] : [tree(whole)])),
      ...own.flatMap(({ files }) => files.map(file)),
      ...own.flatMap(({ files }) => files.flatMap((base) => extended("", base, seen))),
    ];
  }

  /** What a tsconfig.json in `folder` may mean by a name that it stands on. A package's own package.json decides, so all of it counts. */
  function basesOf(
    base: string,
    folder: string,
  ): readonly { readonly files: readonly string[]; readonly tree?: string }[] {
    const name = packageNameOf(base);
    if (name === undefined || isAbsolute(base)) {
      const path = resolve(folder, base);
      return [{ files: [path, `${path}.json`] }];
    }
    const found = packages.find(name, folder)?.folder;
    if (found === undefined) return [];
    const path = join(found, base.slice(name.length));
    return [{ files: [path, `${path}.json`, join(path, "tsconfig.json")], tree: found }];
  }

  function tree(path: string): Answer {
    return once(`tree ${path}`, () => {
      const files = filesBelow(path, ({ name }) => name !== "node_modules" && name !== ".git");
      return joinAnswers(files.flatMap((one) => [{ text: one, changed: 0 }, file(join(path, one))]));
    });
  }

  function allNames(): Answer {
    return once("all names", () => ({ text: hash(filesBelow(root, isSource).join("\n")), changed: 0 }));
  }

  function answer(question: Question): Answer {
    const path = resolve(root, question.path);
    switch (question.kind) {
      case "file":
        return file(path);
      case "names": {
        const [stem = ""] = basename(path).split(".");
        const candidates = names(dirname(path)).filter(
          (name) => name === stem || name.startsWith(`${stem}.`),
        );
        return { text: candidates.join("/"), changed: 0 };
      }
      case "settings":
        return settings(path);
      case "package":
        return once(`package ${question.name} ${path}`, () => {
          const found = packages.find(question.name, path)?.folder;
          return { text: found === undefined ? ABSENT : relative(root, found), changed: 0 };
        });
      case "tree":
        return tree(path);
      case "modules":
        return {
          text: names(path)
            .filter((name) => /^[^.]+(?:\.py)?$/.test(name))
            .join("/"),
          changed: 0,
        };
    }
  }

  return {
    all(questions, since = Infinity) {
      const answers = joinAnswers(questions.map(answer));
      return answers.changed > since ? undefined : answers.text;
    },
  };
}

function joinAnswers(answers: readonly Answer[]): Answer {
  return {
    text: hash(answers.map(({ text }) => text).join("\n")),
    changed: answers.reduce((last, { changed }) => Math.max(last, changed), 0),
  };
}

function hash(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

function fileAnswer(path: string): Answer {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return { text: ABSENT, changed: 0 };
  // The time of the change itself: tools set the other one to what they like.
  return { text: hash(readFileSync(path)), changed: found.ctimeMs };
}

function textOf(path: string): string | undefined {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true
    ? readFileSync(path, "utf8")
    : undefined;
}

function namesIn(folder: string): readonly string[] {
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true
    ? readdirSync(folder).toSorted()
    : [];
}

interface Entry {
  readonly name: string;
}

function isSource({ name }: Entry): boolean {
  return name !== "node_modules" && !name.startsWith(".");
}

/** Paths from the folder, sorted; none if it is gone, as the package may be that was there when a build was kept. */
function filesBelow(folder: string, isWanted: (entry: Entry) => boolean, at = ""): readonly string[] {
  if (statSync(join(folder, at), { throwIfNoEntry: false })?.isDirectory() !== true) return [];
  return readdirSync(join(folder, at), { withFileTypes: true })
    .filter(isWanted)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = at === "" ? entry.name : `${at}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(folder, isWanted, path) : [path];
    });
}

/** What npm, pnpm and yarn have installed, as they note it for themselves, and where from. */
const INSTALLED = [
  "node_modules/.package-lock.json",
  "node_modules/.pnpm/lock.yaml",
  "node_modules/.yarn-state.yml",
  ".npmrc",
  ".pnp.cjs",
];

/** The files that say what is installed. */
export function installQuestions(root: string, lockFiles: readonly string[]): readonly Question[] {
  return upward(root).flatMap((folder) =>
    [...lockFiles, ...INSTALLED].map((name): Question => ({
      kind: "file",
      path: relative(root, join(folder, name)).replaceAll(sep, "/"),
    })),
  );
}
