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
  "AWS access key id": `AK${"IA"}${random("a", 16, UPPER)}`,
  "AWS secret access key": random("b", 40, BASE64),
  "AWS session token": `IQoJb3Jp${"Z2lu"}${random("c", 300, BASE64)}==`,
  "GitHub classic token": `gh${"p_"}${random("d", 36)}`,
  "GitHub fine-grained token": `github${"_pat_"}${random("e", 22)}_${random("e2", 59)}`,
  "GitHub installation token": `gh${"s_"}${random("f", 36)}`,
  "GitLab token": `gl${"pat-"}${random("g", 20, BASE64URL)}`,
  "Slack bot token": `xo${"xb-"}${random("h", 12, DIGITS)}-${random("h2", 12, DIGITS)}-${random("h3", 24)}`,
  "Slack webhook": `https://hooks.sl${"ack.com/services/"}T${random("i", 8, UPPER)}/B${random("i2", 10, UPPER)}/${random("i3", 24)}`,
  JWT: `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url('{"sub":"1234567890","admin":true}')}.${random("j", 43, BASE64URL)}`,
  "private key": `${dashes}BEGIN RSA ${"PRIVATE"} KEY${dashes}\n${random("k", 64, BASE64)}\n${random("k2", 64, BASE64)}\n${dashes}END RSA ${"PRIVATE"} KEY${dashes}`,
  "Stripe key": `sk_${"live_"}${random("l", 24)}`,
  "Stripe webhook secret": `wh${"sec_"}${random("m", 32)}`,
  "Google API key": `AI${"za"}${random("n", 35, BASE64URL)}`,
  "Google OAuth secret": `GOC${"SPX-"}${random("o", 28, BASE64URL)}`,
  "Azure storage key": `${random("p", 86, BASE64)}==`,
  "Azure client secret": `${random("q", 3)}8Q~${random("q2", 34)}`,
  "OpenAI key": `sk-${"proj-"}${random("r", 48)}`,
  "Anthropic key": `sk-${"ant-api03-"}${random("s", 93, BASE64URL)}`,
  "Hugging Face token": `hf${"_"}${random("t", 34)}`,
  "npm token": `np${"m_"}${random("u", 36)}`,
  "PyPI token": `py${"pi-"}AgEIcHlwaS5vcmc${random("v", 120, BASE64URL)}`,
  "SendGrid key": `S${"G."}${random("w", 22, BASE64URL)}.${random("w2", 43, BASE64URL)}`,
  "Twilio key": `S${"K"}${random("x", 32, HEX)}`,
  "Mailchimp key": `${random("y", 32, HEX)}-us${"12"}`,
  "DigitalOcean token": `do${"p_v1_"}${random("z", 64, HEX)}`,
  "Telegram bot token": `${random("A", 9, DIGITS).replace(/^0/, "1")}:AA${random("A2", 33, BASE64URL)}`,
  "Datadog key": random("B", 32, HEX),
  "Vault token": `hv${"s."}${random("C", 90, BASE64URL)}`,
  "Shopify token": `shp${"at_"}${random("D", 32, HEX)}`,
  "bcrypt hash": `$2${"b$"}10$${random("E", 53, `${BASE62}./`)}`,
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
