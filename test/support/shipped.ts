/** Warren's own templates, as the command line reads them. */
import { join } from "node:path";
import { type Catalog, readCatalog } from "../../action/core/catalog.ts";
import type { SourceText } from "../../action/core/document.ts";
import { diskWorkspace } from "../../action/edge/workspace.ts";

export const repositoryRoot = join(import.meta.dirname, "../..");

export async function shippedTemplates(): Promise<SourceText[]> {
  const shipped = diskWorkspace(repositoryRoot);
  const folders = ["templates/components", "templates/connections"];
  const names = await Promise.all(
    folders.map(async (folder) => (await shipped.list(folder)).map((name) => `${folder}/${name}`)),
  );
  return Promise.all(names.flat().map(async (file) => ({ file, text: (await shipped.read(file)) ?? "" })));
}

export async function shippedCatalog(): Promise<Catalog> {
  return catalogOf(await shippedTemplates());
}

export function catalogOf(templates: readonly SourceText[]): Catalog {
  const result = readCatalog(templates);
  if (result.kind === "problems") throw new Error(JSON.stringify(result.problems, null, 2));
  return result.catalog;
}
