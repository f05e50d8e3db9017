// The certificates of this host: in the usual folders, and those that the configuration of servers names.
// Each is one item, although several files may have it.
import { posix } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText, NotOnThisHost } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { openSeenKeys } from "../seen-keys.ts";
import { openLocalPaths } from "../system/local-path.ts";
import { listNamedFiles } from "./named-files.ts";
import { countInPem, MAX_NAMES, parseCertificateFile } from "./parse-certificate.ts";
import { listUsualFiles } from "./usual-places.ts";

type Certificate = Item<"certificates">;

const MAX_FILE_BYTES = 2 * 1024 * 1024;
/** A chain has few. A file with more is a list of trusted roots. */
const MAX_IN_CHAIN = 12;

/** One after another: a host may have many. */
export function* collectCertificates(files: HostFiles): Generator<Certificate> {
  const found = new Map<string, Certificate>();
  const isLocal = openLocalPaths(files);
  for (const [path, usedBy] of listNamedFiles(files)) {
    if (!isLocal(path)) {
      files.noteGap({ kind: "unreadable", subject: path, reason: "on a network file system" });
      continue;
    }
    const isFolder = files.findStat(path)?.kind === "folder";
    for (const file of isFolder ? files.list(path).map((name) => posix.join(path, name)) : [path])
      add(found, readCertificate(files, file, usedBy));
  }
  yield* found.values();
  let isEmpty = found.size === 0;
  const seen = openSeenKeys();
  for (const fingerprint of found.keys()) seen.add(fingerprint);
  for (const path of listUsualFiles(files)) {
    const certificate = readCertificate(files, path, []);
    if (certificate === undefined || !seen.add(certificate.fingerprint)) continue;
    isEmpty = false;
    yield certificate;
  }
  if (isEmpty && files.listGaps().length === 0)
    throw new NotOnThisHost("no certificates in the usual folders and configurations");
}

/** The first file is the one of the item: a file that a program uses, else the first in a usual folder. */
function add(found: Map<string, Certificate>, certificate: Certificate | undefined): void {
  if (certificate === undefined) return;
  const known = found.get(certificate.fingerprint);
  if (known === undefined) found.set(certificate.fingerprint, certificate);
  else known.usedBy = [...new Set([...known.usedBy, ...certificate.usedBy])].sort();
}

function readCertificate(files: HostFiles, path: string, usedBy: string[]): Certificate | undefined {
  const bytes = files.findBytes(path, MAX_FILE_BYTES);
  if (bytes === undefined) return undefined;
  // A program may well use a file of roots, for example to check its clients.
  if (countInPem(bytes, MAX_IN_CHAIN + 1) > MAX_IN_CHAIN) return undefined;
  const parsed = parseCertificateFile(bytes);
  if (parsed === "damaged") files.noteGap({ kind: "damaged", subject: path, reason: "no valid certificate" });
  if (typeof parsed === "string") return undefined;
  return {
    key: factText(path, 1_100),
    ...parsed,
    alternativeNames: [...firstOf(files, `names in ${path}`, parsed.alternativeNames, MAX_NAMES)],
    name: parsed.name || factText(posix.basename(path), 300),
    path: factText(path, 1_000),
    usedBy: [...usedBy].sort(),
  };
}
