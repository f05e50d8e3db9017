import { expect, test } from "bun:test";
import { parseServerUrl } from "./server-url.ts";

test("HTTPS is taken to any host, plain HTTP only to this one; the origin alone is kept", () => {
  for (const [text, origin] of [
    ["https://attacklens.example.com", "https://attacklens.example.com"],
    ["https://attacklens.example.com/", "https://attacklens.example.com"],
    ["HTTPS://AttackLens.Example.com:443", "https://attacklens.example.com"],
    ["https://10.0.0.5:8443", "https://10.0.0.5:8443"],
    ["https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["http://127.0.0.1", "http://127.0.0.1"],
    ["http://127.9.8.7:1", "http://127.9.8.7:1"],
    ["http://[::1]:8080", "http://[::1]:8080"],
    ["http://2130706433", "http://127.0.0.1"],
  ] as const) {
    expect(parseServerUrl(text)).toBe(origin);
  }
});

test("plain HTTP to what only looks like this host is refused", () => {
  for (const host of [
    "10.0.0.5",
    "localhost.example.com",
    "127.0.0.1.example.com",
    "127.example.com",
    "0.0.0.0",
    "[::2]",
    "attacklens",
    "192.168.127.0",
  ]) {
    expect(() => parseServerUrl(`http://${host}`)).toThrow("plain HTTP would show the token to the network");
  }
});

test("what is not an address, or more than one, is refused, and a password is not repeated", () => {
  for (const text of [
    "",
    "attacklens.example.com",
    "ftp://a.example",
    "https://",
    "file:///etc/passwd",
    "a b",
  ])
    expect(() => parseServerUrl(text)).toThrow("it is not an address such as");
  for (const end of ["/console", "/?a=1", "/#top", "//"])
    expect(() => parseServerUrl(`https://a.example${end}`)).toThrow(
      "Cannot use the server https://a.example: give the address alone",
    );
  expect(() => parseServerUrl("https://me:hunter2@a.example")).toThrow(
    /^Cannot use the server https:\/\/a\.example: give/,
  );
});
