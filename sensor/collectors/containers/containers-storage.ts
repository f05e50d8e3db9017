// Containers and images in the storage that Podman and CRI-O share (containers-storage.conf(5)).
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { fieldOf, findJson, textOf, textsOf, timeOf } from "./runtime-files.ts";

type Part = Item<"containers">;

const DRIVERS = ["overlay", "vfs", "btrfs", "zfs"];
const MAX_CONTAINERS = 10_000;
const MAX_IMAGES = 10_000;
const MAX_NAMES = 1_000;

/** `runFolder`: where the runtime keeps what runs now. `user`: the owner of a rootless Podman. */
export function readContainersStorage(
  files: HostFiles,
  folder: string,
  runFolder: string,
  user?: string,
): Part[] {
  return DRIVERS.flatMap((driver) => {
    const lists = [
      `${folder}/${driver}-containers/containers.json`,
      `${folder}/${driver}-containers/volatile-containers.json`,
    ];
    const images = listOf(files, `${folder}/${driver}-images/images.json`, MAX_IMAGES);
    const names = new Map(
      images.map((image) => [fieldOf(image, "id"), textsOf(fieldOf(image, "names"), 600)[0]]),
    );
    return [
      ...lists
        .flatMap((path) => listOf(files, path, MAX_CONTAINERS))
        .flatMap((container) => containerPart(files, container, names, runFolder, user)),
      ...images.flatMap((image) => imagePart(files, image, user)),
    ];
  });
}

function listOf(files: HostFiles, path: string, limit: number): readonly unknown[] {
  const list = findJson(files, path);
  return Array.isArray(list) ? firstOf<unknown>(files, path, list, limit) : [];
}

function containerPart(
  files: HostFiles,
  container: unknown,
  imageNames: ReadonlyMap<unknown, string | undefined>,
  runFolder: string,
  user: string | undefined,
): Part[] {
  const id = textOf(container, 200, "id");
  if (id === undefined || !/^[\w.-]+$/.test(id)) return [];
  const metadata = metadataOf(container);
  const podName = textOf(metadata, 300, "pod-name");
  const namespace = textOf(metadata, 300, "namespace");
  const name =
    textOf(metadata, 300, "name") ?? textsOf(fieldOf(container, "names"), 300)[0] ?? id.slice(0, 12);
  // The container that only holds the network of a pod.
  if (name.startsWith("k8s_POD_") || fieldOf(metadata, "pod-infra") === true) return [];
  const imageId = textOf(container, 190, "image");
  const [, ofName] = /^k8s_([^_]+)_[^_]+_([^_]+)_/.exec(name) ?? [];
  return [
    {
      key: factText(`container:storage:${id}${user === undefined ? "" : ` ${user}`}`, 400),
      kind: "container",
      runtime: podName === undefined ? "podman" : "cri-o",
      id,
      name: ofName ?? name,
      state: stateOf(files, runFolder, id),
      image: textOf(metadata, 600, "image-name") ?? imageNames.get(fieldOf(container, "image")),
      imageId: imageId === undefined ? undefined : `sha256:${imageId}`,
      pod: podName && `${namespace ?? name.split("_")[3] ?? "default"}/${podName}`,
      createdAt: timeOf(fieldOf(container, "created")),
      user,
    },
  ];
}

/** A text with JSON in it. */
function metadataOf(container: unknown): unknown {
  const text = fieldOf(container, "metadata");
  try {
    return typeof text === "string" ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The programs that start containers keep a folder for each one that runs. The others have ended or never
 * ran. Unknown for an image of a host.
 */
function stateOf(files: HostFiles, runFolder: string, id: string): string | undefined {
  if (!files.isRunning) return undefined;
  return ["crun", "runc"].some((program) => files.exists(`${runFolder}/${program}/${id}`))
    ? "running"
    : "stopped";
}

function imagePart(files: HostFiles, image: unknown, user: string | undefined): Part[] {
  const hash = textOf(image, 190, "id");
  if (hash === undefined) return [];
  const id = `sha256:${hash}`;
  const names = [
    ...firstOf(files, "names of an image", textsOf(fieldOf(image, "names"), 600), MAX_NAMES),
  ].sort();
  const digest = textOf(image, 200, "digest");
  const tags = names.filter((name) => !name.includes("@"));
  return [
    {
      key: factText(`image:storage:${id}${user === undefined ? "" : ` ${user}`}`, 400),
      kind: "image",
      runtime: "podman",
      id,
      name: tags[0] ?? names[0] ?? id,
      tags,
      digests: digest === undefined ? [] : [digest],
      createdAt: timeOf(fieldOf(image, "created")),
      user,
    },
  ];
}
