/** Functions over packages that must load, each with what it returns only if the package really works. */
export interface Loads {
  readonly code: string;
  readonly result: unknown;
}

export const LOADS: Readonly<Record<string, Loads>> = {
  "@node-rs/argon2": {
    code: `
      import { hash, verify } from "@node-rs/argon2";
      export const handler = async () => verify(await hash("carrot"), "carrot");`,
    result: true,
  },
  bcrypt: {
    code: `
      import bcrypt from "bcrypt";
      export const handler = async () => bcrypt.compare("carrot", await bcrypt.hash("carrot", 4));`,
    result: true,
  },
  sharp: {
    code: `
      import sharp from "sharp";
      const picture = { width: 40, height: 30, channels: 3, background: "red" } as const;
      export async function handler() {
        const png = await sharp({ create: picture }).resize(4).png().toBuffer();
        const { format, width, height } = await sharp(png).metadata();
        return { format, width, height };
      }`,
    result: { format: "png", width: 4, height: 3 },
  },
  "better-sqlite3": {
    code: `
      import Database from "better-sqlite3";
      export const handler = async () => new Database(":memory:").prepare("select 6 * 7 as n").get();`,
    result: { n: 42 },
  },
  "@napi-rs/canvas": {
    code: `
      import { createCanvas } from "@napi-rs/canvas";
      export async function handler() {
        const canvas = createCanvas(4, 3);
        canvas.getContext("2d").fillRect(0, 0, 1, 1);
        return [...canvas.getContext("2d").getImageData(0, 0, 2, 1).data];
      }`,
    result: [0, 0, 0, 255, 0, 0, 0, 0],
  },
  "@duckdb/node-api": {
    code: `
      import { DuckDBInstance } from "@duckdb/node-api";
      export async function handler() {
        const connection = await (await DuckDBInstance.create(":memory:")).connect();
        return (await connection.runAndReadAll("select 6 * 7 as n")).getRowsJson();
      }`,
    result: [[42]],
  },
  // ES modules only.
  nanoid: {
    code: `
      import { nanoid } from "nanoid";
      export const handler = async () => nanoid(12).length;`,
    result: 12,
  },
  // CommonJS with an optional addon, pg-native, that is not there.
  pg: {
    code: `
      import pg from "pg";
      export const handler = async () => new pg.Client().escapeIdentifier('a"b');`,
    result: '"a""b"',
  },
  // Requires the module of a view engine by a name that only the running program knows.
  express: {
    code: `
      import express from "express";
      export async function handler() {
        const app = express();
        app.set("views", "/nowhere");
        try {
          app.render("page.paper", {}, () => undefined);
        } catch (error) {
          return (error as { code: string }).code;
        }
      }`,
    result: "MODULE_NOT_FOUND",
  },
  // Requires whichever driver is asked for; five of six are not installed.
  knex: {
    code: `
      import knex from "knex";
      export const handler = async () => knex({ client: "pg" })("burrows").select("depth").toString();`,
    result: 'select "depth" from "burrows"',
  },
  // Read their own files.
  pdfkit: {
    code: `
      import PDFDocument from "pdfkit";
      export async function handler() {
        const page = new PDFDocument();
        const parts: Buffer[] = [];
        page.on("data", (part: Buffer) => parts.push(part));
        page.font("Times-Roman").text("a burrow").end();
        await new Promise((resolve) => page.on("end", resolve));
        return Buffer.concat(parts).subarray(0, 5).toString();
      }`,
    result: "%PDF-",
  },
  jsdom: {
    code: `
      import { JSDOM } from "jsdom";
      export const handler = async () => new JSDOM("<p>hole</p>").window.document.querySelector("p")?.textContent;`,
    result: "hole",
  },
  // Of its seven binaries for Linux only the one for this Node's ABI fits; the others need glibc 2.38.
  zeromq: {
    code: `
      import { Push, version } from "zeromq";
      export const handler = async () => [typeof Push, version.split(".")[0]];`,
    result: ["function", "4"],
  },
  // Its browser is packed with brotli, which no check of binaries looks into: what is loaded is its JavaScript.
  "@sparticuz/chromium": {
    code: `
      import chromium from "@sparticuz/chromium";
      export const handler = async () => chromium.args.includes("--headless='shell'");`,
    result: true,
  },
};
