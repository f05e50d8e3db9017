// What a host without a sensor fetches from the server: the installation scripts, and the files of releases.
import { z } from "zod";
import { route } from "../route.ts";
import { sha256Hex } from "../text.ts";
import { releaseFileName, releaseVersion } from "./release.ts";

const TEXT = "text/plain; charset=utf-8";
const shared = { method: "GET", access: "public", tag: "Installation", status: 200 } as const;

export const installShell = route({
  ...shared,
  name: "installation.shell",
  path: "/install.sh",
  summary: "Get the script that installs the sensor on Linux and macOS, with the hashes of the programs",
  file: TEXT,
});

export const installPowerShell = route({
  ...shared,
  name: "installation.powerShell",
  path: "/install.ps1",
  summary: "Get the script that installs the sensor on Windows, with the hashes of the programs",
  file: TEXT,
});

export const downloadManifest = route({
  ...shared,
  name: "releases.manifest",
  path: "/download/manifest.json",
  summary: "Get the signed manifest of the newest release",
  file: "application/json",
});

/** How a sensor verifies the release that it is offered, also while a newer one is stored. */
export const downloadReleaseManifest = route({
  ...shared,
  name: "releases.manifestVersion",
  path: "/download/{version}/manifest.json",
  params: z.object({ version: releaseVersion }),
  summary: "Get the signed manifest of the release with this version",
  file: "application/json",
});

/** Safe over an untrusted connection: the caller compares its SHA-256. */
export const downloadCa = route({
  ...shared,
  name: "installation.ca",
  path: "/download/ca.pem",
  query: z.object({
    sha256: sha256Hex.optional().meta({
      description:
        "The root with this hash. While the CA is replaced, there are two. Absent: the one that signs now",
    }),
  }),
  summary:
    "Get a root of the private CA in PEM. Trust it only if its SHA-256 is the one in the installation command",
  file: "application/x-pem-file",
});

export const downloadFile = route({
  ...shared,
  name: "releases.download",
  path: "/download/{file}",
  params: z.object({ file: releaseFileName }),
  summary: "Download a file of the newest release. The ETag is its SHA-256",
  file: "application/octet-stream",
});

/** The same file for as long as the release is stored, so that an interrupted download can be resumed. */
export const downloadReleaseFile = route({
  ...shared,
  name: "releases.downloadVersion",
  path: "/download/{version}/{file}",
  params: z.object({ version: releaseVersion, file: releaseFileName }),
  summary: "Download a file of the release with this version",
  file: "application/octet-stream",
});
