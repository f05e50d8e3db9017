// The container that a system runs in, with the names of systemd-detect-virt(1) where it has one. It does not
// know `kubernetes` and `containerd`. Of a mounted host, process 1 is the host's, and so is the result.
import type { HostFiles } from "../host-files.ts";
import { parseMountinfo } from "./mounts.ts";

const MAX_MOUNTINFO_BYTES = 16 * 1024 * 1024;

export function findContainer(files: HostFiles): string | undefined {
  if (files.exists("/proc/vz") && !files.exists("/proc/bc")) return "openvz";
  if (/microsoft|wsl/i.test(files.findLine("/proc/sys/kernel/osrelease") ?? "")) return "wsl";
  const manager = files.findLine("/run/host/container-manager") ?? files.findLine("/run/systemd/container");
  if (manager !== undefined) return knownName(manager);
  const environment = readEnvironment(files);
  const named = environment.get("container");
  // The value "oci" is any OCI container, without the name of its runtime.
  if (named && named !== "oci") return knownName(named);
  // Before the files below: other runtimes of Kubernetes make them, too.
  if (isPod(files, environment)) return "kubernetes";
  if (files.exists("/run/.containerenv")) return "podman";
  if (files.exists("/.dockerenv")) return "docker";
  return byControlGroup(files) ?? byRootMount(files) ?? (named ? "container-other" : undefined);
}

/** A closed list: anyone can write another value. */
const NAMES = new Set("lxc lxc-libvirt systemd-nspawn docker podman rkt wsl proot pouch openvz".split(" "));

function knownName(name: string): string {
  return NAMES.has(name) ? name : "container-other";
}

/** The variables that process 1 started with. Only root may read them. */
function readEnvironment(files: HostFiles): Map<string, string> {
  if (files.isRunning && process.geteuid?.() !== 0) return new Map();
  const text = files.findText("/proc/1/environ") ?? "";
  return new Map(
    text.split("\0").map((variable) => {
      const equals = variable.indexOf("=");
      return [variable.slice(0, Math.max(0, equals)), variable.slice(equals + 1)];
    }),
  );
}

/** A pod has the address of its cluster, an account of the cluster, and files of the kubelet. */
function isPod(files: HostFiles, environment: ReadonlyMap<string, string>): boolean {
  return (
    environment.has("KUBERNETES_SERVICE_HOST") ||
    files.exists("/run/secrets/kubernetes.io/serviceaccount") ||
    files.exists("/var/run/secrets/kubernetes.io/serviceaccount") ||
    /kubepods[./-]/.test(controlGroups(files)) ||
    rootMountLine(files).includes("/k8s.io/") ||
    allMounts(files).some(
      ({ path, part }) => path.startsWith("/etc/host") && /\/kubelet\/pods\/[^/]+\/etc-hosts$/.test(part),
    )
  );
}

/** Without a separate namespace, the path of a control group names the runtime. */
const GROUPS: [RegExp, string][] = [
  [/\/(?:docker\/|docker-|system\.slice\/docker-)[0-9a-f]{12}/, "docker"],
  [/\/(?:libpod|machine\.slice\/libpod)[-/_]/, "podman"],
  [/\/lxc(?:\.payload)?[./]/, "lxc"],
  [/\/machine\.slice\/machine-|\/machine\.slice\/systemd-nspawn@/, "systemd-nspawn"],
  [/cri-containerd[-:]|\/containerd\/|\/nerdctl-/, "containerd"],
];

function byControlGroup(files: HostFiles): string | undefined {
  const groups = controlGroups(files);
  return GROUPS.find(([pattern]) => pattern.test(groups))?.[1];
}

function controlGroups(files: HostFiles): string {
  return ofFirstProcess(files, "cgroup") ?? "";
}

/** `/proc/self` of a mounted host is this process, which is not the host's. */
function ofFirstProcess(files: HostFiles, name: string): string | undefined {
  const text = files.findText(`/proc/1/${name}`, MAX_MOUNTINFO_BYTES);
  return (
    text ??
    (files.isRunning && !files.isLive ? undefined : files.findText(`/proc/self/${name}`, MAX_MOUNTINFO_BYTES))
  );
}

/** The root of a container is a layer in the folder of its runtime. */
const LAYERS: [string, string][] = [
  ["/io.containerd.", "containerd"],
  ["/docker/overlay2/", "docker"],
  ["/containers/storage/overlay", "podman"],
];

function byRootMount(files: HostFiles): string | undefined {
  const root = rootMountLine(files);
  const layer = LAYERS.find(([folder]) => root.includes(folder));
  return layer?.[1];
}

function rootMountLine(files: HostFiles): string {
  return (
    mountinfo(files)
      .split("\n")
      .findLast((line) => line.split(" ", 5)[4] === "/") ?? ""
  );
}

function allMounts(files: HostFiles) {
  return parseMountinfo(mountinfo(files));
}

function mountinfo(files: HostFiles): string {
  return ofFirstProcess(files, "mountinfo") ?? "";
}
