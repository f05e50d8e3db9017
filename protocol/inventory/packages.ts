import { z } from "zod";
import { fact } from "../text.ts";

/** An installed package, as its package manager records it. */
export const packageItem = z
  .strictObject({
    key: fact(400).min(1).meta({
      example: "dpkg:openssl:amd64",
      description:
        "manager:name:architecture; for kernels and other packages installed in several versions (rpm) also :version",
    }),
    manager: z.enum(["dpkg", "rpm", "apk"]),
    name: fact(250).min(1).meta({ example: "openssl" }),
    version: fact(250).meta({
      example: "3.0.17-1~deb12u2",
      description: "As the manager writes it, epoch included",
    }),
    architecture: fact(40).meta({ example: "amd64" }),
    source: fact(250)
      .optional()
      .meta({ example: "openssl", description: "Source package; absent when equal to name" }),
    sourceVersion: fact(250).optional().meta({ description: "Absent when equal to version" }),
    purl: fact(1_000).meta({
      example: "pkg:deb/debian/openssl@3.0.17-1~deb12u2?arch=amd64&distro=debian-12",
      description: "Package URL (ECMA-427)",
    }),
    vendor: fact(300).optional().meta({ description: "Maintainer or vendor" }),
    sizeBytes: z.int().min(0).optional().meta({ description: "Installed size" }),
  })
  .meta({ id: "Package" });
