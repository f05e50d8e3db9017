// The arguments of sshd_config(5)'s keywords: whether sshd accepts them, and the value in the form of
// `sshd -T`.
import { ipVersion } from "../../ip-address.ts";
import { type AlgorithmType, isAlgorithmList } from "./algorithms.ts";
import { isAddressPattern } from "./match.ts";
import { splitArguments } from "./words.ts";

export type SshdType =
  | "flag"
  /** The accepted words. `older=newer`: sshd takes the first for the second. */
  | readonly string[]
  | "port"
  | "listen"
  | "integer"
  | "limit"
  | "time"
  | "timeout"
  | "rekey"
  | "startups"
  | "level"
  | "facility"
  | "tunnel"
  | "environment"
  | "methods"
  | "options"
  | "word"
  | "path"
  | "text"
  | "words"
  | "users"
  | "names"
  | "assignments"
  | "opens"
  | "listens"
  | "subsystem"
  /** A command line, of which only the program is reported: its arguments may be secret. */
  | "command"
  | "program"
  | AlgorithmType
  | "anything";

/** Returns the values of one line, or undefined if sshd does not accept it. */
export type ReadValue = (words: readonly string[], rest: string) => string[] | undefined;

const FLAG = choice(["yes", "no"]);
const LEVELS = ["QUIET", "FATAL", "ERROR", "INFO", "VERBOSE", "DEBUG", "DEBUG1=DEBUG", "DEBUG2", "DEBUG3"];
const FACILITIES = [
  "DAEMON",
  "USER",
  "AUTH",
  "AUTHPRIV",
  ...Array.from({ length: 8 }, (_, n) => `LOCAL${n}`),
];
const METHODS = [
  "publickey",
  "password",
  "keyboard-interactive",
  "hostbased",
  "gssapi-with-mic",
  "gssapi-keyex",
  "none",
];

const READERS: Record<Exclude<SshdType, readonly string[]>, ReadValue> = {
  flag: FLAG,
  port: single((word) => asPort(word)),
  listen: readListenAddress,
  integer: single(asInteger),
  limit: single((word) => (word === "none" ? word : asInteger(word))),
  time: single(secondsOf),
  timeout: single((word) => (word === "none" ? word : noneIfZero(secondsOf(word)))),
  rekey: readRekeyLimit,
  startups: single(asStartups),
  level: choice(LEVELS),
  facility: choice(FACILITIES),
  tunnel: single((word) => (["yes", "no", "point-to-point", "ethernet"].includes(word) ? word : undefined)),
  environment: single((word) => word || undefined),
  methods: (words) => (areMethods(words) ? [...words] : undefined),
  options: readOptions,
  word: single((word) => lowerNone(word)),
  path: single((word) => absolute(lowerNone(word))),
  text: (_, rest) => [lowerNone(rest.trim()) as string],
  words: (words) => (words.length > 0 && words.every((word) => word !== "") ? [...words] : undefined),
  users: (words) => (words.every((word) => word !== "" && isUserPattern(word)) ? [...words] : undefined),
  names: (words) => (words.every((word) => word !== "" && !word.includes("=")) ? [...words] : undefined),
  opens: (words) => readForwards(words, asOpen),
  listens: (words) => readForwards(words, (word) => asOpen(word.includes(":") ? word : `*:${word}`)),
  assignments: (words) =>
    words.every((word) => word.indexOf("=") > 0)
      ? words.map((word) => word.slice(0, word.indexOf("=")))
      : undefined,
  subsystem: ([name, program]) => (name && program ? [`${name} ${firstPart(program)}`] : undefined),
  command: (_, rest) => [programOf(rest)],
  program: (_, rest) =>
    rest.startsWith("/") || rest.toLowerCase() === "none" ? [programOf(rest)] : undefined,
  ciphers: algorithms("ciphers"),
  macs: algorithms("macs"),
  kex: algorithms("kex"),
  signatures: algorithms("signatures"),
  anything: (words) => [...words],
};

export function readerOf(type: SshdType): ReadValue {
  return typeof type === "string" ? READERS[type] : choice(type);
}

/** For keywords with one argument. */
function single(read: (word: string) => string | undefined): ReadValue {
  return ([word, ...others]) => {
    const value = word && others.length === 0 ? read(word) : undefined;
    return value === undefined ? undefined : [value];
  };
}

/** Letter case does not matter. The value is as in the list. */
function choice(accepted: readonly string[]): ReadValue {
  const values = new Map(
    accepted.map((each) => {
      const [name = "", value = name] = each.split("=");
      return [name.toLowerCase(), value];
    }),
  );
  return single((word) => values.get(word.toLowerCase()));
}

function algorithms(type: AlgorithmType): ReadValue {
  return single((word) => (isAlgorithmList(type, word) ? word : undefined));
}

function asPort(word: string): string | undefined {
  if (word === "ssh") return "22";
  const port = /^\d{1,5}$/.test(word) ? Number(word) : 0;
  return port > 0 && port < 65_536 ? String(port) : undefined;
}

function asInteger(word: string): string | undefined {
  const value = /^[+-]?\d{1,12}$/.test(word) ? Number(word) : Number.NaN;
  return value >= 0 && value <= 0x7fff_ffff ? String(value) : undefined;
}

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };

