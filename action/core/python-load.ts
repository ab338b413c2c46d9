/** What is run to load a Python function, and what its report comes to. */
import { hasShape } from "./load-report.ts";
import type { LoadRequest, LoadResult } from "./passport.ts";
import type { Place } from "./problem.ts";
import { moduleOrigin } from "./python-modules.ts";
import { pythonVersion } from "./python-source.ts";
import { parsedJson } from "./value.ts";

/** What the program below writes on file descriptor 3, as JSON. */
export type PythonReport =
  /** `binaries`: paths in the artifact that the process has mapped. */
  | { readonly kind: "loaded"; readonly milliseconds: number; readonly binaries: readonly string[] }
  /** `name`: of the handler. `detail`: what is wrong with it. */
  | { readonly kind: "handler"; readonly name: string; readonly line: number; readonly detail: string }
  | {
      readonly kind: "failed";
      /** For example `ModuleNotFoundError`. */
      readonly error: string;
      readonly message: string;
      /** The module that was not found. */
      readonly missing: string | null;
      /** The environment variable that was asked for and is not set. */
      readonly variable: string | null;
      /** Of files in the artifact, outermost first. `packaged`: a package's and not the function's own. */
      readonly frames: readonly Frame[];
    };

interface Frame {
  readonly path: string;
  readonly line: number;
  readonly packaged: boolean;
}

/** Some packages answer with a page of advice. */
const MESSAGE_LENGTH = 400;

/**
 * Arguments: the artifact's folder, module, handler. Imports as Lambda does, with the folder first on the path, and
 * refuses whatever opens a connection.
 */
export const LOAD_PROGRAM = `
import sys, os, json, time, importlib, inspect, csv, glob
folder, module_name, handler_name = sys.argv[1:4]
report_file = os.fdopen(3, "w")

def no_network(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        raise OSError("there is no network while a function is loaded")

def variable_of(error):
    """The name, if the error is that of os.environ[name]."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame
    asked = isinstance(error, KeyError) and (frame.f_globals.get("__name__"), frame.f_code.co_name) == ("os", "__getitem__")
    return error.args[0] if asked else None

def packaged_files():
    found = set()
    for record in glob.glob(os.path.join(glob.escape(folder), "*.dist-info", "RECORD")):
        with open(record, newline="") as lines:
            found.update(line[0] for line in csv.reader(lines) if line)
    return found

def inside(path):
    return path.startswith(folder + os.sep) and path[len(folder) + 1:] or None

def frames_of(error):
    packaged = packaged_files()
    found = []
    trace = error.__traceback__
    while trace is not None:
        found.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename:
        found.append((error.filename, error.lineno or 1))
    inner = [(inside(path), line) for path, line in found]
    return [{"path": p, "line": line, "packaged": p in packaged} for p, line in inner if p]

def binaries():
    found = set()
    with open("/proc/self/maps") as maps:
        for line in maps:
            path = inside(line.split(maxsplit=5)[-1].strip()) if "/" in line else None
            if path:
                found.add(path)
    return sorted(found)

def handler_fault(handler):
    if not callable(handler):
        return "is no function"
    if inspect.iscoroutinefunction(handler):
        return "is \`async\`, and Lambda's Python runtime does not await it"
    if inspect.isgeneratorfunction(handler):
        return "is a generator, and Lambda's Python runtime cannot return one"
    try:
        inspect.signature(handler).bind(None, None)
    except TypeError:
        return "does not take the two arguments that Lambda passes, \`event\` and \`context\`"
    except ValueError:
        return None
    return None

sys.path.insert(0, folder)
sys.addaudithook(no_network)
start = time.monotonic()
try:
    module = importlib.import_module(module_name)
    milliseconds = round((time.monotonic() - start) * 1000)
    handler = getattr(module, handler_name, None)
    fault = "is not there" if not hasattr(module, handler_name) else handler_fault(handler)
    if fault:
        line = getattr(getattr(handler, "__code__", None), "co_firstlineno", 1)
        report = {"kind": "handler", "name": handler_name, "line": line, "detail": fault}
    else:
        report = {"kind": "loaded", "milliseconds": milliseconds, "binaries": binaries()}
except BaseException as error:
    told = error
    while isinstance(told, ImportError) and told.__cause__ is not None:
        told = told.__cause__
    report = {"kind": "failed", "error": type(told).__name__, "message": str(told).replace(folder, "/var/task"), "variable": variable_of(error),
              "missing": getattr(told, "name", None) if isinstance(told, ImportError) else None, "frames": frames_of(error)}
print(json.dumps(report), file=report_file, flush=True)
os._exit(0)
`;

