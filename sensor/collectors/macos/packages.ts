// Software of macOS: applications by their Info.plist, packages of the installer by their receipts, and
// updates of the system in the history of installations. Homebrew has its own reader.
import { posix } from "node:path";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { packageItem } from "../packages/package-source.ts";
import { listHomes, readPlist } from "./macos-host.ts";
import { asDict, asList, dateIn, type PlistDict, type PlistValue, textIn } from "./plist-value.ts";
import { parsePropertyList } from "./property-list.ts";

type Package = Item<"packages">;

const FOLDERS = [
  "/Applications",
  "/System/Applications",
  "/System/Library/CoreServices/Applications",
  "/Library/Apple/System/Library/CoreServices",
];
/** Folders that are one thing for the user, and hidden ones. */
const BUNDLE = /^\.|\.(?:appex|bundle|component|framework|kext|m?pkg|plugin|prefpane|wdgt|xpc)$/i;
/** Folders of a vendor, such as `/Applications/Utilities`. */
const MAX_DEPTH = 3;
const MAX_FOLDERS = 2_000;
const RECEIPTS = ["/private/var/db/receipts", "/Library/Apple/System/Library/Receipts"];
const HISTORY = "/Library/Receipts/InstallHistory.plist";
const MAX_HISTORY_BYTES = 32 * 1024 * 1024;
const MAX_HISTORY = 20_000;

export function readMacosPackages(files: HostFiles): Package[] {
  return [...readApplications(files), ...readReceipts(files), ...readUpdates(files)];
}

export function readApplications(files: HostFiles): Package[] {
  const places: { path: string; user: string | undefined }[] = [
    ...FOLDERS.map((path) => ({ path, user: undefined })),
    ...listHomes(files).map(({ user, path }) => ({ path: `${path}/Applications`, user })),
  ];
  return places.flatMap(({ path, user }) =>
    listBundles(files, path).flatMap((bundle) => readApplication(files, bundle, user) ?? []),
  );
}

/** Folders that end in `.app`. What is inside of one belongs to it. */
function listBundles(files: HostFiles, folder: string): string[] {
  const bundles: string[] = [];
  const pending = [{ path: folder, depth: 1 }];
  let seen = 0;
  for (let next = pending.shift(); next !== undefined && seen < MAX_FOLDERS; next = pending.shift()) {
    seen += 1;
    for (const { name, kind } of files.listEntries(next.path)) {
      const path = posix.join(next.path, name);
      // Applications of the system are links to another volume.
      if (name.endsWith(".app")) bundles.push(path);
      else if (kind === "folder" && !BUNDLE.test(name) && next.depth < MAX_DEPTH)
        pending.push({ path, depth: next.depth + 1 });
    }
  }
  if (seen >= MAX_FOLDERS)
    files.noteGap({ kind: "limit", subject: folder, reason: `more than ${MAX_FOLDERS} folders` });
  return bundles;
}

function readApplication(files: HostFiles, path: string, user: string | undefined): Package | undefined {
  const info = findInfo(files, path);
  if (info === undefined) return undefined;
  const name = posix.basename(path).replace(/\.app$/, "");
  const id = textIn(info, "CFBundleIdentifier");
  return {
    ...packageItem("app", path, {
      name,
      version: textIn(info, "CFBundleShortVersionString") ?? textIn(info, "CFBundleVersion") ?? "",
      location: path,
    }),
    ...(id === undefined ? {} : { packageId: factText(id, 250) }),
    scope: user === undefined ? "machine" : "user",
  };
}

/** Applications for iPad are in a wrapper. */
function findInfo(files: HostFiles, path: string): PlistDict | undefined {
  const own = readPlist(files, `${path}/Contents/Info.plist`);
  if (own !== undefined) return own;
  const inner = files.list(`${path}/Wrapper`).find((name) => name.endsWith(".app"));
  return inner === undefined ? undefined : readPlist(files, `${path}/Wrapper/${inner}/Info.plist`);
}

/** A receipt records what the installer put on the disk, and not whether it is still there. */
export function readReceipts(files: HostFiles): Package[] {
  return RECEIPTS.flatMap((folder) =>
    files
      .list(folder)
      .filter((name) => name.endsWith(".plist"))
      .flatMap((name): Package[] => {
        const receipt = readPlist(files, `${folder}/${name}`);
        const id = textIn(receipt, "PackageIdentifier");
        if (id === undefined) return [];
        return [
          {
            ...packageItem("pkg", "", {
              name: id,
              version: textIn(receipt, "PackageVersion") ?? "",
              location: placeOf(receipt),
            }),
            packageId: factText(id, 250),
            installedOn: dayOf(dateIn(receipt, "InstallDate")),
          },
        ];
      }),
  );
}

/** `InstallPrefixPath` is relative to the volume. */
function placeOf(receipt: PlistDict | undefined): string | undefined {
  const prefix = textIn(receipt, "InstallPrefixPath");
  return prefix === undefined || prefix === "/" ? undefined : posix.join("/", prefix);
}

/** Programs of Apple that installed an update, and not an application. */
const UPDATERS = new Set(["softwareupdated", "macOS Installer", "OS X Installer", "Software Update"]);

export function readUpdates(files: HostFiles): Package[] {
  return [...latestUpdates(readHistory(files)).values()].map((entry) => {
    const name = textIn(entry, "displayName") ?? "";
    return {
      ...packageItem("softwareupdate", "", { name, version: textIn(entry, "displayVersion")?.trim() ?? "" }),
      installedOn: dayOf(dateIn(entry, "date")),
    };
  });
}

function readHistory(files: HostFiles): readonly PlistValue[] {
  const bytes = files.findBytes(HISTORY, MAX_HISTORY_BYTES);
  if (bytes === undefined) return [];
  try {
    // The last ones are the newest.
    const entries = asList(parsePropertyList(bytes)).toReversed();
    return firstOf(files, HISTORY, entries, MAX_HISTORY, "read").toReversed();
  } catch (error) {
    files.noteGap({ kind: "damaged", subject: HISTORY, reason: (error as Error).message });
    return [];
  }
}

/** XProtect's data alone has hundreds of entries: of each name, the last one counts. */
function latestUpdates(history: readonly PlistValue[]): Map<string, PlistDict> {
  const latest = new Map<string, PlistDict>();
  for (const value of history) {
    const entry = asDict(value);
    const name = textIn(entry, "displayName");
    if (entry === undefined || name === undefined || !UPDATERS.has(textIn(entry, "processName") ?? ""))
      continue;
    const known = latest.get(name);
    if ((dateIn(known, "date")?.getTime() ?? 0) <= (dateIn(entry, "date")?.getTime() ?? 0))
      latest.set(name, entry);
  }
  return latest;
}

function dayOf(date: Date | undefined): string | undefined {
  const day = date?.toISOString().slice(0, 10);
  return day !== undefined && /^\d{4}-/.test(day) ? day : undefined;
}
