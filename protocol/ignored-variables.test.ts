import { expect, test } from "bun:test";
import { describeIgnored, dropForeignVariables } from "./ignored-variables.ts";

test("variables of the runtime and of libraries are removed, and the ones that matter are named", () => {
  const env = {
    PATH: "/bin",
    ATTACKLENS_TOKEN: "x",
    SSL_CERT_FILE: "/etc/ssl/cert.pem",
    HTTPS_PROXY: "http://proxy:3128",
    NODE_ENV: "production",
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    BUN_OPTIONS: "--preload x.js",
    BUN_INSTALL: "/home/a/.bun",
    BETTER_AUTH_SECRETS: "1:abc",
  };
  expect(dropForeignVariables(env)).toEqual([
    "BETTER_AUTH_SECRETS",
    "BUN_OPTIONS",
    "NODE_TLS_REJECT_UNAUTHORIZED",
  ]);
  expect(Object.keys(env).sort()).toEqual([
    "ATTACKLENS_TOKEN",
    "HTTPS_PROXY",
    "NODE_ENV",
    "PATH",
    "SSL_CERT_FILE",
  ]);
});

test("nothing is said where there is nothing to say", () => {
  expect(describeIgnored([])).toBeUndefined();
  expect(describeIgnored(["NODE_OPTIONS"])).toBe(
    "ignored NODE_OPTIONS: the environment cannot weaken this program; unset it",
  );
});
