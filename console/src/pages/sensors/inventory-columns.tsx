// The columns of each inventory category.
import type { Category } from "@attacklens/protocol/inventory/categories.ts";
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { PACKAGE_MANAGERS } from "@attacklens/protocol/inventory/packaging.ts";
import type { Columns } from "../../ui/DataTable.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Status } from "../../ui/Status.tsx";
import { certificateColumns } from "./certificate-columns.tsx";
import { containerColumns } from "./container-columns.tsx";
import { hardwareColumns } from "./hardware-columns.tsx";
import classes from "./inventory-columns.module.css";
import { jobColumns } from "./job-columns.tsx";
import { networkColumns } from "./network-columns.tsx";
import { accessText } from "./privilege-text.ts";
import type { SystemRow } from "./system-rows.ts";
import { columnMaker, list, mono } from "./text-column.tsx";

export type InventoryRow = Item | SystemRow;
type RowOf<C extends Category> = C extends "system" ? SystemRow : Item<C>;

const yesNo = (value: boolean | undefined) => (value === undefined ? "" : value ? "Yes" : "No");
const ofPackage = columnMaker<Item<"packages">>();
const ofService = columnMaker<Item<"services">>();
const ofPort = columnMaker<Item<"ports">>();
const ofUser = columnMaker<Item<"users">>();
const ofSetting = columnMaker<Item<"security">>();
const ofSystem = columnMaker<SystemRow>();

const PASSWORDS = { set: "Set", locked: "Locked", none: "Not required", unknown: "Unknown" } as const;
const AREAS: Record<Item<"security">["area"], string> = {
  ssh: "SSH",
  firewall: "Firewall",
  updates: "Updates",
  encryption: "Encryption",
  kernel: "Kernel",
  login: "Login",
  boot: "Boot",
  "access-control": "Access control",
  audit: "Audit",
  time: "Time",
  files: "Files",
  antivirus: "Antivirus",
  "remote-access": "Remote access",
  management: "Management",
};
/** Why no process is known. */
const HIDDEN: Record<string, string> = {
  "not-root": "Hidden: the sensor is not root",
  "other-pid-namespace": "Outside the sensor's container",
  "not-permitted": "Hidden: not permitted",
  kernel: "Kernel",
  limit: "Not found: too many open files",
};
const STATES = {
  running: <Status color="green">Running</Status>,
  exited: <Status color="green">Exited</Status>,
  starting: <Status color="yellow">Starting</Status>,
  failed: <Status color="red">Failed</Status>,
  stopped: <Status color="gray">Stopped</Status>,
  unknown: <Status color="gray">Unknown</Status>,
};

export const inventoryColumns: { [C in Category]: Columns<RowOf<C>> } = {
  packages: [
    ofPackage("Name", undefined, (one) => one.name),
    ofPackage("Version", "15%", (one) => one.version),
    ofPackage("Architecture", "104px", (one) => one.architecture),
    ofPackage("Source package", "13%", (one) => one.source),
    ofPackage("Manager", "140px", (one) => PACKAGE_MANAGERS[one.manager]),
    ofPackage("State", "104px", packageState),
    ofPackage("Location", "18%", (one) => one.location ?? (one.sid && `User ${one.sid}`)),
  ],
  services: [
    ofService("Name", "26%", (one) => one.name),
    ofService(
      "State",
      "104px",
      (one) => one.state,
      (one) => STATES[one.state],
    ),
    ofService("Enablement", "104px", (one) => one.enablement),
    ofService("Runs as", "112px", (one) => one.user),
    ofService("Program", "22%", (one) => one.command ?? (one.listens && list(one.listens))),
    ofService("Description", undefined, (one) => one.description),
  ],
  ports: [
    ofPort("Port", "84px", (one) => String(one.port)),
    ofPort("Protocol", "84px", (one) => one.protocol.toUpperCase()),
    ofPort("Address", "22%", portAddress, (one) => mono(portAddress(one))),
    ofPort(
      "Process",
      "22%",
      (one) => list(unique(one.processes.map(({ name }) => name))) || HIDDEN[one.processesHidden ?? ""],
    ),
    ofPort("Runs as", "112px", (one) => list(unique(one.processes.map(({ user }) => user ?? "")))),
    ofPort("Executable", undefined, (one) =>
      list(unique(one.processes.map((each) => each.executable ?? ""))),
    ),
  ],
  users: [
    ofUser("Name", "16%", (one) => one.name),
    ofUser("Kind", "80px", (one) => (one.kind === "user" ? "User" : "Group")),
    ofUser("ID", "80px", (one) => String((one.kind === "user" ? one.uid : one.gid) ?? "")),
    ofUser("Can log in", "88px", (one) => (one.kind === "user" ? yesNo(one.canLogIn) : "")),
    ofUser("Password", "96px", (one) => (one.kind === "user" ? PASSWORDS[one.password] : "")),
    ofUser(
      "Last login",
      "108px",
      (one) => (one.kind === "user" ? one.lastLoginAt : undefined),
      (one) => one.kind === "user" && one.lastLoginAt && <RelativeTime at={one.lastLoginAt} />,
    ),
    ofUser("SSH keys", "76px", (one) =>
      one.kind === "user" && one.authorizedKeys ? String(one.authorizedKeys.length) : undefined,
    ),
    ofUser("Groups or members", undefined, (one) => list(one.kind === "user" ? one.groups : one.members)),
    ofUser("Privileges", "24%", accessText),
  ],
  security: [
    ofSetting("Area", "128px", (one) => AREAS[one.area]),
    ofSetting("Setting", "30%", (one) => (one.condition ? `${one.name} (Match ${one.condition})` : one.name)),
    ofSetting(
      "Value",
      undefined,
      (one) => one.value,
      (one) => (one.value ? mono(one.value) : undefined),
    ),
    ofSetting("Source", "28%", (one) => one.source),
  ],
  system: [
    ofSystem(
      "Part",
      "24%",
      (one) => one.part,
      (one) => (one.isSamePart ? <span className={classes.repeated}>{one.part}</span> : undefined),
    ),
    ofSystem("Fact", "20%", (one) => one.name),
    ofSystem("Value", undefined, (one) => one.value),
  ],
  hardware: hardwareColumns,
  network: networkColumns,
  jobs: jobColumns,
  certificates: certificateColumns,
  containers: containerColumns,
};

/** `Half-configured, held`. A package of a manager without states is installed. */
function packageState({ state = "installed", held }: Item<"packages">): string {
  const words = state.charAt(0).toUpperCase() + state.slice(1);
  return held ? `${words}, held` : words;
}

/** `:: (IPv6 only) on eth0`. */
function portAddress({ address, ipv6Only, device }: Item<"ports">): string {
  const only = address === "::" && ipv6Only !== undefined ? (ipv6Only ? " (IPv6 only)" : " (and IPv4)") : "";
  return `${address}${only}${device ? ` on ${device}` : ""}`;
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values.filter(Boolean))];
}
