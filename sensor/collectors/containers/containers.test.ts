import { expect, test } from "bun:test";
import { makeRoot } from "../../testdata/unpack-machine.ts";
import { runCollector } from "../collect.ts";
import { openHostFiles } from "../host-files.ts";
import { collectContainers } from "./containers.ts";

const ID = "0f2b".repeat(16);
const IMAGE = "5ed8".repeat(16);
const SECRETS = { Env: ["PASSWORD=hunter2"], Cmd: ["--token", "hunter2"], Labels: { secret: "hunter2" } };

const rootOf = (...lines: string[]) => makeRoot(`${lines.join("\n")}\n`);
const partsIn = (root: string) =>
  JSON.parse(JSON.stringify(collectContainers(openHostFiles(root)))) as unknown;

function dockerFiles(folder: string, state: object): string[] {
  return [
    `-- ${folder}/containers/${ID}/config.v2.json`,
    JSON.stringify({
      ...{
        ID,
        Name: "/web",
        Created: "2026-11-24T09:30:00.123456789Z",
        Image: `sha256:${IMAGE}`,
        State: state,
      },
      ...{ Config: { Image: "nginx:1.27", ...SECRETS }, Args: ["hunter2"] },
    }),
    `-- ${folder}/containers/${ID}/hostconfig.json`,
    JSON.stringify({ Privileged: true, NetworkMode: "host", Binds: ["/hunter2:/x"] }),
    `-- ${folder}/image/overlay2/imagedb/content/sha256/${IMAGE}`,
    JSON.stringify({ created: "2026-11-01T00:00:00Z", config: SECRETS }),
    `-- ${folder}/image/overlay2/repositories.json`,
    JSON.stringify({
      Repositories: { nginx: { "nginx:1.27": `sha256:${IMAGE}`, "nginx@sha256:9c1f": `sha256:${IMAGE}` } },
    }),
  ];
}

const CONTAINER = {
  ...{
    key: `container:docker:${ID}`,
    kind: "container",
    runtime: "docker",
    id: ID,
    name: "web",
    state: "running",
  },
  ...{ image: "nginx:1.27", imageId: `sha256:${IMAGE}`, createdAt: "2026-11-24T09:30:00Z" },
  ...{ privileged: true, hostNetwork: true },
};
const IMAGE_PART = {
  ...{ key: `image:docker:sha256:${IMAGE}`, kind: "image", runtime: "docker", id: `sha256:${IMAGE}` },
  ...{
    name: "nginx:1.27",
    tags: ["nginx:1.27"],
    digests: ["nginx@sha256:9c1f"],
    createdAt: "2026-11-01T00:00:00Z",
  },
};

test("reads Docker's containers and images, and no environment, argument or label", () => {
  using host = rootOf(
    ...dockerFiles("/var/lib/docker", { Running: true, StartedAt: "2026-11-24T09:30:01Z" }),
  );
  expect(partsIn(host.root)).toEqual([CONTAINER, IMAGE_PART]);
  expect(JSON.stringify(partsIn(host.root))).not.toContain("hunter2");
});

test("reads Docker's data where its settings say, and that of a user", () => {
  using host = rootOf(
    ...["-- /etc/docker/daemon.json", '{"data-root": "/srv/docker"}', "-- /etc/passwd"],
    ...[
      "ada:x:1000:1000::/home/ada:/bin/sh",
      ...dockerFiles("/srv/docker", { StartedAt: "0001-01-01T00:00:00Z" }),
    ],
    ...dockerFiles("/home/ada/.local/share/docker", { StartedAt: "2026-11-24T09:30:01Z" }),
  );
  expect(partsIn(host.root)).toMatchObject([
    { state: "created" },
    { kind: "image" },
    { key: `container:docker:${ID} ada`, state: "exited", user: "ada" },
    { kind: "image", user: "ada" },
  ]);
});

