// The containers that containerd runs, from the bundles of their tasks. Its list of images and of stopped
// containers is a database that is not read.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { fieldOf, findJson, textOf } from "./runtime-files.ts";

type Container = Extract<Item<"containers">, { kind: "container" }>;

const TASKS = [
  "/run/containerd/io.containerd.runtime.v2.task",
  "/run/k3s/containerd/io.containerd.runtime.v2.task",
];
const DATABASES = [
  "/var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db",
  "/var/lib/rancher/k3s/agent/containerd/io.containerd.metadata.v1.bolt/meta.db",
];
/** Docker's containers are in its own state. */
const OF_DOCKER = "moby";
const CRI = "io.kubernetes.cri";
const MAX_CONTAINERS = 10_000;

export function readContainerd(files: HostFiles): Container[] {
  for (const path of DATABASES)
    if (files.exists(path))
      files.noteGap({
        kind: "not-understood",
        subject: path,
        reason: "images and stopped containers are not read",
      });
  return TASKS.flatMap((folder) =>
    files
      .list(folder)
      .filter((namespace) => namespace !== OF_DOCKER)
      .flatMap((namespace) =>
        firstOf(
          files,
          "containers of containerd",
          files.list(`${folder}/${namespace}`),
          MAX_CONTAINERS,
        ).flatMap((id) => containerPart(files, `${folder}/${namespace}/${id}/config.json`, namespace, id)),
      ),
  );
}

function containerPart(files: HostFiles, path: string, namespace: string, id: string): Container[] {
  const bundle = findJson(files, path);
  if (bundle === undefined) return [];
  const annotation = (name: string, maxLength: number) => textOf(bundle, maxLength, "annotations", name);
  if (annotation(`${CRI}.container-type`, 40) === "sandbox") return [];
  const pod = [annotation(`${CRI}.sandbox-namespace`, 290), annotation(`${CRI}.sandbox-name`, 290)];
  const namespaces = fieldOf(bundle, "linux", "namespaces");
  return [
    {
      key: factText(`container:containerd:${namespace}/${id}`, 400),
      kind: "container",
      runtime: "containerd",
      id: factText(id, 200),
      name: annotation(`${CRI}.container-name`, 300) ?? annotation("nerdctl/name", 300) ?? factText(id, 300),
      state: files.isRunning ? "running" : undefined,
      image: annotation(`${CRI}.image-name`, 600),
      pod: pod[0] && pod[1] ? pod.join("/") : undefined,
      hostNetwork: Array.isArray(namespaces)
        ? !namespaces.some((each) => fieldOf(each, "type") === "network")
        : undefined,
    },
  ];
}
