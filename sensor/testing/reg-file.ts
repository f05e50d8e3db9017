// A registry for tests, from the text that regedit exports and `reg import` reads.
import type { Registry, RegistryValue } from "../collectors/windows/registry.ts";
import type { HiveKey } from "./write-hive.ts";

const ROOTS: Record<string, string> = { HKEY_LOCAL_MACHINE: "HKLM", HKEY_USERS: "HKU" };

/** The keys and values of a .reg file, version 5.00. Throws for a line that it does not understand. */
export function parseRegFile(
  text: string,
): Map<string, { name: string; values: Map<string, RegistryValue> }> {
  const keys = new Map<string, { name: string; values: Map<string, RegistryValue> }>();
  let values: Map<string, RegistryValue> | undefined;
  const lines = text.replaceAll("\\\n", "").split("\n");
  for (const line of lines.slice(1)) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith(";")) continue;
    const key = /^\[(.+)\]$/.exec(trimmed)?.[1];
    if (key !== undefined) {
      values = addKey(keys, key);
      continue;
    }
    const [, quoted, content] = /^(@|"(?:[^"\\]|\\.)*")=(.*)$/.exec(trimmed) ?? [];
    if (quoted === undefined || values === undefined) throw new Error(`not a line of a .reg file: ${line}`);
    values.set(quoted === "@" ? "" : unquote(quoted).toLowerCase(), parseValue(content!));
  }
  return keys;
}

/** A registry with the keys of the files. */
export function registryOf(...texts: string[]): Registry {
  const keys = new Map(texts.flatMap((text) => [...parseRegFile(text)]));
  return {
    findValues: (path) => keys.get(path.toLowerCase())?.values,
    listKeys(path) {
      const prefix = `${path.toLowerCase()}\\`;
      return [...keys].flatMap(([key, { name }]) =>
        key.startsWith(prefix) && !key.slice(prefix.length).includes("\\") ? name : [],
      );
    },
  };
}

/** The part of the files below a path, as the tree of a hive. */
export function hiveKeyOf(path: string, ...texts: string[]): HiveKey {
  const keys = new Map(texts.flatMap((text) => [...parseRegFile(text)]));
  const registry = registryOf(...texts);
  const build = (at: string, name: string): HiveKey => ({
    name,
    values: [...(keys.get(at.toLowerCase())?.values ?? [])].map(([each, value]) => ({ name: each, value })),
    children: registry.listKeys(at).map((child) => build(`${at}\\${child}`, child)),
  });
  return build(path, "ROOT");
}

/** Also adds the keys above it. */
function addKey(keys: ReturnType<typeof parseRegFile>, written: string): Map<string, RegistryValue> {
  const [root = "", ...parts] = written.split("\\");
  let path = ROOTS[root];
  if (path === undefined) throw new Error(`an unknown root: ${root}`);
  for (const name of [undefined, ...parts]) {
    if (name !== undefined) path = `${path}\\${name}`;
    const id = path.toLowerCase();
    if (!keys.has(id)) keys.set(id, { name: name ?? path, values: new Map() });
  }
  return keys.get(path.toLowerCase())!.values;
}

function parseValue(content: string): RegistryValue {
  if (content.startsWith('"')) return { type: 1, bytes: Buffer.from(`${unquote(content)}\0`, "utf16le") };
  const [, number] = /^dword:([0-9a-f]{1,8})$/i.exec(content) ?? [];
  if (number !== undefined) {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(Number.parseInt(number, 16));
    return { type: 4, bytes };
  }
  const [, type = "3", hex] = /^hex(?:\(([0-9a-f]+)\))?:([0-9a-f,\s]*)$/i.exec(content) ?? [];
  if (hex === undefined) throw new Error(`not a value of a .reg file: ${content}`);
  return { type: Number.parseInt(type, 16), bytes: Buffer.from(hex.replace(/[,\s]/g, ""), "hex") };
}

function unquote(text: string): string {
  return text.slice(1, -1).replace(/\\(.)/g, "$1");
}
