import { expect, test } from "bun:test";
import { createAssetGroup } from "@attacklens/protocol/asset-groups.ts";
import { refuseForeignOrigin } from "./caller.ts";

const accepts = (origin: string, host: string, secure: boolean) => {
  try {
    refuseForeignOrigin(createAssetGroup, new Headers({ origin, host }), secure);
    return true;
  } catch {
    return false;
  }
};

test("if users connect by HTTPS, an HTTP page of the same host is another site", () => {
  expect(accepts("https://lens.example", "lens.example", true)).toBe(true);
  expect(accepts("https://lens.example", "Lens.Example:443", true)).toBe(true);
  expect(accepts("http://lens.example", "lens.example", true)).toBe(false);
  expect(accepts("https://lens.example:8443", "lens.example", true)).toBe(false);
  expect(accepts("ftp://lens.example", "lens.example", false)).toBe(false);
});

test("if the server uses HTTP, also behind a proxy that terminates TLS, only the host must match", () => {
  expect(accepts("http://localhost:8080", "localhost:8080", false)).toBe(true);
  expect(accepts("https://lens.example", "lens.example", false)).toBe(true);
  expect(accepts("http://localhost:8081", "localhost:8080", false)).toBe(false);
});
