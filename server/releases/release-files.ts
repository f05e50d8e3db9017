// What the names of built programs and packages say. Pure.
import { RELEASE_FORMATS, type ReleaseFile } from "@attacklens/protocol/releases/release.ts";

/** How packages name an architecture: dpkg and MSI, then rpm. */
const PACKAGE_ARCHITECTURES: Record<string, string> = {
  amd64: "x64",
  x86_64: "x64",
  x64: "x64",
  arm64: "arm64",
  aarch64: "arm64",
};

type Kind = Pick<ReleaseFile, "program" | "target" | "format">;

/**
 * Returns what a file is by its name: `attacklens-sensor-linux-x64` is a program, and
 * `attacklens-sensor_2026.11.0_amd64.deb` a package. Undefined: it is neither.
 */
export function classifyFile(name: string): Kind | undefined {
  const program = /^attacklens-sensor[-_]/.test(name) ? "sensor" : "server";
  const built = /^attacklens(?:-sensor)?-((?:linux|windows|darwin)-(?:x64|arm64)(?:-musl)?)(\.exe)?$/.exec(
    name,
  );
  if (built && (built[2] !== undefined) === built[1]!.startsWith("windows"))
    return { program, target: built[1]!, format: "program" };
  const packed = /^attacklens(?:-sensor)?[-_].*[-_.](amd64|x86_64|x64|arm64|aarch64)\.(deb|rpm|msi)$/.exec(
    name,
  );
  const format = RELEASE_FORMATS.find((one) => one === packed?.[2]);
  if (!packed || !format) return undefined;
  const system = format === "msi" ? "windows" : "linux";
  return { program, target: `${system}-${PACKAGE_ARCHITECTURES[packed[1]!]}`, format };
}
