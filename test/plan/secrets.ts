/** Secrets in their issuers' forms, put together at run time: none stands in this file as a scanner would find it. */
import { createHash } from "node:crypto";

/** Always the same characters, which look random. */
function random(seed: string, length: number, alphabet = BASE62): string {
  let text = "";
  for (let round = 0; text.length < length; round++) {
    const bytes = createHash("sha512").update(`${seed} ${round}`).digest();
    text += Array.from(bytes, (byte) => alphabet[byte % alphabet.length] ?? "").join("");
  }
  return text.slice(0, length);
}

const BASE62 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE64 = `${BASE62}+/`;
const BASE64URL = `${BASE62}-_`;
const HEX = "0123456789abcdef";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const DIGITS = "0123456789";

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}

const dashes = "-".repeat(5);

/** What each is, and the part of it that nobody may read. */
export const SECRETS: Readonly<Record<string, string>> = {
  "AWS access key id": `AKIA${random("a", 16, UPPER)}`,
  "AWS secret access key": random("b", 40, BASE64),
  "AWS session token": `IQoJb3JpZ2lu${random("c", 300, BASE64)}==`,
  "GitHub classic token": `ghp_${random("d", 36)}`,
  "GitHub fine-grained token": `github_pat_${random("e", 22)}_${random("e2", 59)}`,
  "GitHub installation token": `ghs_${random("f", 36)}`,
  "GitLab token": `glpat-${random("g", 20, BASE64URL)}`,
  "Slack bot token": `xoxb-${random("h", 12, DIGITS)}-${random("h2", 12, DIGITS)}-${random("h3", 24)}`,
  "Slack webhook": `https://hooks.slack.com/services/T${random("i", 8, UPPER)}/B${random("i2", 10, UPPER)}/${random("i3", 24)}`,
  JWT: `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url('{"sub":"1234567890","admin":true}')}.${random("j", 43, BASE64URL)}`,
  "private key": `${dashes}BEGIN RSA PRIVATE KEY${dashes}\n${random("k", 64, BASE64)}\n${random("k2", 64, BASE64)}\n${dashes}END RSA PRIVATE KEY${dashes}`,
  "Stripe key": `sk_live_${random("l", 24)}`,
  "Stripe webhook secret": `whsec_${random("m", 32)}`,
  "Google API key": `AIza${random("n", 35, BASE64URL)}`,
  "Google OAuth secret": `GOCSPX-${random("o", 28, BASE64URL)}`,
  "Azure storage key": `${random("p", 86, BASE64)}==`,
  "Azure client secret": `${random("q", 3)}8Q~${random("q2", 34)}`,
  "OpenAI key": `sk-proj-${random("r", 48)}`,
  "Anthropic key": `sk-ant-api03-${random("s", 93, BASE64URL)}`,
  "Hugging Face token": `hf_${random("t", 34)}`,
  "npm token": `npm_${random("u", 36)}`,
  "PyPI token": `pypi-AgEIcHlwaS5vcmc${random("v", 120, BASE64URL)}`,
  "SendGrid key": `SG.${random("w", 22, BASE64URL)}.${random("w2", 43, BASE64URL)}`,
  "Twilio key": `SK${random("x", 32, HEX)}`,
  "Mailchimp key": `${random("y", 32, HEX)}-us12`,
  "DigitalOcean token": `dop_v1_${random("z", 64, HEX)}`,
  "Telegram bot token": `${random("A", 9, DIGITS).replace(/^0/, "1")}:AA${random("A2", 33, BASE64URL)}`,
  "Datadog key": random("B", 32, HEX),
  "Vault token": `hvs.${random("C", 90, BASE64URL)}`,
  "Shopify token": `shpat_${random("D", 32, HEX)}`,
  "bcrypt hash": `$2b$10$${random("E", 53, `${BASE62}./`)}`,
  "random base64": random("F", 44, BASE64),
};

/** Nothing about them tells that they are secret but where they stand. */
export const PLAIN_SECRETS: Readonly<Record<string, string>> = {
  "a word": "correcthorse",
  "a sentence": "the rabbit's hole is behind the third tree",
  "a password": "Sommer-2024!",
};

export function connectionString(password: string): string {
  return `postgres://admin:${password}@db.example.com:5432/app`;
}
