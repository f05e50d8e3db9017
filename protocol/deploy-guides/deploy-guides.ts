// The deploy guides: one row for each, and the function that makes them. The console shows the result, and
// docs/deploy/ has it as Markdown.
import { ansible } from "./ansible.ts";
import { type Block, type DeployFacts, type Guide, paragraph, SECTIONS, type SectionId } from "./guide.ts";
import { linuxShell } from "./linux-shell.ts";
import { debPackage, rpmPackage } from "./packages.ts";

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
const PACKAGE_TARGETS = ["linux-x64", "linux-arm64"];

const NOT_YET = "No test has run this text.";

const GUIDES = {
  "linux-shell": {
    platform: "linux",
    tool: "Shell",
    title: "Install the sensor on a Linux host from a shell",
    summary: "For a single host, or for a tool that runs a shell command on each host.",
    needs: { format: "program", targets: LINUX_TARGETS },
    checked: NOT_YET,
    sections: linuxShell,
  },
  deb: {
    platform: "linux",
    tool: "Debian package",
    title: "Install the sensor on Debian and Ubuntu with a .deb package",
    summary: "For hosts whose software the package manager installs and upgrades.",
    needs: { format: "deb", targets: PACKAGE_TARGETS },
    checked: NOT_YET,
    sections: debPackage,
  },
  rpm: {
    platform: "linux",
    tool: "RPM package",
    title: "Install the sensor on RHEL, Fedora, Amazon Linux and SUSE with an .rpm package",
    summary: "For hosts whose software the package manager installs and upgrades.",
    needs: { format: "rpm", targets: PACKAGE_TARGETS },
    checked: NOT_YET,
    sections: rpmPackage,
  },
  ansible: {
    platform: "linux",
    tool: "Ansible",
    title: "Install the sensor on many Linux hosts with Ansible",
    summary: "For a fleet of Linux hosts that Ansible manages.",
    needs: { format: "program", targets: LINUX_TARGETS },
    checked: NOT_YET,
    sections: ansible,
  },
} as const satisfies Record<string, GuideRow>;

export type GuideId = keyof typeof GUIDES;
export const GUIDE_IDS = Object.keys(GUIDES) as GuideId[];

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
