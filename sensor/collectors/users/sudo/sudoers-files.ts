// The text of all sudoers files in the order in which sudo reads it: a stack of files, each of which is left
// for a file that it includes and continued afterwards.
import { posix } from "node:path";
import { gapOf, TooSlow } from "../../collector.ts";
import type { HostFiles } from "../../host-files.ts";
import { readConfig } from "./read-config.ts";

/** sudo grows its stack by 16 files and checks its limit of 128 only then. */
const MAX_DEPTH = 144;
/** A file that includes itself twice is read without end by sudo itself. */
const MAX_FILES = 20_000;
const MAX_TOTAL_LENGTH = 16 * 1024 * 1024;
const VENDOR_FOLDER = "/usr/etc/";

export interface SudoersFiles {
  /** The file that is being read. Its text ends in a line break and contains no NUL. */
  readonly path: string;
  readonly text: string;
  /** The position in the text. The reader moves it forward. */
  at: number;
  line: number;
  /** Continues in the included file, or in the files of the included folder; false if there is none. */
  include(target: string): boolean;
  includeFolder(target: string): boolean;
  /** The sensor cannot read a file that sudo can. */
  readonly isIncomplete: boolean;
  /** After the end of a text, continues with the next file; false after the last one. */
  leave(): boolean;
}

const NO_FILE: OpenFile = { path: "", text: "", at: 0, line: 1, rest: [] };

interface OpenFile {
  path: string;
  text: string;
  at: number;
  line: number;
  /** The files of an included folder that come after this one, last first. */
  rest: string[];
}

/** `hostname` replaces `%h` in paths. */
export function openSudoersFiles(files: HostFiles, main: string, hostname: string): SudoersFiles {
  const texts = new Map<string, string | undefined>();
  const folders = new Map<string, string[]>();
  const stack: OpenFile[] = [];
  let openedFiles = 0;
  let totalLength = 0;
  let isIncomplete = false;

  function open(path: string, rest: string[], mustExist: boolean): boolean {
    if (openedFiles >= MAX_FILES || totalLength > MAX_TOTAL_LENGTH) {
      if (openedFiles < Number.POSITIVE_INFINITY)
        files.noteGap({
          kind: "limit",
          subject: path,
          reason: `more than ${MAX_FILES} files or too much text`,
        });
      openedFiles = Number.POSITIVE_INFINITY;
      return false;
    }
    openedFiles += 1;
    if (!texts.has(path)) texts.set(path, read(path, mustExist));
    const text = texts.get(path);
    if (text === undefined) return false;
    totalLength += text.length;
    stack.push({ path, text, at: 0, line: 1, rest });
    return true;
  }

  function read(path: string, mustExist: boolean): string | undefined {
    try {
      return readConfig(files, path, mustExist);
    } catch (error) {
      if (error instanceof TooSlow) throw error;
      files.noteGap(gapOf(error, path));
      isIncomplete = true;
      return undefined;
    }
  }

  function openNextOf(rest: string[]): boolean {
    for (let path = rest.pop(); path !== undefined; path = rest.pop())
      if (open(path, rest, false)) return true;
    return false;
  }

  /** A relative path starts at the file that contains it, and at its vendor's counterpart. */
  function resolve(target: string): string {
    const path = target.replaceAll("%h", hostname.replaceAll("/", "_"));
    if (path.startsWith("/")) return path;
    const folder = posix.dirname(top().path);
    const beside = posix.join(folder, path);
    const own = `/etc/${posix.join(`${folder}/`.slice(VENDOR_FOLDER.length), path)}`;
    return `${folder}/`.startsWith(VENDOR_FOLDER) && files.exists(own) ? own : beside;
  }

  function isTooDeep(path: string): boolean {
    if (stack.length <= MAX_DEPTH) return false;
    files.noteGap({ kind: "limit", subject: path, reason: "too many levels of includes" });
    return true;
  }

  const top = (): OpenFile => stack.at(-1) ?? NO_FILE;
  open(main, [], true);
  return {
    get isIncomplete() {
      return isIncomplete;
    },
    get path() {
      return top().path;
    },
    get text() {
      return top().text;
    },
    get at() {
      return top().at;
    },
    set at(position) {
      top().at = position;
    },
    get line() {
      return top().line;
    },
    set line(line) {
      top().line = line;
    },
    include(target) {
      const path = resolve(target);
      return !isTooDeep(path) && open(path, [], true);
    },
    includeFolder(target) {
      const folder = resolve(target);
      if (isTooDeep(folder)) return false;
      const dropIns = folders.get(folder) ?? listDropIns(files, folder);
      folders.set(folder, dropIns);
      openNextOf([...dropIns]);
      return true;
    },
    leave() {
      if (stack.length === 0) return false;
      const left = stack.pop() as OpenFile;
      return openNextOf(left.rest) || stack.length > 0;
    },
  };
}

/** Sorted by name, the last first. sudo ignores names with a dot and copies that editors make. */
function listDropIns(files: HostFiles, folder: string): string[] {
  return files
    .listEntries(folder)
    .filter(({ name, kind }) => (kind === "file" || kind === "link") && !/[.]|~$/.test(name))
    .map(({ name }) => `${folder}/${name}`)
    .reverse();
}
