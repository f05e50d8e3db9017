// The package managers that a sensor reads, and the states of packages, without the schemas.

/** Package managers of operating systems, then those of programming languages, with their names for users. */
export const PACKAGE_MANAGERS = {
  dpkg: "dpkg",
  rpm: "rpm",
  apk: "apk",
  pacman: "pacman",
  opkg: "opkg",
  portage: "Portage",
  xbps: "XBPS",
  nix: "Nix",
  snap: "Snap",
  flatpak: "Flatpak",
  brew: "Homebrew",
  pip: "Python",
  npm: "npm",
  gem: "RubyGems",
  cargo: "Cargo",
  go: "Go",
  maven: "Maven",
  msi: "Windows Installer",
  msix: "MSIX",
  chocolatey: "Chocolatey",
  winget: "WinGet",
  program: "Setup program",
  hotfix: "Windows Update",
  app: "macOS application",
  pkg: "macOS package",
  softwareupdate: "macOS software update",
} as const;
export type PackageManager = keyof typeof PACKAGE_MANAGERS;

/** dpkg(1), "Package states", without `not-installed` and `config-files`: such a package is not on disk. */
export const PACKAGE_STATES = [
  "installed",
  "half-installed",
  "unpacked",
  "half-configured",
  "triggers-awaited",
  "triggers-pending",
  "superseded",
] as const;