/** The seconds of times such as `2m` or `1h30m`. */
export function secondsOf(text: string): string | undefined {
  let seconds = 0;
  let number = "";
  for (const character of text.toLowerCase()) {
    if (character >= "0" && character <= "9") {
      number += character;
      if (number.length > 12) return undefined;
      continue;
    }
    const unit = UNITS[character];
    if (unit === undefined || number === "") return undefined;
    seconds += Number(number) * unit;
    number = "";
  }
  seconds += Number(number || "0");
  return text !== "" && seconds <= 0x7fff_ffff ? String(seconds) : undefined;
}

function noneIfZero(seconds: string | undefined): string | undefined {
  return seconds === "0" ? "none" : seconds;
}

/** Bytes and seconds, as in `1G 1h`. */
function readRekeyLimit(words: readonly string[]): string[] | undefined {
  const [size = "", time = "none", ...others] = words;
  const found = /^(\d{1,12}(?:\.\d{1,9})?)([BKMGTPE]?)(?![A-Za-z\d.])/i.exec(size);
  const scale = "bkmgtpe".indexOf(found?.[2]?.toLowerCase() || "b");
  const bytes = size === "default" ? 0 : found ? Math.floor(Number(found[1]) * 1024 ** scale) : -1;
  const seconds = time === "none" ? "0" : secondsOf(time);
  const isValid = (bytes === 0 || bytes >= 16) && seconds !== undefined && others.length === 0;
  return isValid ? [`${bytes} ${seconds}`] : undefined;
}

/** `begin:rate:full` or one number. sshd ignores what follows them. */
function asStartups(word: string): string | undefined {
  const [, begin, rate, full] = /^(\d{1,9})(?::(\d{1,9})(?::(\d{1,9}))?)?/.exec(word) ?? [];
  if (begin === undefined || (rate !== undefined && full === undefined)) return undefined;
  if (rate === undefined) return `${Number(begin)}:30:${Number(begin)}`;
  const isValid = Number(begin) <= Number(full) && Number(rate) >= 1 && Number(rate) <= 100;
  return isValid ? `${Number(begin)}:${Number(rate)}:${Number(full)}` : undefined;
}

function readOptions(words: readonly string[]): string[] | undefined {
  const names = words.map((word) => word.toLowerCase());
  if (names.some((name) => !["none", "touch-required", "verify-required"].includes(name))) return undefined;
  const set = ["touch-required", "verify-required"].filter((name) => names.includes(name));
  return set.length > 0 ? set : ["none"];
}

function areMethods(words: readonly string[]): boolean {
  if (words.length === 1 && words[0] === "any") return true;
  return (
    words.length > 0 &&
    words.every((word) =>
      word.split(",").every((method) => METHODS.includes(method.split(":", 1)[0] as string)),
    )
  );
}

/** An address, a host or `[address]`, each with `:port` or without. */
function readListenAddress(words: readonly string[]): string[] | undefined {
  const [word = "", domain, name, ...others] = words;
  if (domain !== undefined && (domain !== "rdomain" || name === undefined || others.length > 0))
    return undefined;
  const [host, port] = splitPort(word);
  if (host === "" || (port !== undefined && asPort(port) === undefined)) return undefined;
  return [joinPort(host, port === undefined ? undefined : asPort(port))];
}

function splitPort(word: string): [host: string, port?: string] {
  if (word.startsWith("[")) {
    const end = word.indexOf("]");
    const rest = word.slice(end + 1);
    if (end < 0 || !/^(?:$|[:/])/.test(rest)) return [""];
    return [word.slice(1, end), rest === "" ? undefined : rest.slice(1)];
  }
  const separator = word.search(/[:/]/);
  // Two colons: an IPv6 address.
  const isAddress = !word.includes("[") && /:.*:/.test(word);
  return separator < 0 || isAddress ? [word] : [word.slice(0, separator), word.slice(separator + 1)];
}

/** As `sshd -T` writes it: IPv6 addresses in brackets. */
function joinPort(host: string, port: string | undefined): string {
  const shown = ipVersion(host) === 6 ? `[${host}]` : host;
  return port === undefined ? shown : `${shown}:${port}`;
}

function readForwards(
  words: readonly string[],
  read: (word: string) => string | undefined,
): string[] | undefined {
  if (words[0] === "any" || words[0] === "none") return words.length === 1 ? [...words] : undefined;
  const values = words.map(read);
  return values.length > 0 && values.every((value) => value !== undefined) ? values : undefined;
}

/** `host:port`, `[address]:port` or `host:*`. */
function asOpen(word: string): string | undefined {
  const [, host, port = ""] = /^(\[[^\]]*\]|[^:]*):(.*)$/s.exec(word) ?? [];
  return host && (port === "*" || asPort(port) !== undefined) ? word : undefined;
}

/** `user` or `user@host`, where the host may be a list of networks. */
function isUserPattern(word: string): boolean {
  const at = word.lastIndexOf("@");
  return (
    at < 0 ||
    word
      .slice(at + 1)
      .split(",")
      .every(isAddressPattern)
  );
}

function programOf(rest: string): string {
  return lowerNone(firstPart(splitArguments(rest)?.[0] ?? rest)) as string;
}

/** Quotes may be around a whole command, and a shell takes variables before it. */
function firstPart(command: string): string {
  const word = command.trimStart().split(/[\s;&|<>]/, 1)[0] ?? "";
  return /^\w+=/.test(word) ? `${word.split("=", 1)[0]}=` : word;
}

function lowerNone(word: string): string | undefined {
  return word.toLowerCase() === "none" ? "none" : word || undefined;
}

/** sshd runs in the root folder. */
function absolute(path: string | undefined): string | undefined {
  return path === undefined || path === "none" || /^[/~]/.test(path) ? path : `/${path}`;
}
