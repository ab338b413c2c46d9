/** The text at `path` inside parsed JSON; undefined if there is none, or something else. */
export function textField(json: unknown, ...path: readonly string[]): string | undefined {
  const value = field(json, path);
  return typeof value === "string" ? value : undefined;
}

/** The number at `path` inside parsed JSON; undefined if there is none, or something else. */
export function numberField(json: unknown, ...path: readonly string[]): number | undefined {
  const value = field(json, path);
  return typeof value === "number" ? value : undefined;
}

function field(json: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? Object.getOwnPropertyDescriptor(value, key)?.value
        : undefined,
    json,
  );
}
