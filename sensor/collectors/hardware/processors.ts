// The processors, one for each socket, from /proc/cpuinfo.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { optionalFact, parseCount } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";

type Processor = Extract<Item<"hardware">, { kind: "processor" }>;

const MAX_CPUINFO_BYTES = 16 * 1024 * 1024;
const MAX_SOCKETS = 256;
const FREQUENCY = "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq";
/** Protections, encryption, virtualization, and instructions that programs require. */
const REPORTED_FLAGS = new Set([
  ...["nx", "pae", "smep", "smap", "umip", "pku", "user_shstk", "ibt", "ibrs", "ibpb", "stibp", "ssbd"],
  ...["md_clear", "arch_capabilities", "aes", "pclmulqdq", "sha_ni", "rdrand", "rdseed", "hypervisor"],
  ...["vmx", "svm", "ept", "npt", "sgx", "tdx_guest", "sme", "sev", "sev_es", "sev_snp"],
  ...["sse4_2", "avx", "avx2", "avx512f", "lm"],
  ...[
    "sha1",
    "sha2",
    "sha3",
    "sha512",
    "pmull",
    "crc32",
    "atomics",
    "bti",
    "paca",
    "pacg",
    "mte",
    "sb",
    "ssbs",
  ],
]);
/** What a hypervisor shows in place of a version. */
const NO_MICROCODE = new Set(["0xffffffff", "0x0"]);

export function readProcessors(files: HostFiles): Processor[] {
  const khz = parseCount(files.findLine(FREQUENCY));
  const maximumMhz = khz === undefined ? undefined : Math.round(khz / 1_000);
  const processors = parseProcessors(files.findText("/proc/cpuinfo", MAX_CPUINFO_BYTES) ?? "");
  return firstOf(files, "processors", processors, MAX_SOCKETS).map((processor) => ({
    ...processor,
    maximumMhz,
  }));
}

/** The first logical processor of each socket. Without numbers of sockets, there is one. */
export function parseProcessors(text: string): Omit<Processor, "maximumMhz">[] {
  const found = new Map<string, Omit<Processor, "maximumMhz">>();
  for (const block of text.split(/\n\s*\n/)) {
    const fields = new Map<string, string>();
    for (const line of block.split("\n")) {
      const colon = line.indexOf(":");
      if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
    }
    const socket = fields.get("physical id") ?? "0";
    if (!fields.has("processor") || found.has(socket)) continue;
    if (!/^\d{1,5}$/.test(socket)) continue;
    const microcode = fields.get("microcode")?.toLowerCase();
    const flags = (fields.get("flags") ?? fields.get("Features"))?.split(" ");
    found.set(socket, {
      key: `processor:CPU${socket}`,
      kind: "processor",
      name: `CPU${socket}`,
      vendor: optionalFact(fields.get("vendor_id") ?? fields.get("CPU implementer"), 200),
      model: optionalFact(fields.get("model name"), 300),
      family: parseCount(fields.get("cpu family")),
      modelNumber: parseCount(fields.get("model")),
      stepping: parseCount(fields.get("stepping")),
      microcode:
        microcode === undefined || NO_MICROCODE.has(microcode) ? undefined : optionalFact(microcode, 200),
      flags: flags && [...new Set(flags.filter((flag) => REPORTED_FLAGS.has(flag)))].sort(),
    });
  }
  return [...found.values()];
}
