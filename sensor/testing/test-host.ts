import type { HostFacts } from "@attacklens/protocol/enroll.ts";

/** Host facts for tests that do not depend on them. */
export const HOST: HostFacts = {
  hostname: "web-01",
  platform: "linux",
  architecture: "amd64",
  osName: "Debian GNU/Linux",
  osVersion: "12 (bookworm)",
  macs: [],
  addresses: [],
};
