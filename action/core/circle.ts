/** CloudFormation makes resources in the order of their references; a circle of references has no first one. */
import { arrowText } from "./arrow.ts";
import { subNames } from "./reference.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Problem } from "./problem.ts";
import type { Origin } from "./rendered.ts";
import type { Resource } from "./template.ts";
import { type Value, intrinsicOf, isValueList, isValueMap, textOf } from "./value.ts";

export function circleProblems(
  resources: Readonly<Record<string, Resource>>,
  origins: Readonly<Record<string, Origin>>,
  pipeline: Pipeline,
): Problem[] {
  const problems: Problem[] = [];
  const rest = { ...resources };
  for (let circle = findCircle(rest); circle; circle = findCircle(rest)) {
    problems.push(circleProblem(circle, origins, pipeline));
    for (const id of circle) delete rest[id];
  }
  return problems;
}

function circleProblem(
  circle: readonly string[],
  origins: Readonly<Record<string, Origin>>,
  pipeline: Pipeline,
): Problem {
  const members = new Set(circle.map((id) => origins[id]?.component ?? ""));
  const arrows = pipeline.arrows.filter(
    (arrow) => members.has(arrowText(arrow)) || (members.has(arrow.from) && members.has(arrow.to)),
  );
  // Without arrows it can only come from `overrides:`.
  const own = origins[circle[0] ?? ""]?.place ?? { file: pipeline.file, line: 1, column: 1 };
  const names = (arrows.length > 0 ? arrows.map(arrowText) : circle).map((name) => `\`${name}\``);
  const who = names.length === 1 ? "it needs its own address" : "each side needs the other's address";
  return {
    place: arrows[0]?.place ?? own,
    message: `${names.join(" and ")} ${names.length === 1 ? "makes" : "make"} a circle: ${who} before it can be made`,
    hint: "Take one of the arrows away, or let one of them go through a component in between.",
  };
}

/** The first circle that a depth-first walk meets, as logical ids. Iterative: a chain may be long. */
export function findCircle(resources: Readonly<Record<string, Resource>>): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of Object.keys(resources)) {
    const path: string[] = [];
    const onPath = new Set<string>();
    const stack: { readonly id: string; readonly next: string[] }[] = [];
    const enter = (id: string): void => {
      const resource = resources[id];
      path.push(id);
      onPath.add(id);
      stack.push({
        id,
        next: resource ? [...referencesOf(resource)].filter((other) => Object.hasOwn(resources, other)) : [],
      });
    };
    if (!done.has(start)) enter(start);
    for (let top = stack.at(-1); top; top = stack.at(-1)) {
      const next = top.next.pop();
      if (next === undefined) {
        done.add(top.id);
        onPath.delete(top.id);
        path.pop();
        stack.pop();
      } else if (onPath.has(next)) {
        return path.slice(path.indexOf(next));
      } else if (!done.has(next)) {
        enter(next);
      }
    }
  }
  return undefined;
}

function referencesOf(resource: Resource): Set<string> {
  const found = new Set<string>([resource.DependsOn ?? []].flat());
  collect(resource.Properties ?? {}, found);
  return found;
}

function collect(value: Value, found: Set<string>): void {
  if (isValueList(value)) return value.forEach((item) => collect(item, found));
  if (!isValueMap(value)) return;
  const call = intrinsicOf(value);
  if (call?.name === "Ref") found.add(textOf(call.argument));
  else if (call?.name === "Fn::GetAtt" && isValueList(call.argument)) found.add(textOf(call.argument[0]));
  else {
    const text =
      call?.name === "Fn::Sub" ? (isValueList(call.argument) ? call.argument[0] : call.argument) : undefined;
    if (typeof text === "string") for (const name of subNames(text)) found.add(name.split(".")[0] ?? "");
    Object.values(value).forEach((item) => collect(item, found));
  }
}
