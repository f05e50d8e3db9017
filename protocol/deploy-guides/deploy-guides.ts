// The deploy guides: one row for each, and the function that makes them. The console shows the result, and
// docs/deploy/ has it as Markdown.
import { ansible } from "./ansible.ts";
import { cloudInit, terraform } from "./cloud-init.ts";
import { docker } from "./docker.ts";
import { groupPolicy } from "./group-policy.ts";
import { type Block, type DeployFacts, type Guide, paragraph, SECTIONS, type SectionId } from "./guide.ts";
import { GUIDE_IDS, type GuideId } from "./guide-ids.ts";
import { kubernetes } from "./kubernetes.ts";
import { linuxShell } from "./linux-shell.ts";
import { jamf, macosShell } from "./macos.ts";
import { debPackage, rpmPackage } from "./packages.ts";
import { packer } from "./packer.ts";
import { intune, windowsPowerShell } from "./windows.ts";

export const GUIDE_PLATFORMS = {
  linux: "Linux",
  container: "Containers",
  windows: "Windows",
  macos: "macOS",
} as const;
export type GuidePlatform = keyof typeof GUIDE_PLATFORMS;

interface GuideRow {
  platform: GuidePlatform;
  /** The label of the tool in a list. */
  tool: string;
  title: string;
  summary: string;
  /** The files of a release that it installs. The server must offer one of the targets. */
  needs: { format: "program" | "deb" | "rpm" | "msi"; targets: string[] };
  /** How the texts were checked, and on which systems they were not. */
  checked: string;
  sections: (facts: DeployFacts) => Partial<Record<SectionId, Block[]>>;
}

const LINUX_TARGETS = ["linux-x64", "linux-arm64", "linux-x64-musl", "linux-arm64-musl"];
const WINDOWS_TARGETS = ["windows-x64"];
const MACOS_TARGETS = ["darwin-arm64", "darwin-x64"];
const PACKAGE_TARGETS = ["linux-x64", "linux-arm64"];

/** tests/guides/checked.test.ts has the test that each of these sentences claims. */
const ON_DEBIAN =
  "Tests paste these texts into bash and dash on Debian 11, 12 and 13 under systemd, reboot the host, and search it and its processes for the token.";
const NOT_ON_WINDOWS = "A parser has checked the syntax of the PowerShell texts. Nothing was run on Windows.";
const NOT_ON_MACOS = "A shell has checked the syntax of the commands. Nothing was run on macOS.";

