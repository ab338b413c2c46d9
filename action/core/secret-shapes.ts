/**
 * How secrets look. Each pattern follows what the issuer documents of its tokens (prefix, alphabet, length), loosely at
 * the end: tokens grow, and a part of one must not stay behind. The lists on npm are asynchronous or bring a linter
 * along; this one has to run on every line that is printed.
 */
import { type Span, isWithin, sourcePaths } from "./source-path.ts";

/** What a pattern's group `hide` matches is the secret; without that group, all of it. */
const SHAPES: readonly RegExp[] = [
  // RFC 7468. Cut off in the middle it is still a key, hence to the end of the text.
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|$)/,
  // RFC 7519; also the new GitHub tokens that carry one.
  /(?:gh[a-z]_)?\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/,
  // AWS: key ids of IAM users, roles' sessions, bearers; session tokens; Bedrock keys.
  /\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{12,}\b/,
  /\b(?:IQoJb3JpZ2lu|FwoGZXIvYXdz|FQoGZXIvYXdz)[\w+/=%-]{40,}/,
  /\b(?:ABSK|bedrock-api-key-)[\w+/=-]{40,}/,
  // GitHub (all kinds), GitLab, Bitbucket and Atlassian.
  /\b(?:gh[a-z]|github_pat)_[\w.-]{20,}/,
  /\bgl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|ffct|imt|oas)-[\w.-]{20,}/,
  /\bAT(?:ATT|CTT|BB)[A-Za-z0-9][\w=-]{20,}/,
  // Slack: tokens, app tokens, incoming webhooks. Discord, Teams.
  /\bxox[a-z](?:\.xox[a-z])?-(?=[\w-]*\d)[\w-]{10,}/,
  /\bxapp-\d-[\w-]{10,}/,
  /\bhooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/(?<hide>[\w/]{20,})/,
  /\bdiscord(?:app)?\.com\/api\/webhooks\/(?<hide>\d+\/[\w-]{20,})/,
  /\b[MNO][\w-]{22,27}\.[\w-]{6}\.[\w-]{27,}/,
  /\bwebhook\.office\.com\/(?<hide>webhookb2\/[\w@/-]{20,})/,
  // Stripe and those that took its form; payment.
  /\b[a-z]{2,6}_(?:live|test|prod)_(?=[A-Za-z]*\d)[A-Za-z0-9]{10,}/,
  /\bwhsec_[\w+/=]{16,}/,
  /\bsq0[a-z]{3}-[\w-]{20,}/,
  /\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}/,
  // Google: API keys, OAuth clients, access and refresh tokens.
  /\bAIza[\w-]{30,}/,
  /\bGOCSPX-[\w-]{20,}/,
  /\bya29\.[\w.-]{20,}/,
  /\b1\/\/0[\w-]{30,}/,
  // Azure: storage and service bus keys, signatures, client secrets.
  /\b(?:AccountKey|SharedAccessKey|SharedSecretValue)=(?<hide>[\w+/=%]{20,})/,
  /[?&]sig=(?<hide>[\w%+/=-]{20,})/,
  /\b[\w~.-]{3}\dQ~[\w~.-]{31,}/,
  // Models: OpenAI, Anthropic, Hugging Face, Replicate, Groq, Perplexity, xAI.
  /\bsk-(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{20,}/,
  /\b(?:hf|gsk|r8|xai|pplx)[_-][A-Za-z0-9]{20,}/,
  // Packages: npm, PyPI, RubyGems, Docker, NuGet, crates.io.
  /\bnpm_[A-Za-z0-9]{20,}/,
  /\bpypi-[\w-]{50,}/,
  /\brubygems_[0-9a-f]{40,}/,
  /\bdckr_[a-z]{3}_[\w-]{20,}/,
  /\boy2[a-z0-9]{43}\b/,
  /\bcio[A-Za-z0-9]{32}\b/,
  // Mail and messages: SendGrid, Mailgun, Mailchimp, Brevo, Twilio, Telegram.
  /\bSG\.[\w-]{16,}\.[\w-]{16,}/,
  /\b(?:pub)?key-[0-9a-f]{32}\b/,
  /\b[0-9a-f]{32}-us\d{1,2}\b/,
  /\bxkeysib-[0-9a-f]{64}-\w+/,
  /\b(?:SK|AC)[0-9a-f]{32}\b/,
  /\b\d{8,10}:AA[\w-]{33,}/,
  // Clouds, data, operations: DigitalOcean, Heroku, Databricks, Terraform, Vault, Pulumi, Doppler, Grafana, New Relic,
  // Sentry, PlanetScale, Supabase, Postman, Linear, Notion, Figma, Airtable, Fly, Vercel, Cloudflare, Datadog, age.
  /\bdo[opr]_v1_[0-9a-f]{40,}/,
  /\bHRKU-[\w-]{30,}/,
  /\bdapi[0-9a-f]{32}/,
  /\b[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{50,}/,
  /\bhv[sbr]\.[\w-]{20,}/,
  /\b(?:sntry[a-z]|glsa|glc|pscale_[a-z]+|sbp|sb_secret|lin_(?:api|oauth)|ntn|figd)_[\w=.+/-]{20,}/,
  /\b(?:pul|v1\.0)-[0-9a-f]{20,}/,
  /\bdp\.[a-z]{2,6}\.[\w.-]{20,}/,
  /\b(?:NRAK|NRJS|NRII|PMAK)-[\w-]{20,}/,
  /\bpat[A-Za-z0-9]{14}\.[0-9a-f]{64}/,
  /\bAGE-SECRET-KEY-1[A-Z0-9]{40,}/,
  // Hashes of passwords are as good as the password to a dictionary: bcrypt, argon2, crypt.
  /\$(?:2[abxy]?|argon2(?:id?|d)|[156y])\$[\w./$=,+-]{20,}/,
  // A name and password in an address: databases, brokers, proxies, git remotes. Up to the last `@`, as passwords are
  // written there without escapes; a port is none.
  /\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/?#@"'<>]{0,200}:(?!\d{1,5}(?:[/?#]|$))(?<hide>[^\s"'<>]+)@(?=[^\s@"'<>])/i,
  // Signed addresses of S3 and others.
  /[?&](?:X-Amz-(?:Signature|Security-Token|Credential)|Signature|AWSAccessKeyId|X-Goog-Signature|access_token)=(?<hide>[^\s&"'<>]+)/i,
  // RFC 7617, RFC 6750.
  /\b(?:Basic|Bearer|Token)\s+(?<hide>(?=\S*\d)[\w.~+/-]{16,}=*)/i,
];

/** `password=...`, `"api_key": "..."`, `DB_PASSWORD: ...`, `--token ...`: whatever the value looks like. */
const ASSIGNMENT =
  /(?:password|passwd|passphrase|passwort|pwd|secret|(?<!request|next|client|continuation)token|(?:api|(?:secret[_.-]?)?access|account|auth|private|signing|encryption)[_.-]?key|credentials?)["']?\s{0,9}(?:=>?|:=?)\s{0,9}(?:(?<quote>["'])(?<quoted>(?:\\.|(?!\k<quote>)[^\\\n]){0,8000})\k<quote>|(?<bare>[^\s"',;&)}\]]+))/gi;