/** One of each, which a report is held to. */
const REPORTS: readonly PythonReport[] = [
  { kind: "loaded", milliseconds: 0, binaries: [""] },
  { kind: "handler", name: "", line: 0, detail: "" },
  {
    kind: "failed",
    error: "",
    message: "",
    missing: null,
    variable: null,
    frames: [{ path: "", line: 0, packaged: true }],
  },
];

/** One or none: what is imported may write to that file descriptor, too. */
export function parsePythonReport(line: string): readonly PythonReport[] {
  const report = parsedJson(line);
  const isReport = REPORTS.some(
    (one) => hasShape(report, one) && (report as unknown as PythonReport).kind === one.kind,
  );
  return isReport ? [report as unknown as PythonReport] : [];
}

/** What the report says of the artifact. */
export function pythonLoadResult(request: LoadRequest, report: PythonReport): LoadResult {
  if (report.kind === "loaded") return report;
  const { source, runtime } = request;
  if (report.kind === "handler") {
    return {
      kind: "failed",
      problem: {
        place: { file: source, line: report.line, column: 1 },
        message: `\`${report.name}\` ${report.detail}`,
        hint: `Write \`def ${report.name}(event, context):\`.`,
      },
    };
  }
  if (report.variable !== null && request.environment === undefined) {
    const why = `the file reads the environment variable ${report.variable} when it is imported, which only a stack sets`;
    return { kind: "inconclusive", why };
  }
  if (
    report.missing !== null &&
    moduleOrigin(topOf(report.missing), pythonVersion(runtime) ?? "").kind === "runtime"
  ) {
    return { kind: "not-loaded", why: `${report.missing} comes from Lambda's runtime, which is not here` };
  }
  const own = report.frames.findLast(({ packaged }) => !packaged);
  const inner = report.frames.at(-1);
  const from = inner === undefined || inner === own ? "" : `, in ${inner.path}:${inner.line}`;
  return {
    kind: "failed",
    problem: {
      place: own === undefined ? request.place : placeIn(own, source),
      message: `\`${source}\` cannot be imported by ${runtime}: ${report.error}: ${oneLine(report.message)}${from}`,
      hint: hintOf(report),
    },
  };
}

function oneLine(text: string): string {
  const line = text.trim().replaceAll(/\s*\n\s*/g, " ");
  return line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH)}…` : line;
}

function topOf(module: string): string {
  return module.split(".")[0] ?? module;
}

/** The function's own files lie in the artifact as they do in the source's folder. */
function placeIn({ path, line }: Frame, source: string): Place {
  return { file: `${source.slice(0, source.lastIndexOf("/") + 1)}${path}`, line, column: 1 };
}

function hintOf({ error, message, missing, variable }: PythonReport & { readonly kind: "failed" }): string {
  if (variable !== null)
    return `The environment variable ${variable} is not set: draw the arrow that sets it, or set it by \`overrides\`.`;
  if (error === "ModuleNotFoundError" && missing !== null)
    return `Add the package that has \`${missing}\` to requirements.txt, or the module to the source's folder.`;
  if (error === "FileNotFoundError")
    return "Only what is imported goes along: put data into a package, a folder with `__init__.py` that is imported.";
  if (/no network/.test(message))
    return "Make connections in the handler or on its first call: an import that waits for the network slows every start.";
  return "Run the file with that version of Python to see the same.";
}
