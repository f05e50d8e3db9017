// Explains to the operator why the operating system refuses a file or an address.

interface SystemError {
  code?: string | undefined;
  path?: string | undefined;
}

const FILE_REASONS: Record<string, { reason: string; hint: string }> = {
  ENOENT: {
    reason: "it, or a folder above it, does not exist",
    hint: "check the path for spelling mistakes",
  },
  EACCES: {
    reason: "this user has no permission",
    hint: "change its owner or its mode, or start AttackLens as another user",
  },
  EPERM: { reason: "the system does not permit it", hint: "check its owner and its attributes" },
  EEXIST: { reason: "it is a file, and must be a folder", hint: "name a folder, e.g. with --data" },
  ENOTDIR: { reason: "a part of its path is a file, and must be a folder", hint: "name another path" },
  EISDIR: { reason: "it is a folder, and must be a file", hint: "name the file in it" },
  EROFS: { reason: "its file system is read-only", hint: "name a path that can be written" },
  ENAMETOOLONG: { reason: "its name is too long", hint: "name a shorter path" },
  ELOOP: { reason: "its symbolic links never end", hint: "correct the links" },
  EMFILE: { reason: "too many files are open", hint: "raise the limit of open files (ulimit -n)" },
  EIO: { reason: "its disk reports an error", hint: "check the disk, and the system's log" },
};

/** Returns undefined if the error is not about a file. */
export function explainFile(error: unknown): string | undefined {
  const { code, path } = error as SystemError;
  const known = FILE_REASONS[code ?? ""];
  if (!known || path === undefined) return undefined;
  return `Can't use ${path}: ${known.reason}\nhint: ${known.hint}`;
}

const LISTEN_REASONS: Record<string, { reason: string; hint: string }> = {
  EADDRINUSE: {
    reason: "the port is in use by another program",
    hint: "stop that program, or choose another port with --listen or --sensor-listen",
  },
  EADDRNOTAVAIL: {
    reason: "this host does not have the address",
    hint: "choose one of its addresses with --listen or --sensor-listen, or 0.0.0.0 for all of them",
  },
  EAFNOSUPPORT: {
    reason: "this host does not support this kind of address",
    hint: "choose an IPv4 address with --listen or --sensor-listen",
  },
  EACCES: {
    reason: "this user may not use ports below 1024",
    hint: "choose a higher port with --listen or --sensor-listen, or grant the program CAP_NET_BIND_SERVICE",
  },
  ENOTFOUND: {
    reason: "the host name has no address",
    hint: "give an IP address to --listen or --sensor-listen, e.g. 0.0.0.0:8443",
  },
};

/**
 * Returns an error for the operator if the server cannot listen on the address, and any other error
 * unchanged.
 */
export function explainListen(error: unknown, address: string): unknown {
  const { code } = error as SystemError;
  const known = LISTEN_REASONS[code === "EPERM" ? "EACCES" : (code ?? "")];
  if (!known) return error;
  return new Error(`Can't listen on ${address}: ${known.reason}\nhint: ${known.hint}`, { cause: error });
}
