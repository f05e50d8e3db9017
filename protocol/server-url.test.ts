import { expect, test } from "bun:test";
import { parseServerUrl } from "./server-url.ts";

test("accepts HTTPS to any host and plain HTTP to this host, and returns the origin", () => {
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
    expect(parseServerUrl(text, "token")).toEqual({ origin });
  }
});

test("rejects plain HTTP to addresses that only look like this host", () => {
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
    expect(parseServerUrl(`http://${host}`, "token")).toEqual({
      problem: `Cannot use the server http://${host}: plain HTTP would expose the token on the network`,
      hint: `use https://${host}`,
    });
  }
});

test("rejects anything except an address, and does not repeat a password", () => {
  for (const text of [
    "",
    "attacklens.example.com",
    "ftp://a.example",
    "https://",
    "file:///etc/passwd",
    "a b",
  ]) {
    const problem = `Cannot use the server "${text}": it is not a URL such as https://attacklens.example.com`;
    expect(parseServerUrl(text, "token")).toEqual({ problem });
  }
  for (const rest of [
    "a.example/console",
    "a.example/?a=1",
    "a.example/#top",
    "a.example//",
    "me:hunter2@a.example",
  ]) {
    const problem =
      "Cannot use the server https://a.example: enter the address without a path, query or password";
    expect(parseServerUrl(`https://${rest}`, "token")).toEqual({ problem });
  }
});
