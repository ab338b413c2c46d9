// Makes the checkout ready (npm packages, Node 24, the Python tools), then runs one script on Node 24.
// Plain JavaScript on purpose: it is the only file that must run on whatever Node >= 20 the machine has.
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const say = (text) => process.stderr.write(`setup: ${text}\n`);

const running = new Set();

/** Runs a set-up command; on failure prints what it said and ends, since nothing after it can work. */
async function must(what, command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text) => (said += text));
  const why = await new Promise((resolve) => {
    child.once("error", (error) => resolve(`: ${error.message}`));
    child.once("close", (status) => resolve(status === 0 ? undefined : ""));
  });
  running.delete(child);
  if (why === undefined) return;
  for (const other of running) other.kill();
  process.stderr.write(said);
  say(`${what} failed${why}`);
  process.exit(1);
}

/** A stamp file holds the hash of what was installed, so that an unchanged checkout starts at once. */
async function once(stamp, inputs, install) {
  const hash = createHash("sha256");
  for (const input of inputs) hash.update(readFileSync(join(root, input)));
  const digest = hash.digest("hex");
  const file = join(root, stamp);
  if (existsSync(file) && readFileSync(file, "utf8") === digest) return;
  await install();
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, digest);
}

function python() {
  for (const name of ["python3.13", "python3.12", "python3.11", "python3"]) {
    const found = spawnSync(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]);
    if (found.status === 0) return name;
  }
  say("Python 3.10 or newer is needed for the embedded AWS and cfn-lint. Install it and run this again.");
  process.exit(1);
}

// Both at once: one waits for the network while the other unpacks.
await Promise.all([
  once("node_modules/.warren-setup", ["package-lock.json"], () => {
    say("npm packages (npm ci)");
    return must("npm ci", "npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
  }),
  once(".venv/.warren-setup", ["requirements.txt"], async () => {
    say("Python tools: the embedded AWS, cfn-lint (about a minute)");
    rmSync(join(root, ".venv"), { recursive: true, force: true });
    await must("python -m venv", python(), ["-m", "venv", ".venv"]);
    await must("pip install", join(root, ".venv/bin/pip"), [
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--require-hashes",
      "--requirement",
      "requirements.txt",
    ]);
  }),
]);

/** Node 24 comes as an npm package; a machine that already runs 24 or newer needs none. */
function node24() {
  const packaged = join(root, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
  if (existsSync(packaged)) return packaged;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  say(`no Node 24 for ${process.platform}-${process.arch} on npm: install Node 24 and run this again.`);
  process.exit(1);
}

const [script, ...args] = process.argv.slice(2);
if (script) {
  const node = node24();
  const path = [
    dirname(node),
    join(root, "node_modules/.bin"),
    join(root, ".venv/bin"),
    process.env.PATH,
  ].join(":");
  const child = spawn(node, [script, ...args], {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PATH: path },
  });
  // Ctrl-C reaches the whole process group; this parent only has to wait until the child has cleaned up.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
} else {
  say("ready");
}
