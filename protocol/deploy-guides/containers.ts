// What the guides for Docker and Kubernetes share: the image, the rights of its containers, their messages.
import { LINUX } from "../installed-paths.ts";
import { shellDownloadCommand } from "../releases/install-command.ts";
import { type Block, code, type DeployFacts, paragraph, step } from "./guide.ts";

export const ROOT = "/host";
export const STATE = LINUX.stateDir;
export const PROMPT = "Enrollment token (it is not shown)";
export const BUILD_HOST = "on a Linux machine with Docker, in an empty folder";
export const anyCa = (add: string) =>
  `If your company's own CA issued the server's certificate, the container needs the host's list of CAs. ${add} On RHEL, the file is \`${ROOT}/etc/pki/tls/certs/ca-bundle.crt\`.`;
export const CA_VARIABLE = `SSL_CERT_FILE=${ROOT}/etc/ssl/certs/ca-certificates.crt`;

export const SYSTEMS = [
  "Linux hosts on x64 or ARM64 with kernel 5.12 or later.",
  "The image in this guide is for x64. For ARM64, replace `linux-x64` with `linux-arm64` in the command that downloads the program.",
];

/** What each right is for. Both guides have this table. */
export const RIGHTS: [right: string, why: string][] = [
  [
    `the root folder of the host at \`${ROOT}\`, read-only`,
    "The sensor reads the host's files, `/proc` and `/sys` there, because `--root` names this folder. Nothing below it can be written.",
  ],
  ["network of the host", "The sensor reports the host's addresses, and the server sees the host's address."],
  [
    "no process namespace of the host (`hostPID`, `--pid host`)",
    `The host's processes are visible in \`${ROOT}/proc\`. Without the namespace, the container cannot send them signals.`,
  ],
  [
    "`CAP_DAC_READ_SEARCH`",
    "To read files of all users, such as shadow. From shadow, only whether a password is set is reported.",
  ],
  [
    "`CAP_SYS_PTRACE`",
    "To see which process listens on a port. Without it, ports are listed without a process.",
  ],
  [
    "no AppArmor profile, no SELinux label",
    "The default profiles of container runtimes deny access to the host's processes and files.",
  ],
];

export function imageStep(facts: DeployFacts, image: string): Block {
  return step(
    "Build the image",
    code({
      id: "program",
      title: "Download the program",
      language: "sh",
      where: BUILD_HOST,
      text: shellDownloadCommand(facts, {
        begin: ["f=attacklens-sensor-linux-x64"],
        file: { path: `/download/${facts.version}/$f`, name: "$f" },
        commands: ['install -m 755 "$d/$f" attacklens-sensor'],
      }),
    }),
    code({
      id: "dockerfile",
      title: "The image",
      language: "dockerfile",
      where: "in the same folder",
      file: "Dockerfile",
      text: DOCKERFILE,
    }),
    code({
      id: "build",
      title: "Build it",
      language: "sh",
      where: "in the same folder",
      text: `docker build --tag ${image}:${facts.version} .`,
      ...(image.startsWith(REGISTRY.text) ? { replace: [REGISTRY] } : {}),
    }),
    paragraph(
      image.startsWith(REGISTRY.text)
        ? "The image contains no token and no address."
        : "The image contains no token and no address. For several hosts, push it to a registry that all of them can pull from.",
    ),
  );
}

export const DOCKERFILE = `FROM debian:trixie-slim
COPY attacklens-sensor /usr/bin/attacklens-sensor
ENTRYPOINT ["/usr/bin/attacklens-sensor"]
`;

export const REGISTRY = { text: "registry.example.com", by: "your registry" };

export const CONTAINER_MESSAGES: [string, string, string][] = [
  [
    `\`Cannot use --root "${ROOT}": it has no folder etc\``,
    `The host's root folder is not mounted at \`${ROOT}\`.`,
    "Copy the whole command or the whole file again.",
  ],
  [
    "`Cannot run sensor: there is no identity`",
    "The host is not enrolled, or the state folder is not mounted.",
    "Enroll the host first. Check the mount of the state folder.",
  ],
  [
    "The console lists ports without a process",
    "The capability `SYS_PTRACE` is missing, or an AppArmor profile is in force.",
    "Compare the rights with the table above.",
  ],
  ["The sensor has the name of a container", "The command `run` has no `--root`.", `Add \`--root ${ROOT}\`.`],
];
