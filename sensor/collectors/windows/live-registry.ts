// The registry of the running system, by advapi32. It opens keys for reading only, in the 64-bit view.
import { openLibrary, parseWideText, wideText } from "../../windows-library.ts";
import { MAX_KEYS, MAX_VALUE_BYTES, MAX_VALUES, type Registry, type RegistryValue } from "./registry.ts";

const advapi = openLibrary("advapi32.dll", {
  RegOpenKeyExW: { args: ["u64", "ptr", "u32", "u32", "ptr"], returns: "u32" },
  RegCloseKey: { args: ["u64"], returns: "u32" },
  RegEnumKeyExW: { args: ["u64", "u32", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "u32" },
  RegEnumValueW: { args: ["u64", "u32", "ptr", "ptr", "ptr", "ptr", "ptr", "ptr"], returns: "u32" },
});

/** The handles are numbers with their sign extended (winreg.h). */
const ROOTS: Record<string, bigint> = { HKLM: 0xffff_ffff_8000_0002n, HKU: 0xffff_ffff_8000_0003n };
const READ_64_BIT_VIEW = 0x0002_0019 | 0x0100;
const SUCCESS = 0;
const FILE_NOT_FOUND = 2;
const ACCESS_DENIED = 5;
const MORE_DATA = 234;
const NO_MORE_ITEMS = 259;
/** The longest name of a key, and of a value, with its NUL. */
const MAX_KEY_NAME = 256;
const MAX_VALUE_NAME = 16_384;
const FIRST_VALUE_BYTES = 4_096;

/** `onDenied`: a key that exists, but that this user may not read. */
export function openLiveRegistry(onDenied: (path: string) => void): Registry {
  const keyName = Buffer.alloc(MAX_KEY_NAME * 2);
  const valueName = Buffer.alloc(MAX_VALUE_NAME * 2);
  let data = Buffer.alloc(FIRST_VALUE_BYTES);

  function withKey<T>(path: string, read: (key: bigint) => T): T | undefined {
    const [root = "", ...rest] = path.split("\\");
    const handle = ROOTS[root];
    if (handle === undefined) throw new Error(`${path} is not a path of the registry`);
    const key = new BigUint64Array(1);
    const result = advapi().RegOpenKeyExW(handle, wideText(rest.join("\\")), 0, READ_64_BIT_VIEW, key);
    if (result === ACCESS_DENIED) onDenied(path);
    if (result !== SUCCESS) return undefined;
    try {
      return read(key[0]!);
    } finally {
      advapi().RegCloseKey(key[0]!);
    }
  }

  /** Undefined: there is no such value, or it has no room. */
  function readValue(key: bigint, index: number): { name: string; value: RegistryValue } | "end" | undefined {
    const nameLength = new Uint32Array([MAX_VALUE_NAME]);
    const type = new Uint32Array(1);
    const length = new Uint32Array([data.length]);
    const call = () => advapi().RegEnumValueW(key, index, valueName, nameLength, null, type, data, length);
    let result = call();
    if (result === MORE_DATA && length[0]! > data.length && length[0]! <= MAX_VALUE_BYTES) {
      data = Buffer.alloc(length[0]!);
      nameLength[0] = MAX_VALUE_NAME;
      result = call();
    }
    // A key that is deleted meanwhile ends the list.
    if (result === NO_MORE_ITEMS || (result !== SUCCESS && result !== MORE_DATA)) return "end";
    if (result === MORE_DATA) return undefined;
    const name = parseWideText(valueName.subarray(0, nameLength[0]! * 2));
    return { name, value: { type: type[0]!, bytes: Uint8Array.from(data.subarray(0, length[0]!)) } };
  }

  return {
    findValues(path) {
      return withKey(path, (key) => {
        const values = new Map<string, RegistryValue>();
        for (let index = 0; index < MAX_VALUES; index += 1) {
          const next = readValue(key, index);
          if (next === "end") break;
          if (next !== undefined) values.set(next.name.toLowerCase(), next.value);
        }
        return values;
      });
    },
    listKeys(path) {
      return (
        withKey(path, (key) => {
          const names: string[] = [];
          for (let index = 0; index < MAX_KEYS; index += 1) {
            const length = new Uint32Array([MAX_KEY_NAME]);
            const result = advapi().RegEnumKeyExW(key, index, keyName, length, null, null, null, null);
            if (result === FILE_NOT_FOUND || result === MORE_DATA) continue;
            if (result !== SUCCESS) break;
            names.push(parseWideText(keyName.subarray(0, length[0]! * 2)));
          }
          return names;
        }) ?? []
      );
    },
  };
}
