import { expect, test } from "bun:test";
import { RELEASE } from "@attacklens/protocol/version.ts";
import { deployFactsOf, offeredTargets, readProxy } from "./deploy-facts.ts";
import type { Connection } from "./sensor-commands.ts";

const PIN = `sha256:${"9f86d081".repeat(8)}`;
const NONE: Connection = {
  sensorUrl: null,
  caPin: null,
  caSha256: null,
  certificateExpiresAt: null,
  release: null,
};

test("the guides use the server's address, its pin, and the release that it offers", () => {
  const release = { version: "2027.1.0", files: [] };
  const connection = { ...NONE, sensorUrl: "https://10.0.0.5:8443", caPin: PIN, caSha256: "ab", release };
  expect(deployFactsOf(connection, "https://console.example.com", "http://proxy:3128")).toEqual({
    server: "https://10.0.0.5:8443",
    caPin: PIN,
    caSha256: "ab",
    proxy: "http://proxy:3128",
    version: "2027.1.0",
  });
  expect(deployFactsOf(NONE, "https://console.example.com")).toEqual({
    server: "https://console.example.com",
    caPin: null,
    caSha256: null,
    proxy: null,
    version: RELEASE,
  });
});

test("plain HTTP has neither a pin nor a CA", () => {
  const connection = { ...NONE, caPin: PIN, caSha256: "ab" };
  expect(deployFactsOf(connection, "http://127.0.0.1:8080")).toMatchObject({ caPin: null, caSha256: null });
});

test("the files that the server offers for a guide", () => {
  const needs = { format: "deb" as const, targets: ["linux-x64", "linux-arm64"] };
  expect(offeredTargets(NONE, needs)).toBeNull();
  const file = (format: "deb" | "program", target: string) => ({ name: "any", format, target });
  const release = {
    version: "2026.11.0",
    files: [file("program", "linux-arm64"), file("deb", "linux-x64"), file("deb", "windows-x64")],
  };
  expect(offeredTargets({ ...NONE, release }, needs)).toEqual(["linux-x64"]);
});

test.each([
  ["", undefined],
  ["proxy.example.com:3128", "http://proxy.example.com:3128"],
  [" https://proxy.example.com/ ", "https://proxy.example.com:443"],
  ["http://proxy.example.com:80", "http://proxy.example.com:80"],
  ["proxy", "http://proxy:80"],
  ["http://[fd00::9]:3128", "http://[fd00::9]:3128"],
])("the proxy %j is %j", (text, proxy) => {
  expect(readProxy(text)).toEqual({ proxy });
});

test.each(["socks5://proxy:1080", "http://", "http://proxy/path", "http://a b", "http://ann:pw@proxy:3128"])(
  "%j is no proxy for a guide",
  (text) => {
    const { proxy, error } = readProxy(text);
    expect(proxy).toBeUndefined();
    expect(error).toEndWith(".");
    expect(error).not.toContain("pw");
  },
);
