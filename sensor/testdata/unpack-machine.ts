// Unpacks the files of a captured machine from one text file into a folder. README.md describes the format.
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Creates a folder that disposing deletes. */
export function makeRoot(text: string, besides = import.meta.dir): { root: string } & Disposable {
  const root = mkdtempSync(join(tmpdir(), "attacklens-machine-"));
  for (const [header = "", ...lines] of text.split(/^-- (?=\/)/m).slice(1).map((part) => part.split("\n"))) {
    const [, path = "", sign, target = ""] = /^(.+?)(?: (->|<-) (.+))?$/.exec(header) ?? [];
    const place = join(root, path);
    mkdirSync(path.endsWith("/") ? place : dirname(place), { recursive: true });
    if (sign === "->") symlinkSync(target, place);
    else if (sign === "<-") copyFileSync(join(besides, target), place);
    else if (!path.endsWith("/")) writeFileSync(place, lines.join("\n"));
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

export function makeMachine(name: string): { root: string } & Disposable {
  const folder = join(import.meta.dir, name);
  return makeRoot(readFileSync(join(folder, "host.txt"), "utf8"), folder);
}
