/** Debian's Chromium, for what people look at. A page loads nothing from anywhere. */
import { existsSync } from "node:fs";
import { type Browser, type Page, chromium } from "playwright-core";

const CANDIDATES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

export const chromiumPath: string | undefined =
  process.env["CHROMIUM"] ?? CANDIDATES.find((path) => existsSync(path));

/** Belongs into the name of a test that is left out without it. */
export const needsChromium: string =
  chromiumPath === undefined ? " (SKIPPED: no chromium here; apt-get install chromium)" : "";

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    // The sandbox needs rights that root in a container has not.
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
  });
}

/** A page that has Mermaid. What goes wrong in the page is an error of the test. */
export async function mermaidPage(browser: Browser): Promise<Page> {
  const page = await browser.newPage();
  await page.setContent("<!doctype html><meta charset=utf-8><body></body>");
  await page.addScriptTag({ path: `${import.meta.dirname}/../../node_modules/mermaid/dist/mermaid.min.js` });
  await page.evaluate("mermaid.initialize({ startOnLoad: false, securityLevel: 'strict' })");
  return page;
}

/** The picture as SVG. Rejects with Mermaid's own words for what is no Mermaid. */
export async function drawMermaid(page: Page, text: string): Promise<string> {
  return page.evaluate(async (source) => {
    const { mermaid } = globalThis as unknown as {
      mermaid: { render: (id: string, text: string) => Promise<{ svg: string }> };
    };
    const { svg } = await mermaid.render(`picture${Math.random().toString(36).slice(2)}`, source);
    return svg;
  }, text);
}
