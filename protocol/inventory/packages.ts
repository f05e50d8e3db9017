import { z } from "zod";
import { fact } from "../text.ts";
import { factDate } from "./fact-times.ts";
import { PACKAGE_MANAGERS, PACKAGE_STATES, type PackageManager } from "./packaging.ts";

/** A package whose files are on disk, as its package manager records it. */
export const packageItem = z
  .strictObject({
    key: fact(400).min(1).meta({
      example: "dpkg:openssl:amd64",
      description:
        "manager:name:architecture, or manager:name:folder for packages of a language; for packages that are installed in several versions, such as kernels, also :version",
    }),
    manager: z.enum(Object.keys(PACKAGE_MANAGERS) as [PackageManager, ...PackageManager[]]),
    name: fact(250).min(1).meta({ example: "openssl" }),
    version: fact(250).meta({
      example: "3.0.17-1~deb12u2",
      description: "As the manager writes it, epoch included; empty if it is not recorded",
    }),
    architecture: fact(40)
      .optional()
      .meta({ example: "amd64", description: "Absent for packages without one" }),
    state: z.enum(PACKAGE_STATES).optional().meta({
      example: "installed",
      description: "As dpkg and opkg record it; absent for managers without states",
    }),
    held: z.literal(true).optional().meta({ description: "Excluded from upgrades by the host's settings" }),
    source: fact(250)
      .optional()
      .meta({ example: "openssl", description: "Source package; absent if it is not recorded" }),
    sourceVersion: fact(250)
      .optional()
      .meta({ example: "3.0.17-1~deb12u2", description: "Version of the source package, epoch included" }),
    module: fact(250)
      .optional()
      .meta({ example: "nodejs:18:8090020231206:a75119d5", description: "Module label of an rpm package" }),
    purl: fact(1_000).optional().meta({
      example: "pkg:deb/debian/openssl@3.0.17-1~deb12u2?arch=amd64&distro=debian-12",
      description: "Package URL (ECMA-427); absent if the package has no type or no namespace for one",
    }),
    location: fact(1_000).optional().meta({
      example: "/opt/app/venv/lib/python3.11/site-packages",
      description: "Where it is installed: a folder, a jar or a program. Absent for packages of the system",
    }),
    vendor: fact(300).optional().meta({ description: "Maintainer, vendor or publisher" }),
    sizeBytes: z.int().min(0).optional().meta({ description: "Installed size" }),
    installedOn: factDate
      .optional()
      .meta({ description: "Windows and macOS; absent: not recorded, or not in a clear form" }),
    scope: z
      .enum(["machine", "user"])
      .optional()
      .meta({ description: "Windows and macOS: installed for all users, or for one" }),
    sid: fact(200).optional().meta({
      example: "S-1-5-21-1004336348-1177238915-682003330-1001",
      description: "Windows: the user who has it; absent for all users",
    }),
    productCode: fact(40).optional().meta({
      example: "{23170F69-40C1-2702-2301-000001000000}",
      description: "Of this version of a product of Windows Installer",
    }),
    upgradeCode: fact(40).optional().meta({ description: "Of all versions of the product" }),
    packageId: fact(250).optional().meta({
      example: "Microsoft.WindowsTerminal_8wekyb3d8bbwe",
      description:
        "Family name of an MSIX package, identifier of a WinGet package, or bundle identifier of macOS",
    }),
    parent: fact(250).optional().meta({ description: "Windows: the product that it updates" }),
    hidden: z.literal(true).optional().meta({ description: "Windows does not list it for users" }),
  })
  .meta({ id: "Package" });
