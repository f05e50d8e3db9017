// The ids of the deploy guides. The guides themselves are large, so pages that only name one do not load
// them.
export const GUIDE_IDS = [
  "linux-shell",
  "deb",
  "rpm",
  "ansible",
  "cloud-init",
  "terraform",
  "packer",
  "docker",
  "kubernetes",
  "windows-powershell",
  "intune",
  "gpo",
  "macos-shell",
  "jamf",
] as const;
export type GuideId = (typeof GUIDE_IDS)[number];