const COMPILED = SHAPES.map((shape) => new RegExp(shape.source, `${shape.flags}dg`));

/**
 * AWS's validation repeats the value that it refuses, up to a whole template: `Value '...' at 'templateBody' failed to
 * satisfy constraint`. A short one is shown unless it stands in a map whose keys the user has chosen.
 */
const ECHO = /\bvalue '(?<hide>[^']*(?:'(?! at ')[^']*)*)' at '(?<place>[\w.[\]-]{1,200})'/gi;
const ECHO_CHARACTERS = 64;
const OWN_KEYS = /environment|variable|parameter|input|payload|body|value|header/i;

/** Where in a text something stands that is a secret by its form or by the word before it. In order, apart. */
export function secretSpans(text: string): readonly Span[] {
  const spans = [...shapeSpans(text), ...assignmentSpans(text), ...echoSpans(text), ...randomSpans(text)];
  return united(spans);
}

/** Does the text hold a token of a known form? Names, ARNs and hashes of content do not count. */
export function looksSecret(text: string): boolean {
  return secretSpans(text).length > 0;
}

function shapeSpans(text: string): Span[] {
  return COMPILED.flatMap((shape) =>
    [...text.matchAll(shape)].flatMap(({ indices }): Span[] => {
      const [start, end] = indices?.groups?.["hide"] ?? indices?.[0] ?? [0, 0];
      return end > start ? [{ start, end }] : [];
    }),
  );
}

function echoSpans(text: string): Span[] {
  return [...text.matchAll(ECHO)].flatMap(({ index, groups }): Span[] => {
    const { hide = "", place = "" } = groups ?? {};
    if (hide === "" || (hide.length <= ECHO_CHARACTERS && !OWN_KEYS.test(place))) return [];
    const start = index + "value '".length;
    return [{ start, end: start + hide.length }];
  });
}

/** Words that say that there is no value, or that a sentence goes on, and names of a secret: they may be read. */
const NOTHING =
  /^(?:null|none|undefined|true|false|missing|required|expected|must|is|not|cannot|invalid|\*+|\[hidden\]|sha256:.*|arn:aws.*|\{\{resolve:.*)$/i;

function assignmentSpans(text: string): Span[] {
  return [...text.matchAll(ASSIGNMENT)].flatMap((match): Span[] => {
    const { quoted, bare } = match.groups ?? {};
    const value = quoted ?? bare ?? "";
    const end = match.index + match[0].length - (quoted === undefined ? 0 : 1);
    if (value === "" || NOTHING.test(value)) return [];
    // `it gets no credentials: they are not needed`: a colon, one word of letters, and the sentence goes on.
    const sentence =
      /:\s+$/.test(match[0].slice(0, -value.length)) && /^\s+[A-Za-z]/.test(text.slice(end, end + 3));
    if (quoted === undefined && sentence && /^[A-Za-z]+$/.test(value)) return [];
    return [{ start: end - value.length, end }];
  });
}

/** Of base64 and the like. Names, even generated ones, have runs of one class: `ProducerFunction-AB12CD34EFGH`. */
const RANDOM_WINDOW = 24;
const RANDOM_SWITCHES = 8;
const RANDOM_SIGNS = 3;
/** Keys of many services are 32 hex digits; a commit is 40, a hash of content 64. */
const HEX = /(?<![0-9a-z])(?:[0-9a-f]{32,}|[0-9A-F]{32,})(?![0-9a-z])/gi;

/**
 * Random texts change between lower case, upper case and digits at two of three places, words seldom. Counting that in
 * a window tells them apart where Shannon's entropy, at these lengths, does not.
 */
function randomSpans(text: string): Span[] {
  const spans: Span[] = [...text.matchAll(HEX)]
    .filter(([run]) => /\d/.test(run) && /[a-f]/i.test(run))
    .filter(
      ({ index }) =>
        !/(?:sha256[:-]|(?:functions|items|previews|templates)\/[\w/-]*|commit |digest |@|\/(?:commit|tree|blob)\/)$/i.test(
          text.slice(Math.max(0, index - 80), index),
        ),
    )
    .map((match) => ({ start: match.index, end: match.index + match[0].length }));
  for (const match of text.matchAll(/[\w+/=-]{24,}/g)) {
    if (isRandom(match[0])) spans.push({ start: match.index, end: match.index + match[0].length });
  }
  const paths = spans.length === 0 ? [] : sourcePaths(text);
  return spans.filter((span) => !isWithin(span, paths));
}

/** CloudFormation ends the names that it makes up with 12 or 13 random characters; a preview's stage has 6 hex digits. */
const MADE_UP = /^(?:[A-Za-z0-9]+-)+(?=[A-Za-z0-9]{12,13}$)/;
const STAGE_HASH = /(?<=-)[0-9a-f]{6}(?=-)/g;

function isRandom(text: string): boolean {
  const word = text
    .split("/")
    .map((part) => (MADE_UP.exec(part)?.[0] ?? part).replaceAll(STAGE_HASH, ""))
    .join("/");
  const classes = Array.from(word, classOf);
  const counts = { a: 0, A: 0, 0: 0, _: 0 };
  let switches = 0;
  for (const [at, one] of classes.entries()) {
    counts[one] += 1;
    switches += switchAt(classes, at);
    const left = classes[at - RANDOM_WINDOW];
    if (left === undefined) {
      if (at < RANDOM_WINDOW - 1) continue;
    } else {
      counts[left] -= 1;
      switches -= switchAt(classes, at - RANDOM_WINDOW + 1);
    }
    const mixed = counts.a > 0 && counts.A > 0 && counts[0] > 0 && counts._ <= RANDOM_SIGNS;
    if (mixed && switches >= RANDOM_SWITCHES) return true;
  }
  return false;
}

/** From one class to another within a word: 1. Signs part the words of a name, and one capital begins a word. */
function switchAt(classes: readonly string[], at: number): number {
  const [first, before = "_", one = "_"] = [classes[at - 2], classes[at - 1], classes[at]];
  if (before === "_" || one === "_" || before === one) return 0;
  return before === "A" && one === "a" && first !== "A" ? 0 : 1;
}

function classOf(character: string): "a" | "A" | "0" | "_" {
  if (/[a-z]/.test(character)) return "a";
  if (/[A-Z]/.test(character)) return "A";
  return /\d/.test(character) ? "0" : "_";
}

function united(spans: readonly Span[]): Span[] {
  const result: Span[] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (last && span.start <= last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    } else result.push(span);
  }
  return result;
}
