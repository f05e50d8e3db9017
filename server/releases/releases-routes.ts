import { Problem } from "@attacklens/protocol/problems.ts";
import {
  downloadCa,
  downloadFile,
  downloadManifest,
  downloadReleaseFile,
  downloadReleaseManifest,
  installPowerShell,
  installShell,
} from "@attacklens/protocol/releases/downloads.ts";
import { type HandlerRequest, handler, type Services } from "../route-handler.ts";
import { sha256Of, textReply } from "./downloads.ts";
import type { OfferedRelease } from "./offered-releases.ts";

const NO_RELEASE =
  "This server has no release yet. Add one on the server's host: attacklens releases add FOLDER";

/** What browsers and package managers expect. The names say the formats. */
const CONTENT_TYPES: Record<string, string> = {
  program: "application/octet-stream",
  deb: "application/vnd.debian.binary-package",
  rpm: "application/x-rpm",
  msi: "application/x-msi",
};

export const releaseRoutes = [
  handler(installShell, async ({ http }, { releases, installScripts }) => {
    const text = installScripts.shell(await getNewest(releases));
    http.replyFile = textReply(http, text, { "content-type": installShell.file });
    return undefined;
  }),
  handler(installPowerShell, async ({ http }, { releases, installScripts }) => {
    const text = installScripts.powerShell(await getNewest(releases));
    http.replyFile = textReply(http, text, { "content-type": installPowerShell.file });
    return undefined;
  }),
  handler(downloadManifest, async ({ http }, { releases }) => {
    const { text } = await getNewest(releases);
    http.replyFile = textReply(http, text, { "content-type": downloadManifest.file });
    return undefined;
  }),
  handler(downloadReleaseManifest, async ({ params, http }, { releases }) => {
    const { text } = await getVersion(releases, params.version);
    http.replyFile = textReply(http, text, { "content-type": downloadReleaseManifest.file });
    return undefined;
  }),
  handler(downloadCa, async ({ query, http }, { connection }) => {
    const roots = connection.caFiles();
    if (roots.length === 0)
      throw new Problem("not-found", "This server has no private CA: its certificate is from another issuer");
    const root = query.sha256 === undefined ? roots[0] : roots.find((one) => sha256Of(one) === query.sha256);
    if (root === undefined)
      throw new Problem(
        "not-found",
        "The private CA of this server is another one than that of the command. Copy the command again from the console",
      );
    http.replyFile = textReply(http, root, { "content-type": downloadCa.file });
    return undefined;
  }),
  handler(downloadFile, async ({ params, http }, services) => {
    http.replyFile = await fileReply(http, services, await getNewest(services.releases), params.file);
    return undefined;
  }),
  handler(downloadReleaseFile, async ({ params, http }, services) => {
    const release = await getVersion(services.releases, params.version);
    http.replyFile = await fileReply(http, services, release, params.file);
    return undefined;
  }),
];

async function getNewest(releases: Services["releases"]): Promise<OfferedRelease> {
  const [newest] = await releases.list();
  if (!newest) throw new Problem("not-found", NO_RELEASE);
  return newest;
}

async function getVersion(releases: Services["releases"], version: string): Promise<OfferedRelease> {
  const all = await releases.list();
  if (all.length === 0) throw new Problem("not-found", NO_RELEASE);
  const release = all.find(({ manifest }) => manifest.version === version);
  if (release) return release;
  throw new Problem(
    "not-found",
    `This server does not have release ${version}. It has ${all[0]!.manifest.version}`,
  );
}

/** Only names in the manifest have a path, so a request never forms one. */
async function fileReply(
  http: HandlerRequest<typeof downloadFile>["http"],
  { downloads }: Services,
  { manifest, files }: OfferedRelease,
  name: string,
): Promise<Response> {
  const found = files.get(name);
  if (!found) {
    const isPart = manifest.files.some((file) => file.name === name);
    throw new Problem(
      "not-found",
      isPart
        ? `This server does not have ${name} of release ${manifest.version}. Add it on the server's host: attacklens releases add FOLDER`
        : `Release ${manifest.version} has no file ${name}`,
    );
  }
  const { path, file } = found;
  return await downloads.file(http, {
    ...{ path, size: file.size, sha256: file.sha256 },
    headers: {
      "content-type": CONTENT_TYPES[file.format] ?? downloadFile.file,
      "content-disposition": `attachment; filename="${name}"`,
    },
  });
}
