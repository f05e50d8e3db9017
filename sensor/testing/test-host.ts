import type { HostFacts } from "@attacklens/protocol/enroll.ts";

/** The facts about the host of a test, unless the test is about them. */
export const HOST: HostFacts = {
  hostname: "web-01",
  platform: "linux",
  architecture: "amd64",
  osName: "Debian GNU/Linux",
  osVersion: "12 (bookworm)",
  macs: [],
  addresses: [],
};
