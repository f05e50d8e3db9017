// What the sensor collects, in words, for the deploy guides and docs/collected-facts.md. A test compares the
// fields with the schemas, so that no field is reported that this table does not name.
import type { Category } from "./categories.ts";

interface CollectedFact {
  /** What it is, as a phrase. */
  text: string;
  /** The fields of the schema. `processes.pid` is a field of each process. */
  fields: string[];
}

interface CollectedCategory {
  label: string;
  /** Where the facts come from. */
  source: string;
  facts: CollectedFact[];
  /** On macOS and Windows too. */
  everywhere?: true;
}

/** The page that names every fact, made from this table and the schemas. */
export const COLLECTED_DOCUMENT = "docs/collected-facts.md";

/** Every item also has a `key`, which identifies it. */
export const COLLECTED: Record<Category, CollectedCategory> = {
  packages: {
    label: "Packages",
    source:
      "databases of dpkg, rpm, apk, pacman, opkg, Portage, XBPS, Nix, Snap, Flatpak and Homebrew; Python, npm, RubyGems, Cargo, Go and Maven packages in the usual folders and of running programs",
    facts: [
      { text: "name, version and architecture", fields: ["name", "version", "architecture"] },
      { text: "package manager and package URL", fields: ["manager", "purl"] },
      { text: "state, and whether it is held back from upgrades", fields: ["state", "held"] },
      { text: "source package, and module of an rpm package", fields: ["source", "sourceVersion", "module"] },
      { text: "folder, jar or program of a language's package", fields: ["location"] },
      { text: "maintainer or vendor", fields: ["vendor"] },
      { text: "installed size", fields: ["sizeBytes"] },
    ],
  },
  services: {
    label: "Services",
    source: "unit files, control groups and unit list of systemd; files of OpenRC, SysV and runit",
    facts: [
      {
        text: "name, description and unit file of services and sockets",
        fields: ["kind", "manager", "name", "description", "file"],
      },
      { text: "whether it starts at boot, and whether it runs or failed", fields: ["enablement", "state"] },
      {
        text: "path of the first program that it starts, without arguments, and the account",
        fields: ["command", "user", "dynamicUser"],
      },
      { text: "addresses of sockets", fields: ["listens"] },
    ],
  },
  ports: {
    label: "Listening ports",
    source: "socket tables of the kernel",
    facts: [
      {
        text: "protocol, address, port and network interface",
        fields: ["protocol", "address", "port", "ipv6Only", "device"],
      },
      {
        text: "the processes behind it: id, name, program and account",
        fields: ["processes", "processes.pid", "processes.name", "processes.executable", "processes.user"],
      },
      {
        text: "the reason if no process is known",
        fields: ["processesHidden"],
      },
    ],
  },
  users: {
    label: "Users and groups",
    source: "passwd, group, shadow, sudoers and doas.conf",
    facts: [
      {
        text: "name, ids, full name, home and shell of each local account",
        fields: ["kind", "name", "uid", "gid", "fullName", "home", "shell"],
      },
      { text: "groups and their members", fields: ["groups", "members"] },
      {
        text: "whether the account can sign in, and whether it has a password",
        fields: ["canLogIn", "password"],
      },
      { text: "why it may act as root", fields: ["privileges"] },
    ],
  },
  security: {
    label: "Security settings",
    source: "configuration of sshd, firewall, updates, disk encryption, kernel and login",
    facts: [
      { text: "setting, value, and the file that sets it", fields: ["area", "name", "value", "source"] },
    ],
  },
  system: {
    label: "System",
    source: "`/proc`, `/sys` and os-release; on macOS and Windows the system's own calls",
    everywhere: true,
    facts: [
      {
        text: "hostname, full name, start time and time zone",
        fields: ["kind", "hostname", "fqdn", "bootedAt", "timeZone"],
      },
      {
        text: "operating system, its point release and build",
        fields: ["platform", "name", "version", "id", "versionId", "pointRelease", "codename", "buildId"],
      },
      {
        text: "kernel, with known parameters of its command line",
        fields: ["release", "parameters"],
      },
      {
        text: "processors and memory",
        fields: [
          "model",
          "architecture",
          "logicalCount",
          "physicalCount",
          "socketCount",
          "totalBytes",
          "swapBytes",
        ],
      },
      {
        text: "machine id, product UUID, serial number, vendor, cloud instance id, and the kind of virtualization",
        fields: ["machineId", "productUuid", "serialNumber", "vendor", "cloudInstanceId", "type"],
      },
      {
        text: "disks and mounted file systems",
        fields: ["sizeBytes", "removable", "rotational", "path", "device", "fileSystem", "encrypted"],
      },
      { text: "network interfaces with their addresses", fields: ["mac", "addresses", "up"] },
    ],
  },
};

/** What no collector reads or sends. */
export const NEVER_COLLECTED = [
  "the content of documents, mail, databases or source code",
  "arguments of start commands, and parameters of the kernel outside a closed list",
  "passwords, password hashes and private keys. From shadow, only whether a password is set",
  "arguments and environment variables of running processes",
  "network traffic, DNS queries and visited pages",
  "keystrokes, screens, cameras and locations",
  "files of users in their home folders",
] as const;

/** The sensor runs no command of the server. */
export const NEVER_DONE = [
  "run commands that the server sends. It has no remote shell",
  "change anything on the host outside its own folders",
  "listen on a port",
] as const;
