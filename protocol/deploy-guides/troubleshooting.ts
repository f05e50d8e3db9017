// "Troubleshooting": the messages that a reader may see, from the tables that the programs use.
import { listMachineProblems } from "../check-machine.ts";
import { SERVICE_NAME } from "../installed-paths.ts";
import { otherInstallation } from "../package-files.ts";
import { INSTALL_PROBLEMS } from "../releases/install-problems.ts";
import { listExits } from "../sensor-exits.ts";
import { SERVICE_PROBLEMS, type ServiceProblemName } from "../service-problems.ts";
import { listTokenRefusals } from "../token-refusals.ts";
import { type Block, paragraph, table } from "./guide.ts";

interface Sources {
  /** The installation script that the guide runs. */
  script?: keyof typeof INSTALL_PROBLEMS;
  /** The package that the guide installs. */
  package?: true;
  /** Where `attacklens-sensor install` runs. */
  service?: "linux" | "macos" | "windows";
  /** Rows for the tool itself. */
  tool?: { name: string; rows: [message: string, cause: string, fix: string][] };
}

const HEAD = ["Message", "Cause", "Next step"];
const OF_LINUX: ServiceProblemName[] = ["no-service-manager", "selinux", "exec-refused", "service-masked"];

export function troubleshooting({ script, package: isPackage, service, tool }: Sources): Block[] {
  return [
    ...(isPackage ? packageProblems() : []),
    ...(tool ? [paragraph(`${tool.name}:`), table(HEAD, tool.rows)] : []),
    ...(script
      ? [
          paragraph(
            `The installation script ends with \`Cannot install:\` and one of these sentences. Its exit code is 1.`,
          ),
          table(
            HEAD,
            INSTALL_PROBLEMS[script].map(({ message, cause, fix }) => [message, cause, fix]),
          ),
          ...(script === "shell"
            ? machineProblems("It also checks whether the program can run on the host:")
            : []),
        ]
      : []),
    ...(service
      ? [
          paragraph(
            "`attacklens-sensor install` ends with `Cannot install the service:` and one of these messages. Its exit code is 14.",
          ),
          table(HEAD, serviceRows(service)),
        ]
      : []),
    paragraph("If the server refuses the token, the exit code is 3:"),
    table(
      HEAD,
      listTokenRefusals().map(({ message, cause, fix }) => [message, cause, `${sentence(fix)}.`]),
    ),
    paragraph("All exit codes of `attacklens-sensor`:"),
    table(EXIT_HEAD, exitRows()),
  ];
}

export const EXIT_HEAD = ["Exit code", "Meaning", "Next step"];

/** The rows of a table of the exit codes. docs/operate.md has it too. */
export function exitRows(): string[][] {
  return listExits().map(({ code, meaning, fix }) => [
    String(code),
    meaning,
    fix === null ? "–" : `${sentence(fix)}.`,
  ]);
}

function packageProblems(): Block[] {
  const { message, fix } = otherInstallation(SERVICE_NAME);
  return [
    paragraph(`The package is not installed: \`Cannot install ${SERVICE_NAME}.\``),
    table(HEAD, [[message, "The unit in `/etc` would start the other program.", `${sentence(fix)}.`]]),
    ...machineProblems("It also checks whether the program can run on the host:"),
  ];
}

function machineProblems(intro: string): Block[] {
  const rows = listMachineProblems().map(({ message, fix }) => [message, `${sentence(fix)}.`]);
  return [paragraph(intro), table(["Message", "Next step"], rows)];
}

function serviceRows(service: "linux" | "macos" | "windows"): string[][] {
  return (Object.keys(SERVICE_PROBLEMS) as ServiceProblemName[])
    .filter((name) => service === "linux" || !OF_LINUX.includes(name))
    .map((name) => {
      const { state, cause, fix } = SERVICE_PROBLEMS[name];
      return [state, cause, `${sentence(fix)}.`];
    });
}

function sentence(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}
