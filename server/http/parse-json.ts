// Parses untrusted JSON (RFC 8259) within limits and in turns. JSON.parse has no limits, blocks every other
// request while it runs (over a second for 4 MiB of new names), and accepts two members of one name.
import type { BodyLimits } from "@attacklens/protocol/route.ts";
import { openTurns } from "../turns.ts";

const MAX_DEPTH = 32;
/** Members of one object. The largest declared object contains the chunks of an upload. */
export const MAX_MEMBERS = 256;
/** Different member names in one body. */
export const MAX_NAMES = 512;
/** UTF-16 units of one string before unescaping. Far above the limit of any declared text. */
const MAX_STRING = 64 * 1024;
const MAX_NUMBER = 100;
/**
 * A text up to this length is parsed at once. A longer text is parsed in pieces: each value at `PIECE_DEPTH`,
 * which is an item of an upload.
 */
const MAX_PIECE = 64 * 1024;
const PIECE_DEPTH = 3;
const VALUES_BETWEEN_LOOKS = 200;

/** The reason of a refusal. The message completes "The body …". */
export class BadJson extends Error {}

interface Open {
  isArray: boolean;
  /** The value so far; undefined: part of a piece that is parsed as a whole. */
  value: unknown[] | Record<string, unknown> | undefined;
  /** Members or elements so far. */
  count: number;
  /** The name of the member whose value is next. */
  name: string;
  /** Unique per object, to detect a name that was already seen in this object. */
  serial: number;
}

/** Throws BadJson. Lets other requests run in between. */
export async function parseJson(
  text: string,
  limits: Pick<BodyLimits, "values" | "items">,
): Promise<unknown> {
  const reader = openReader(text, limits);
  const turns = openTurns("upload");
  while (!reader.read(VALUES_BETWEEN_LOOKS)) if (turns.isOver()) await turns.next();
  return reader.result();
}

/**
 * Scans the text and counts its values. JSON.parse then parses numbers, literals and escapes, within the
 * limits.
 */
function openReader(text: string, limits: Pick<BodyLimits, "values" | "items">) {
  const pieceDepth = text.length <= MAX_PIECE ? 0 : PIECE_DEPTH;
  const open: Open[] = [];
  /** For each name and depth, the serial of the object in which it was last seen. */
  const names = new Map<string, number[]>();
  let at = 0;
  let pieceStart = 0;
  let values = 0;
  let serials = 0;
  let result: unknown;
  let isDone = false;

  function skipSpace(): number {
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      at++;
    }
  }

  function skipString(): void {
    const start = ++at;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code === 0x22) break;
      // Also true at the end of the text, where the code is NaN.
      if (!(code >= 0x20)) throw notJson();
      at += code === 0x5c ? 2 : 1;
    }
    if (at++ - start > MAX_STRING) throw new BadJson(`has a string of more than ${MAX_STRING} characters`);
  }

  function skipNumberOrWord(): void {
    const start = at;
    for (;;) {
      const code = text.charCodeAt(at);
      const isPart = (code >= 0x30 && code <= 0x39) || (code >= 0x61 && code <= 0x7a) || code === 0x45;
      if (!isPart && code !== 0x2d && code !== 0x2e && code !== 0x2b) break;
      at++;
    }
    if (at === start || at - start > MAX_NUMBER) throw notJson();
  }

  /** Reads the name of the next member and its colon. */
  function readName(object: Open): void {
    if (skipSpace() !== 0x22) throw notJson();
    const start = at;
    skipString();
    const written = text.slice(start + 1, at - 1);
    const name = written.includes("\\") ? (parsePiece(text.slice(start, at)) as string) : written;
    let seen = names.get(name);
    if (!seen) {
      if (names.size >= MAX_NAMES) throw new BadJson(`has more than ${MAX_NAMES} different member names`);
      seen = [];
      names.set(name, seen);
    }
    if (seen[open.length] === object.serial) throw new BadJson("has an object with two members of one name");
    seen[open.length] = object.serial;
    object.name = name;
    if (skipSpace() !== 0x3a) throw notJson();
    at++;
  }

  function put(value: unknown): void {
    const into = open.at(-1);
    if (!into) result = value;
    else if (Array.isArray(into.value)) into.value.push(value);
    // An assignment to __proto__ would set the prototype.
    else if (into.name === "__proto__") Object.defineProperty(into.value, into.name, { ...OWN, value });
    else into.value![into.name] = value;
  }

  /** Opens an array or an object, or reads a primitive value. */
  function readValue(): void {
    if (++values > limits.values) throw new BadJson(`has more than ${limits.values} values`);
    const code = skipSpace();
    if (open.length <= pieceDepth) pieceStart = at;
    if (code !== 0x5b && code !== 0x7b) {
      if (code === 0x22) skipString();
      else skipNumberOrWord();
      close();
      return;
    }
    at++;
    const isArray = code === 0x5b;
    if (open.length >= MAX_DEPTH) throw new BadJson(`is nested deeper than ${MAX_DEPTH} levels`);
    const value = open.length >= pieceDepth ? undefined : isArray ? [] : {};
    if (value) put(value);
    open.push({ isArray, value, count: 0, name: "", serial: ++serials });
    if (skipSpace() === (isArray ? 0x5d : 0x7d)) {
      at++;
      end();
    } else next();
  }

  /** Counts the element or member that begins here. */
  function next(): void {
    const into = open.at(-1)!;
    into.count++;
    if (!into.isArray) {
      if (into.count > MAX_MEMBERS) throw new BadJson(`has an object of more than ${MAX_MEMBERS} members`);
      readName(into);
    } else if (into.count > limits.items)
      throw new BadJson(`has an array of more than ${limits.items} elements`);
  }

  /** Called after the closing bracket of an array or object. */
  function end(): void {
    if (open.pop()!.value) afterValue();
    else close();
  }

  /** Called after a value that was only scanned. Parses the value if it is a piece. */
  function close(): void {
    if (open.length <= pieceDepth) put(parsePiece(text.slice(pieceStart, at)));
    afterValue();
  }

  /** Reads up to the next value, or to the end of the enclosing array or object. */
  function afterValue(): void {
    const into = open.at(-1);
    const code = skipSpace();
    if (!into) {
      if (at < text.length) throw notJson();
      isDone = true;
      return;
    }
    at++;
    if (code === 0x2c) next();
    else if (code === (into.isArray ? 0x5d : 0x7d)) end();
    else throw notJson();
  }

  return {
    /** Reads up to `count` values. Returns true at the end of the text. */
    read(count: number): boolean {
      for (let left = count; left > 0 && !isDone; left--) readValue();
      return isDone;
    },
    result: () => result,
  };
}

const OWN = { enumerable: true, configurable: true, writable: true };

function parsePiece(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notJson();
  }
}

function notJson(): BadJson {
  return new BadJson("is not JSON");
}
