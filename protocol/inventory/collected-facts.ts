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
}

/** The page that names every fact, made from this table and the schemas. */
export const COLLECTED_DOCUMENT = "docs/collected-facts.md";

/** Every item also has a `key`, which identifies it. */
export const COLLECTED: Record<Category, CollectedCategory> = {
  packages: {
    label: "Packages",
    source:
      "databases of dpkg, rpm, apk, pacman, opkg, Portage, XBPS, Nix, Snap, Flatpak and Homebrew; Python, npm, RubyGems, Cargo, Go and Maven packages in the usual folders and of running programs; on Windows programs and hotfixes in the registry, MSIX, WinGet and Chocolatey; on macOS applications, receipts of packages and the history of installations",
    facts: [
      { text: "name, version and architecture", fields: ["name", "version", "architecture"] },
      { text: "package manager and package URL", fields: ["manager", "purl"] },
      { text: "state, and whether it is held back from upgrades", fields: ["state", "held"] },
      { text: "source package, and module of an rpm package", fields: ["source", "sourceVersion", "module"] },
      { text: "folder, jar or program of a language's package", fields: ["location"] },
      { text: "maintainer or vendor", fields: ["vendor"] },
      { text: "installed size", fields: ["sizeBytes"] },
      {
        text: "on Windows and macOS the date, the user who has it, its identifiers, and the product that it updates",
        fields: [
          "installedOn",
          "scope",
          "sid",
          "productCode",
          "upgradeCode",
          "packageId",
          "parent",
          "hidden",
        ],
      },
    ],
  },
  services: {
    label: "Services",
    source:
      "unit files, control groups and unit list of systemd; files of OpenRC, SysV and runit; registry and service control manager of Windows; property lists of launchd, and its list of services",
    facts: [
      {
        text: "name, description and unit file of services and sockets",
        fields: ["kind", "manager", "name", "description", "file"],
      },
      { text: "whether it starts at boot, and whether it runs or failed", fields: ["enablement", "state"] },
      {
        text: "path of the first program that it starts, without arguments, and the account",
        fields: ["command", "library", "user", "dynamicUser"],
      },
      { text: "addresses of sockets", fields: ["listens"] },
    ],
  },
  ports: {
    label: "Listening ports",
    source: "socket tables of the kernel; on macOS the list of `lsof`",
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
    source:
      "passwd, group, shadow, sudoers and doas.conf, the records of sign-ins, and authorized_keys; account databases of Windows and macOS",
    facts: [
      {
        text: "name, ids, full name, home and shell of each local account",
        fields: ["kind", "name", "uid", "gid", "sid", "fullName", "home", "shell"],
      },
      { text: "groups and their members", fields: ["groups", "members"] },
      {
        text: "whether the account can sign in, and whether it has a password",
        fields: ["canLogIn", "password"],
      },
      {
        text: "on Windows and macOS whether it is disabled, hidden or locked out, and the rules for its password",
        fields: ["disabled", "hidden", "lockedOut", "passwordRequired", "passwordNeverExpires"],
      },
      { text: "whether the account may act as root", fields: ["rootAccess"] },
      {
        text: "what it may do as root or another account, and with whose password. Of commands, only the paths",
        fields: [
          "privileges",
          "privileges.source",
          "privileges.group",
          "privileges.runAs",
          "privileges.runAsGroups",
          "privileges.commands",
          "privileges.moreCommands",
          "privileges.password",
        ],
      },
      {
        text: "last sign-in, and when the password was changed and it or the account expires",
        fields: ["lastLoginAt", "lastLoginFrom", "passwordChangedOn", "passwordExpiresOn", "expiresOn"],
      },
      {
        text: "type and fingerprint of the SSH keys that may sign in",
        fields: [
          "authorizedKeys",
          "authorizedKeys.type",
          "authorizedKeys.fingerprint",
          "authorizedKeys.bits",
          "authorizedKeys.options",
          "authorizedKeys.source",
        ],
      },
    ],
  },
  security: {
    label: "Security settings",
    source:
      "configuration of sshd, firewalls, updates, disk encryption, kernel, login, audit and time; SELinux, AppArmor and TPM; set-uid programs in the folders of the system; registry, policies and WMI of Windows; preferences and tools of macOS for FileVault, Gatekeeper, System Integrity Protection, firewall, updates and profiles",
    facts: [
      { text: "setting, value, and the file that sets it", fields: ["area", "name", "value", "source"] },
      { text: "the connections that a setting of sshd is for", fields: ["condition"] },
    ],
  },
  system: {
    label: "System",
    source: "`/proc`, `/sys` and os-release; on macOS and Windows the system's own calls",
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
        text: "version, edition and installation of Windows, and the domain or tenant that it has joined",
        fields: [
          ...["displayVersion", "edition", "installationType", "installedAt"],
          ...["domain", "workgroup", "entraTenant"],
        ],
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
        text: "mounted file systems with their options, and how full they are to the next 10 percent",
        fields: [
          "path",
          "device",
          "fileSystem",
          "sizeBytes",
          "usedPercent",
          "inodesUsedPercent",
          "options",
          "encrypted",
        ],
      },
      {
        text: "installed kernels, loaded kernel modules, and whether an update needs a restart",
        fields: ["running", "installed", "names", "required", "reasons"],
      },
    ],
  },
  hardware: {
    label: "Hardware",
    source: "SMBIOS tables, `/sys` and `/proc`; on macOS the list of `system_profiler`",
    facts: [
      {
        text: "maker, model, version, serial number and asset tag of firmware, board and chassis",
        fields: [
          "kind",
          "name",
          "vendor",
          "model",
          "version",
          "serialNumber",
          "assetTag",
          "type",
          "releasedOn",
          "mode",
        ],
      },
      {
        text: "processors with microcode, and the flags that matter to security",
        fields: ["family", "modelNumber", "stepping", "microcode", "maximumMhz", "flags"],
      },
      {
        text: "memory slots and the modules in them",
        fields: ["bank", "state", "sizeBytes", "formFactor", "speedMtps", "partNumber"],
      },
      {
        text: "disks with firmware, RAID arrays and logical volumes",
        fields: [
          "firmware",
          "bus",
          "removable",
          "rotational",
          "level",
          "deviceCount",
          "workingCount",
          "devices",
        ],
      },
      {
        text: "PCI and USB devices by class and id",
        fields: ["address", "class", "vendorId", "deviceId", "driver"],
      },
      { text: "batteries", fields: ["technology", "designMwh", "healthPercent"] },
    ],
  },
  network: {
    label: "Network",
    source: "`/sys/class/net`, the routing tables of the kernel and resolv.conf",
    facts: [
      {
        text: "interfaces with their addresses, type, link and driver",
        fields: [
          "kind",
          "name",
          "type",
          "mac",
          "addresses",
          "up",
          "mtu",
          "speedMbps",
          "duplex",
          "driver",
          "controller",
          "parent",
          "vlan",
        ],
      },
      {
        text: "routes and default gateways",
        fields: ["destination", "gateway", "interface", "metric"],
      },
      { text: "DNS servers, search list and domain", fields: ["servers", "search", "domain", "source"] },
    ],
  },
  jobs: {
    label: "Scheduled jobs",
    source: "cron, anacron and at, the timers of systemd, tasks of Windows, and launchd",
    facts: [
      {
        text: "name, schedule, account, and the path of the program without its arguments",
        fields: ["kind", "name", "schedule", "enabled", "user", "program", "unit", "runsAt", "source"],
      },
    ],
  },
  certificates: {
    label: "Certificates",
    source: "the usual folders, and the files that the configuration of servers names",
    facts: [
      {
        text: "names, issuer, validity and fingerprint",
        fields: [
          "name",
          "subject",
          "issuer",
          "alternativeNames",
          "serialNumber",
          "fingerprint",
          "notBefore",
          "notAfter",
        ],
      },
      {
        text: "type and size of the public key",
        fields: ["keyType", "keyBits", "signatureAlgorithm", "selfSigned", "authority"],
      },
      { text: "the file, and the programs that use it", fields: ["path", "usedBy"] },
    ],
  },
  containers: {
    label: "Containers",
    source: "the state of docker, podman, CRI-O and containerd",
    facts: [
      {
        text: "containers with name, state, image and pod",
        fields: [
          "kind",
          "runtime",
          "id",
          "name",
          "state",
          "image",
          "imageId",
          "pod",
          "createdAt",
          "privileged",
          "hostNetwork",
          "user",
        ],
      },
      { text: "images with their tags and digests", fields: ["tags", "digests", "sizeBytes"] },
    ],
  },
};

