// Each guide says how it was checked. This table has the test for each of these sentences, so that a guide
// without a test cannot claim one.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { deployGuide, listGuides } from "@attacklens/protocol/deploy-guides/deploy-guides.ts";
import { codeBlocksOf } from "@attacklens/protocol/deploy-guides/guide.ts";
import { GUIDE_IDS, type GuideId } from "@attacklens/protocol/deploy-guides/guide-ids.ts";
import { ROOT } from "../../harness/terminal.ts";
import { EXAMPLE_FACTS } from "../support/guide-texts.ts";

interface Sentence {
  says: string;
  /** Where the check is. Absent: the sentence says what was not checked. */
  file?: string;
  /** The texts of the guide that it executes or parses. */
  texts?: string[];
}

const PASTED = {
  says: "Tests paste these texts into bash and dash on Debian 11, 12 and 13 under systemd, reboot the host, and search it and its processes for the token.",
  file: "tests/guides/linux.test.ts",
};
const PACKAGE_TEXTS = ["package", "check", "install", "verify", "upgrade", "uninstall"];
const UNIT = "protocol/deploy-guides/deploy-guides.test.ts";
const POWERSHELL: Sentence[] = [
  { says: "A parser has checked the syntax of the PowerShell texts.", file: UNIT, texts: ["powershell"] },
  { says: "Nothing was run on Windows." },
];
const MACOS: Sentence[] = [
  { says: "A shell has checked the syntax of the commands.", file: UNIT, texts: ["sh"] },
  { says: "Nothing was run on macOS." },
];
const [ANSIBLE, IMAGES, CONTAINERS] = ["ansible", "images", "containers"].map(
  (name) => `tests/guides/${name}.test.ts`,
) as [string, string, string];

const CHECKED: Record<GuideId, Sentence[]> = {
  "linux-shell": [
    { ...PASTED, texts: ["install", "output", "verify", "uninstall"] },
    { says: "Nothing was run on other distributions or under OpenRC." },
  ],
  deb: [{ ...PASTED, texts: PACKAGE_TEXTS }, { says: "Nothing was run on Ubuntu." }],
  rpm: [
    {
      says: "Tests paste these texts into bash on Debian 12 with rpm under systemd, reboot the host, and search it and its processes for the token.",
      file: PASTED.file,
      texts: PACKAGE_TEXTS,
    },
    { says: "Nothing was run on RHEL, Fedora, Amazon Linux or SUSE." },
  ],
  ansible: [
    {
      says: "Tests run these commands and playbooks with ansible-core and Ansible Vault against Debian 12 under systemd, and search the host and the processes for the token.",
      file: ANSIBLE,
      texts: ["vault", "playbook", "try", "install", "verify", "upgrade", "remove-playbook", "uninstall"],
    },
    { says: "Nothing was run through ssh or on other distributions." },
  ],
  "cloud-init": [
    {
      says: "The schema of cloud-init accepts the user data, and cloud-init runs it on the first boot of Debian 12 under systemd.",
      file: IMAGES,
      texts: ["user-data", "secret", "wait", "verify", "uninstall"],
    },
    { says: "The secret store is a stand-in. Nothing was run in a cloud." },
  ],
  terraform: [
    { says: "The parser of HashiCorp accepts the configuration.", file: IMAGES, texts: ["terraform"] },
    {
      says: "The user data is that of the cloud-init guide, which tests run.",
      file: IMAGES,
      texts: ["user-data", "secret"],
    },
    { says: "Terraform was not run, and nothing was made in AWS." },
  ],
  packer: [
    { says: "The parser of HashiCorp accepts the template.", file: IMAGES, texts: ["packer"] },
    {
      says: "Tests run the script on Debian 12 under systemd, search the host and its processes for the token, and boot a clone, which enrolls.",
      file: IMAGES,
      texts: ["script", "verify", "uninstall"],
    },
    { says: "Packer was not run." },
  ],
  docker: [
    { says: "A parser accepts the Dockerfile.", file: CONTAINERS, texts: ["dockerfile"] },
    {
      says: "Tests make the image by its instructions, and run containers with these commands, mounts and capabilities on Debian 13, as a chroot in namespaces.",
      file: CONTAINERS,
      texts: ["program", "dockerfile", "enroll", "install", "verify", "uninstall"],
    },
    { says: "Docker was not run." },
  ],
  kubernetes: [
    {
      says: "The manifest has only fields of Kubernetes 1.30, with values of the right type.",
      file: CONTAINERS,
      texts: ["manifest"],
    },
    {
      says: "Tests run its containers with their commands, mounts and capabilities on Debian 13, as a chroot in namespaces.",
      file: CONTAINERS,
      texts: ["manifest", "uninstall"],
    },
    { says: "Nothing was run in a cluster." },
  ],
  "windows-powershell": POWERSHELL,
  intune: POWERSHELL,
  gpo: POWERSHELL,
  "macos-shell": MACOS,
  jamf: MACOS,
};

test.each(GUIDE_IDS)("the guide %s claims what a test does, and no more", (id) => {
  const sentences = CHECKED[id];
  const { checked } = listGuides().find((guide) => guide.id === id)!;
  expect(checked).toBe(sentences.map(({ says }) => says).join(" "));
  const blocks = codeBlocksOf(deployGuide(id, EXAMPLE_FACTS));
  for (const { says, file, texts = [] } of sentences) {
    if (file === undefined) {
      expect(says).toMatch(/(^|\. )(Nothing was|\w+ was not) /);
      continue;
    }
    const source = existsSync(join(ROOT, file)) ? readFileSync(join(ROOT, file), "utf8") : "";
    for (const name of texts) {
      // The parsers take all texts of a language.
      const isKnown = blocks.some((one) => (file === UNIT ? one.language : one.id) === name);
      expect([name, isKnown, source.includes(`"${name}"`)]).toEqual([name, true, true]);
    }
    if (file !== UNIT) expect(source).toContain(`"${id}"`);
  }
});

test("every guide says what was not checked", () => {
  for (const sentences of Object.values(CHECKED)) expect(sentences.at(-1)?.file).toBeUndefined();
});
