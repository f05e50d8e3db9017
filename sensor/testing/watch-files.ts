// Collects like the sensor does, and records which files and folders the collectors ask for.
import { CATEGORIES, type Category } from "@attacklens/protocol/inventory/categories.ts";
import { collectHostFacts, collectorsFor, runCollector } from "../collectors/collect.ts";
import { NotOnThisHost } from "../collectors/collector.ts";
import type { HostFiles } from "../collectors/host-files.ts";
import type { CategoryResult } from "../collectors/result.ts";
import { summarize } from "../commands/collect-summary.ts";
import { cutCategory } from "../inventory/cut-category.ts";

export interface Watched {
  results: [Category, CategoryResult<Category>][];
  /** Paths of files whose content was asked for, whether they exist or not. */
  read: Set<string>;
  /** Of these, only the first line is used: the file is one value. */
  lines: Set<string>;
  listed: Set<string>;
}

export async function collectWatched(root: string): Promise<Watched> {
  const watched: Watched = { results: [], read: new Set(), lines: new Set(), listed: new Set() };
  const collectors = collectorsFor(root);
  for (const category of CATEGORIES) {
    const collector = collectors[category];
    if (collector === undefined) continue;
    const collect = collector as (files: HostFiles) => ReturnType<NonNullable<typeof collector>>;
    const result = await runCollector<Category>((files) => collect(watch(files, watched)) as never, root);
    watched.results.push([category, result]);
  }
  return watched;
}

function watch(files: HostFiles, { read, lines, listed }: Watched): HostFiles {
  const note = <A extends unknown[], R>(paths: Set<string>, work: (path: string, ...more: A) => R) => {
    return (path: string, ...more: A) => {
      paths.add(path);
      return work(path, ...more);
    };
  };
  return {
    ...files,
    readText: note(read, files.readText),
    findText: note(read, files.findText),
    findBytes: note(read, files.findBytes),
    open: note(read, files.open),
    findLine: note(lines, files.findLine),
    list: note(listed, files.list),
    listEntries: note(listed, files.listEntries),
  };
}

/** Everything that leaves the host or is printed: items, gaps, reasons and the summary. */
export async function reportOf(root: string, { results }: Watched): Promise<string> {
  const printed = summarize(
    results.map(([category, result]) => [category, cutCategory(category, result)]),
    root,
  );
  // What was seen stays on the host.
  const items = JSON.stringify(results, (name, value) => (name === "seen" ? undefined : value), 1);
  const facts = await collectHostFacts(root).catch((error: unknown) => {
    // The network of a disk with Windows or macOS is not known.
    if (error instanceof NotOnThisHost) return undefined;
    throw error;
  });
  return [items, printed, JSON.stringify(facts)].join("\n");
}