/**
 * What no report has. Some of it is beside a fact in a file that a collector reads: the sensor drops it on
 * the host. A test plants secrets into all these files.
 */
export const NEVER_COLLECTED = [
  "the content of documents, mail, source code, and databases other than those of packages and sign-ins",
  "arguments of commands that start services and jobs or that sudo and doas permit, and parameters of the kernel outside a closed list. From the options of sshd, its settings",
  "passwords, password hashes and private keys. From shadow, only whether a password is set, and when it was changed and expires",
  "user names and passwords in URLs, and tokens and keys that can be recognized in a text",
  "environment variables of running processes, and their arguments. A script or jar among them shows which packages a program has, and the variables of process 1 show the kind of container",
  "network traffic, DNS queries and visited pages",
  "keystrokes, screens, cameras and the position of the host",
  "files of users in their home folders, except the public keys in authorized_keys, the containers of the user, the packages of running programs, the packages and certificates of root, and on Windows the registry, for the programs of the user; on macOS the folders Applications and Library/LaunchAgents",
] as const;

/** The sensor runs no command of the server. */
export const NEVER_DONE = [
  "run commands that the server sends. It has no remote shell",
  "start other programs to collect, except PowerShell on Windows, with a script that is part of the sensor, and tools of the system on macOS, with fixed arguments",
  "change anything on the host but its own program, service and folders",
  "listen on a port",
] as const;
