// The network adapters of the running system, by iphlpapi.
import { ptr } from "bun:ffi";
import { openLibrary } from "../../windows-library.ts";
import { type Adapter, parseAdapters } from "./adapters.ts";

const iphlpapi = openLibrary("iphlpapi.dll", {
  GetAdaptersAddresses: { args: ["u32", "u32", "ptr", "ptr", "ptr"], returns: "u32" },
});

const ANY_FAMILY = 0;
/** Without anycast and multicast addresses, with gateways. */
const FLAGS = 0x2 | 0x4 | 0x80;
const BUFFER_OVERFLOW = 111;
const NO_DATA = 232;
const MAX_BYTES = 8 * 1024 * 1024;

/** Throws if Windows does not return them. */
export function readAdapters(): Adapter[] {
  const size = new Uint32Array([32 * 1024]);
  // An adapter may appear between two calls.
  for (let tries = 0; tries < 5; tries += 1) {
    const buffer = Buffer.alloc(size[0]!);
    const result = iphlpapi().GetAdaptersAddresses(ANY_FAMILY, FLAGS, null, buffer, size);
    if (result === 0) return parseAdapters(buffer, BigInt(ptr(buffer)));
    if (result === NO_DATA) return [];
    if (result !== BUFFER_OVERFLOW || size[0]! > MAX_BYTES)
      throw new Error(`Windows does not return the network adapters: error ${result}`);
  }
  throw new Error("the list of network adapters grows faster than it can be read");
}
