// OpenRC on a host that systemd boots: Debian's package, in a mount namespace that hides systemd. Services
// run under the real supervise-daemon(8), but do not start at boot.
import type { SystemdHost } from "./systemd-host.ts";

const PACKAGES = ["openrc", "libeinfo1", "librc1"];
/** Those that `openrc sysinit` would make. */
const STATE_FOLDERS =
  "starting started stopping inactive wasinactive failed hotplugged daemons options exclusive scheduled tmp";

const UNPACK = `cd /opt
apt-get -q update && apt-get -q download ${PACKAGES.join(" ")}
# Not dpkg: openrc conflicts with systemd.
for file in *.deb; do dpkg-deb --fsys-tarfile "$file" | tar -x --keep-directory-symlink -C /; done
mkdir -p /etc/insserv.conf.d /etc/insserv/overrides
touch /etc/insserv.conf`;

const HIDE_SYSTEMD = `mount -t tmpfs tmpfs /run
for name in ${STATE_FOLDERS}; do mkdir -p "/run/openrc/$name"; done
echo default > /run/openrc/softlevel
echo $$
exec tail -f /dev/null`;

/** Installs OpenRC. Returns the host as seen where it runs. Disposing it ends no services. */
export async function openOpenrc(host: SystemdHost): Promise<SystemdHost> {
  const { code, stderr } = await host.run(["sh", "-ec", UNPACK]);
  if (code !== 0) throw new Error(`Cannot install OpenRC: ${stderr}`);
  const shell = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", HIDE_SYSTEMD];
  const holder = Bun.spawn(host.command(shell), { stdin: "ignore", stdout: "pipe", stderr: "ignore" });
  const { value } = await holder.stdout.getReader().read();
  const namespace = `--mount=/proc/${new TextDecoder().decode(value).trim()}/ns/mnt`;
  const inside = (args: string[]) => ["nsenter", namespace, "--", ...args];
  return {
    ...host,
    command: (args) => host.command(inside(args)),
    run: (args, options) => host.run(inside(args), options),
    async [Symbol.asyncDispose]() {
      holder.kill();
      await holder.exited;
    },
  };
}
