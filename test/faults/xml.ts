/** An answer of AWS's Query protocol: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html */
import type { Json } from "./json-changes.ts";

/** What can be no element's name is left out. */
const NAME = /^[A-Za-z_][\w.-]*$/;

export function xmlOf(action: string, result: Json): string {
  return `<${action}Response><${action}Result>${inner(result)}</${action}Result></${action}Response>`;
}

/** Of the REST protocol: a list is its element again and again. https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html */
export function restXmlOf(value: Json, name = ""): string {
  if (Array.isArray(value)) return value.map((item) => restXmlOf(item, name)).join("");
  const content =
    typeof value === "object" && value !== null
      ? Object.entries(value).map(([key, item]) => (NAME.test(key) ? restXmlOf(item, key) : ""))
      : [escaped(String(value ?? ""))];
  return name === "" ? content.join("") : `<${name}>${content.join("")}</${name}>`;
}

function inner(value: Json): string {
  if (Array.isArray(value)) return value.map((item) => `<member>${inner(item)}</member>`).join("");
  if (typeof value !== "object" || value === null) return escaped(String(value ?? ""));
  return Object.entries(value)
    .filter(([name]) => NAME.test(name))
    .map(([name, item]) => `<${name}>${inner(item)}</${name}>`)
    .join("");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
