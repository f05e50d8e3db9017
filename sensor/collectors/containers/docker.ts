// Containers and images in the data folder of Docker. With the image store of containerd, Docker's own list
// of images is empty.
import type { Item } from "@attacklens/protocol/inventory/category-items.ts";
import { factText } from "../collector.ts";
import { firstOf } from "../first-of.ts";
import type { HostFiles } from "../host-files.ts";
import { fieldOf, findJson, textOf, timeOf } from "./runtime-files.ts";

type Part = Item<"containers">;

const SETTINGS = "/etc/docker/daemon.json";
const DEFAULT_FOLDER = "/var/lib/docker";
const ID = /^[0-9a-f]{64}$/;
const MAX_CONTAINERS = 10_000;
const MAX_IMAGES = 10_000;
const MAX_NAMES = 1_000;

export function dockerFolder(files: HostFiles): string {
  const settings = files.exists(SETTINGS) ? findJson(files, SETTINGS) : undefined;
  const folder = fieldOf(settings, "data-root") ?? fieldOf(settings, "graph");
  return typeof folder === "string" && folder.startsWith("/") ? folder : DEFAULT_FOLDER;
}

/** `user`: the owner of a rootless Docker. */
export function readDocker(files: HostFiles, folder: string, user?: string): Part[] {
  return [...readContainers(files, folder, user), ...readImages(files, folder, user)];
}

function readContainers(files: HostFiles, folder: string, user: string | undefined): Part[] {
  const ids = files.list(`${folder}/containers`).filter((id) => ID.test(id));
  return firstOf(files, "containers of Docker", ids, MAX_CONTAINERS).flatMap((id) => {
    const state = findJson(files, `${folder}/containers/${id}/config.v2.json`);
    if (state === undefined) return [];
    const host = findJson(files, `${folder}/containers/${id}/hostconfig.json`);
    const pod = [
      textOf(state, 300, "Config", "Labels", "io.kubernetes.pod.namespace"),
      textOf(state, 300, "Config", "Labels", "io.kubernetes.pod.name"),
    ];
    const privileged = fieldOf(host, "Privileged");
    const network = fieldOf(host, "NetworkMode");
    return {
      key: keyOf("container", id, user),
      kind: "container" as const,
      runtime: "docker",
      id,
      name: textOf(state, 300, "Name")?.replace(/^\//, "") || id.slice(0, 12),
      state: stateOf(state),
      image: textOf(state, 600, "Config", "Image"),
      imageId: textOf(state, 200, "Image"),
      pod: pod[0] && pod[1] ? pod.join("/") : undefined,
      createdAt: timeOf(fieldOf(state, "Created")),
      privileged: typeof privileged === "boolean" ? privileged : undefined,
      hostNetwork: typeof network === "string" ? network === "host" : undefined,
      user,
    };
  });
}

function stateOf(container: unknown): string | undefined {
  const is = (name: string) => fieldOf(container, "State", name) === true;
  if (is("Paused")) return "paused";
  if (is("Restarting")) return "restarting";
  if (is("Running")) return "running";
  if (is("Dead")) return "dead";
  const startedAt = fieldOf(container, "State", "StartedAt");
  return typeof startedAt === "string" && startedAt.startsWith("0001-") ? "created" : "exited";
}

function readImages(files: HostFiles, folder: string, user: string | undefined): Part[] {
  const images = new Map<string, { tags: string[]; digests: string[]; createdAt: string | undefined }>();
  for (const driver of files.list(`${folder}/image`)) {
    const store = `${folder}/image/${driver}`;
    const ids = files.list(`${store}/imagedb/content/sha256`).filter((name) => ID.test(name));
    for (const id of firstOf(files, "images of Docker", ids, MAX_IMAGES)) {
      const created = fieldOf(findJson(files, `${store}/imagedb/content/sha256/${id}`), "created");
      images.set(`sha256:${id}`, { tags: [], digests: [], createdAt: timeOf(created) });
    }
    const repositories = fieldOf(findJson(files, `${store}/repositories.json`), "Repositories");
    for (const names of valuesOf(repositories))
      for (const [name, id] of Object.entries(names)) {
        const image = typeof id === "string" ? images.get(id) : undefined;
        (name.includes("@") ? image?.digests : image?.tags)?.push(factText(name, 600));
      }
  }
  return [...images].map(([id, { tags, digests, createdAt }]) => ({
    key: keyOf("image", id, user),
    kind: "image" as const,
    runtime: "docker",
    id,
    name: tags.sort()[0] ?? id,
    tags: [...firstOf(files, "names of an image", tags, MAX_NAMES)],
    digests: [...firstOf(files, "digests of an image", digests.sort(), MAX_NAMES)],
    createdAt,
    user,
  }));
}

function valuesOf(value: unknown): object[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).filter((each): each is object => typeof each === "object" && each !== null);
}

function keyOf(kind: "container" | "image", id: string, user: string | undefined): string {
  return factText(`${kind}:docker:${id}${user === undefined ? "" : ` ${user}`}`, 400);
}