test("reads the storage of Podman and CRI-O", () => {
  const storage = "/var/lib/containers/storage";
  using host = rootOf(
    `-- ${storage}/overlay-containers/containers.json`,
    JSON.stringify([
      {
        ...{ id: ID, names: ["web"], image: IMAGE, created: "2026-11-24T09:30:00.1Z" },
        metadata: JSON.stringify({
          "image-name": "docker.io/library/nginx:1.27",
          name: "web",
          secret: "hunter2",
        }),
      },
      {
        ...{ id: "b", names: ["k8s_app_api-1_prod_uid_0"], image: IMAGE },
        metadata: JSON.stringify({
          "pod-name": "api-1",
          namespace: "prod",
          name: "k8s_app_api-1_prod_uid_0",
        }),
      },
      { id: "c", names: ["k8s_POD_api-1_prod_uid_0"] },
      { id: "../../etc" },
      "damaged",
    ]),
    `-- ${storage}/overlay-images/images.json`,
    JSON.stringify([
      { id: IMAGE, digest: "sha256:9c1f", names: ["docker.io/library/nginx:1.27"] },
      { id: "x" },
    ]),
  );
  expect(partsIn(host.root)).toMatchObject([
    { runtime: "podman", name: "web", image: "docker.io/library/nginx:1.27", imageId: `sha256:${IMAGE}` },
    { runtime: "cri-o", name: "app", pod: "prod/api-1", image: "docker.io/library/nginx:1.27" },
    { kind: "image", name: "docker.io/library/nginx:1.27", digests: ["sha256:9c1f"] },
    { kind: "image", name: "sha256:x", tags: [] },
  ]);
  expect(JSON.stringify(partsIn(host.root))).not.toContain("hunter2");
});

test("reads what containerd runs, and notes that it does not read its database", async () => {
  const tasks = "/run/containerd/io.containerd.runtime.v2.task/k8s.io";
  const bundle = (annotations: object, namespaces: object[]) =>
    JSON.stringify({ annotations, process: { env: ["PASSWORD=hunter2"] }, linux: { namespaces } });
  const cri = (name: string, value: string) => ({ [`io.kubernetes.cri.${name}`]: value });
  const pod = { ...cri("sandbox-name", "api-1"), ...cri("sandbox-namespace", "prod") };
  using host = rootOf(
    `-- ${tasks}/a/config.json`,
    bundle({ ...pod, ...cri("container-name", "app"), ...cri("image-name", "ghcr.io/app:1") }, [
      { type: "network" },
    ]),
    `-- ${tasks}/b/config.json`,
    bundle({ ...pod, ...cri("container-type", "sandbox") }, []),
    ...["-- /run/containerd/io.containerd.runtime.v2.task/moby/c/config.json", "{}"],
    ...[
      `-- ${tasks}/d/config.json`,
      "{ damaged",
      "-- /var/lib/containerd/io.containerd.metadata.v1.bolt/meta.db",
      "x",
    ],
  );
  const result = await runCollector(collectContainers, host.root);
  expect(result).toMatchObject({
    status: "collected",
    items: [
      { name: "app", image: "ghcr.io/app:1", pod: "prod/api-1", hostNetwork: false, runtime: "containerd" },
    ],
    gaps: [{ kind: "damaged" }, { kind: "not-understood" }],
  });
  expect(JSON.stringify(result)).not.toContain("hunter2");
});

test("is absent on a host without a runtime, and empty on one without containers", async () => {
  using none = rootOf("-- /etc/passwd", "root:x:0:0::/root:/bin/sh");
  expect(await runCollector(collectContainers, none.root)).toMatchObject({ status: "absent" });
  using empty = rootOf("-- /var/lib/docker/containers/");
  expect(await runCollector(collectContainers, empty.root)).toMatchObject({ status: "collected", items: [] });
});

test("files that are cut at any byte have whole containers, or none", () => {
  const state = JSON.stringify({ ID, Name: "/web", State: { Running: true } });
  for (let end = 0; end < state.length; end += 7) {
    using host = rootOf(`-- /var/lib/docker/containers/${ID}/config.v2.json`, state.slice(0, end));
    expect(partsIn(host.root)).toEqual([]);
  }
});
