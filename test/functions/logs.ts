import { vi } from "vitest";

/** Keeps the console quiet and resolves what Powertools has logged since, one object a line. */
export function captureLogs(): () => readonly unknown[] {
  const lines: string[] = [];
  for (const level of ["info", "warn", "error"] as const) {
    vi.spyOn(console, level).mockImplementation((line: string) => void lines.push(line));
  }
  return () => lines.map((line): unknown => JSON.parse(line));
}
