import { z } from "zod";
import { fact } from "../text.ts";
import { factTime } from "./fact-times.ts";

const runtime = fact(40).meta({ example: "docker", description: "docker, podman, cri-o, containerd, …" });
const user = fact(250).optional().meta({ description: "Owner of a rootless runtime; absent: the system's" });

const container = z.strictObject({
  key: fact(400).startsWith("container:"),
  kind: z.literal("container"),
  runtime,
  id: fact(200).min(1),
  name: fact(300).min(1),
  state: fact(40)
    .optional()
    .meta({ example: "running", description: "running, exited, paused, created, stopped, …" }),
  image: fact(600).optional().meta({ example: "docker.io/library/nginx:1.27" }),
  imageId: fact(200).optional().meta({ example: "sha256:0f2b…" }),
  pod: fact(600).optional().meta({ example: "kube-system/coredns-7d4b", description: "Namespace and name" }),
  createdAt: factTime.optional(),
  privileged: z.boolean().optional(),
  hostNetwork: z.boolean().optional(),
  user,
});

const image = z.strictObject({
  key: fact(400).startsWith("image:"),
  kind: z.literal("image"),
  runtime,
  id: fact(200).min(1).meta({ example: "sha256:0f2b…" }),
  name: fact(600).min(1).meta({ example: "nginx:1.27", description: "The first tag, else the id" }),
  tags: z.array(fact(600)).max(1_000),
  digests: z
    .array(fact(600))
    .max(1_000)
    .meta({ example: ["nginx@sha256:5ed8…"] }),
  createdAt: factTime.optional(),
  sizeBytes: z.int().min(0).optional(),
  user,
});

/** A container or an image in the state of a runtime on this host. */
export const containerItem = z
  .discriminatedUnion("kind", [container, image])
  .meta({ id: "ContainerOrImage" });