const GUIDES = {
  "linux-shell": {
    platform: "linux",
    tool: "Shell",
    title: "Install the sensor on a Linux host from a shell",
    summary: "For a single host, or for a tool that runs a shell command on each host.",
    needs: { format: "program", targets: LINUX_TARGETS },
    checked: `${ON_DEBIAN} Nothing was run on other distributions or under OpenRC.`,
    sections: linuxShell,
  },
  deb: {
    platform: "linux",
    tool: "Debian package",
    title: "Install the sensor on Debian and Ubuntu with a .deb package",
    summary: "For hosts whose software the package manager installs and upgrades.",
    needs: { format: "deb", targets: PACKAGE_TARGETS },
    checked: `${ON_DEBIAN} Nothing was run on Ubuntu.`,
    sections: debPackage,
  },
  rpm: {
    platform: "linux",
    tool: "RPM package",
    title: "Install the sensor on RHEL, Fedora, Amazon Linux and SUSE with an .rpm package",
    summary: "For hosts whose software the package manager installs and upgrades.",
    needs: { format: "rpm", targets: PACKAGE_TARGETS },
    checked:
      "Tests paste these texts into bash on Debian 12 with rpm under systemd, reboot the host, and search it and its processes for the token. Nothing was run on RHEL, Fedora, Amazon Linux or SUSE.",
    sections: rpmPackage,
  },
  ansible: {
    platform: "linux",
    tool: "Ansible",
    title: "Install the sensor on many Linux hosts with Ansible",
    summary: "For a fleet of Linux hosts that Ansible manages.",
    needs: { format: "program", targets: LINUX_TARGETS },
    checked:
      "Tests run these commands and playbooks with ansible-core and Ansible Vault against Debian 12 under systemd, and search the host and the processes for the token. Nothing was run through ssh or on other distributions.",
    sections: ansible,
  },
  "cloud-init": {
    platform: "linux",
    tool: "cloud-init",
    title: "Install the sensor on cloud instances with cloud-init",
    summary: "For instances that install the sensor when they first boot.",
    needs: { format: "program", targets: LINUX_TARGETS },
    checked:
      "The schema of cloud-init accepts the user data, and cloud-init runs it on the first boot of Debian 12 under systemd. The secret store is a stand-in. Nothing was run in a cloud.",
    sections: cloudInit,
  },
  terraform: {
    platform: "linux",
    tool: "Terraform",
    title: "Install the sensor on AWS instances with Terraform",
    summary: "For instances and auto-scaling groups that Terraform creates.",
    needs: { format: "program", targets: LINUX_TARGETS },
    checked:
      "The parser of HashiCorp accepts the configuration. The user data is that of the cloud-init guide, which tests run. Terraform was not run, and nothing was made in AWS.",
    sections: terraform,
  },
  packer: {
    platform: "linux",
    tool: "Packer (golden image)",
    title: "Put the sensor into a golden image with Packer",
    summary: "For images whose machines enroll on their first boot.",
    needs: { format: "program", targets: LINUX_TARGETS },
    checked:
      "The parser of HashiCorp accepts the template. Tests run the script on Debian 12 under systemd, search the host and its processes for the token, and boot a clone, which enrolls. Packer was not run.",
    sections: packer,
  },
  docker: {
    platform: "container",
    tool: "Docker",
    title: "Run the sensor in a container that reports its Docker host",
    summary: "For hosts on which you can run containers and cannot install programs.",
    needs: { format: "program", targets: PACKAGE_TARGETS },
    checked:
      "A parser accepts the Dockerfile. Tests make the image by its instructions, and run containers with these commands, mounts and capabilities on Debian 13, as a chroot in namespaces. Docker was not run.",
    sections: docker,
  },
  kubernetes: {
    platform: "container",
    tool: "Kubernetes",
    title: "Run the sensor on every node of a Kubernetes cluster",
    summary: "For nodes that you manage only through Kubernetes.",
    needs: { format: "program", targets: PACKAGE_TARGETS },
    checked:
      "The manifest has only fields of Kubernetes 1.30, with values of the right type. Tests run its containers with their commands, mounts and capabilities on Debian 13, as a chroot in namespaces. Nothing was run in a cluster.",
    sections: kubernetes,
  },
  "windows-powershell": {
    platform: "windows",
    tool: "PowerShell",
    title: "Install the sensor on a Windows host from PowerShell",
    summary: "For a single host, or for a tool that runs PowerShell on each host.",
    needs: { format: "program", targets: WINDOWS_TARGETS },
    checked: NOT_ON_WINDOWS,
    sections: windowsPowerShell,
  },
  intune: {
    platform: "windows",
    tool: "Intune",
    title: "Install the sensor on Windows hosts with Intune",
    summary: "For Windows hosts that Intune manages.",
    needs: { format: "program", targets: WINDOWS_TARGETS },
    checked: NOT_ON_WINDOWS,
    sections: intune,
  },
  gpo: {
    platform: "windows",
    tool: "Group Policy",
    title: "Install the sensor on the Windows hosts of a domain with Group Policy",
    summary: "For Windows hosts of an Active Directory domain without another tool.",
    needs: { format: "program", targets: WINDOWS_TARGETS },
    checked: NOT_ON_WINDOWS,
    sections: groupPolicy,
  },
  "macos-shell": {
    platform: "macos",
    tool: "Shell",
    title: "Install the sensor on a Mac from a shell",
    summary: "For a single Mac, or for a tool that runs a shell command on each Mac.",
    needs: { format: "program", targets: MACOS_TARGETS },
    checked: NOT_ON_MACOS,
    sections: macosShell,
  },
  jamf: {
    platform: "macos",
    tool: "Jamf Pro",
    title: "Install the sensor on Macs with Jamf Pro",
    summary: "For Macs that Jamf Pro or another MDM manages.",
    needs: { format: "program", targets: MACOS_TARGETS },
    checked: NOT_ON_MACOS,
    sections: jamf,
  },
} as const satisfies Record<GuideId, GuideRow>;

/** The row of each guide, without its texts. */
export function listGuides(): ({ id: GuideId } & Omit<GuideRow, "sections">)[] {
  return GUIDE_IDS.map((id) => ({ ...(GUIDES[id] as GuideRow), id }));
}

/** Returns the guide with the server's address and pin in its texts. It never contains a token. */
export function deployGuide(id: GuideId, facts: DeployFacts): Guide {
  const { title, summary, checked, sections } = GUIDES[id] as GuideRow;
  const blocks = { ...sections(facts), checked: [paragraph(checked)] };
  return {
    id,
    title,
    summary,
    sections: (Object.keys(SECTIONS) as SectionId[]).flatMap((section) => {
      const content = (blocks as Partial<Record<SectionId, Block[]>>)[section];
      return content ? [{ id: section, title: SECTIONS[section], blocks: content }] : [];
    }),
  };
}
