// Functions of the C library of Linux that the runtime does not offer.

const LIBRARIES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

export type CLibrary = NonNullable<Awaited<ReturnType<typeof openCLibrary>>>;

/**
 * Undefined on other systems, and where the runtime must not make code at run time, as in the systemd unit
 * with MemoryDenyWriteExecute=.
 */
export async function openCLibrary() {
  if (process.platform !== "linux") return undefined;
  const { dlopen } = await import("bun:ffi");
  for (const library of LIBRARIES) {
    try {
      return dlopen(library, {
        prctl: { args: ["int", "u64"], returns: "int" },
        madvise: { args: ["u64", "u64", "int"], returns: "int" },
      }).symbols;
    } catch {
      // The other library, or none.
    }
  }
  return undefined;
}
