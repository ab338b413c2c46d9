// Loaded into a process with `--import`: leaves the most memory that it ever held, in bytes, in the file that is named.
import { writeFileSync } from "node:fs";

process.on("exit", () => {
  writeFileSync(process.env.WARREN_PEAK_FILE, String(process.resourceUsage().maxRSS * 1024));
});
