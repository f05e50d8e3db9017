import { expect, test } from "bun:test";
import { dropForeignVariables } from "./ignored-variables.ts";

test("removes variables of the runtime and of libraries, and names the security-relevant ones", () => {
  const env = {
    PATH: "/bin",
    ATTACKLENS_TOKEN: "x",
    SSL_CERT_FILE: "/etc/ssl/cert.pem",
    HTTPS_PROXY: "http://proxy:3128",
    NODE_ENV: "production",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_EXTRA_CA_CERTS: "/tmp/other.pem",
    BUN_OPTIONS: "--preload x.js",
    BUN_INSTALL: "/home/a/.bun",
    BETTER_AUTH_SECRETS: "1:abc",
  };
  expect(dropForeignVariables(env)).toEqual({
    notice:
      "ignored BETTER_AUTH_SECRETS, BUN_OPTIONS, NODE_TLS_REJECT_UNAUTHORIZED: the environment cannot weaken this program; unset them",
    trustNotice:
      "ignored NODE_EXTRA_CA_CERTS: the certificates that it names are not trusted; add them to the system's trust store",
  });
  expect(Object.keys(env).sort()).toEqual([
    "ATTACKLENS_TOKEN",
    "HTTPS_PROXY",
    "NODE_ENV",
    "PATH",
    "SSL_CERT_FILE",
  ]);
});

test("has no notice for harmless variables", () => {
  expect(dropForeignVariables({ BUN_INSTALL: "/home/a/.bun" })).toEqual({
    notice: undefined,
    trustNotice: undefined,
  });
  expect(dropForeignVariables({ NODE_OPTIONS: "-e 1" }).notice).toBe(
    "ignored NODE_OPTIONS: the environment cannot weaken this program; unset it",
  );
});
