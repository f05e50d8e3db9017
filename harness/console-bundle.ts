// Bundles the console for the server's program. Bun's bundler would also take the page as an import of the
// program, but then it lists style sheets that no page uses, in an order that changes with each build.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT, TaskError } from "./terminal.ts";
import { withoutReference } from "./without-reference.ts";

const PAGE = "index.html";

/**
 * Writes the files of the console and an entry of the program that contains them. Returns the path of the
 * entry, which is the same for the same files. `dist`: the folder of builds.
 */
export async function bundleConsole(dist: string): Promise<string> {
  const bundles = join(dist, ".console");
  mkdirSync(bundles, { recursive: true });
  const unfinished = mkdtempSync(join(bundles, ".unfinished-"));
  try {
    const { success, logs } = await Bun.build({
      entrypoints: [join(ROOT, "console/src/index.html")],
      outdir: unfinished,
      minify: true,
      splitting: true,
      define: {
        // The libraries omit their development build only if NODE_ENV is "production".
        "process.env.NODE_ENV": '"production"',
        // Otherwise, zod tries to compile code, which the Content-Security-Policy forbids and reports.
        "globalThis.__zod_globalConfig": '{"jitless":true}',
      },
      plugins: [withoutReference],
      throw: false,
    });
    if (!success) throw new TaskError(`Cannot build the console:\n${logs.join("\n")}`);
    const page = readFileSync(join(unfinished, PAGE), "utf8");
    const names = readdirSync(unfinished)
      .filter((name) => !name.endsWith(".css") || page.includes(name))
      .sort();
    const digest = new Bun.CryptoHasher("sha256").update(page).update(names.join("\n")).digest("hex");
    // The names of the other files contain hashes of them.
    const folder = join(bundles, digest.slice(0, 16));
    const entry = "attacklens.ts";
    await Bun.write(join(unfinished, entry), entryOf(names));
    if (!existsSync(folder)) moveOnce(unfinished, folder);
    return join(folder, entry).slice(ROOT.length + 1);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function entryOf(names: string[]): string {
  const imports = names.map((name, nth) => `import file${nth} from "./${name}" with { type: "file" };`);
  const files = names.map((name, nth) => {
    const type = Bun.file(name).type;
    return `  { name: ${JSON.stringify(name)}, path: file${nth}, type: ${JSON.stringify(type)} },`;
  });
  return `${imports.join("\n")}
import { main } from "../../../server/main.ts";

// If no process reads standard output or error, a pending write would keep the program running.
process.exit(await main(process.argv.slice(2), [
${files.join("\n")}
]));
`;
}

/** Another build may have moved the same files there first. */
function moveOnce(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}
