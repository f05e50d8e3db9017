// Proxy addresses, the proxy variables, and tunnels through proxies that require credentials, refuse, or use
// TLS.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { chainOf, type Issued, makeCa, makeLeaf } from "../../harness/certificates.ts";
import { type ConnectProxyOptions, openConnectProxy } from "../../harness/connect-proxy.ts";
import { SensorError } from "../sensor-error.ts";
import { lookAtCertificate } from "./certificates.ts";
import { fetchBy } from "./proxy.ts";
import { describeProxy, isExempt, parseProxyUrl, proxyFor } from "./proxy-url.ts";
import { failureOf } from "./request.ts";

const CREDENTIALS = { user: "ann@corp", password: "p:w/d %é" };
const ENCODED = `${encodeURIComponent(CREDENTIALS.user)}:${encodeURIComponent(CREDENTIALS.password)}`;

describe("the address of a proxy", () => {
  for (const text of ["http://proxy:3128", "https://proxy.example.com/", `http://${ENCODED}@[::1]:3128`])
    test(`${text} is accepted`, () => expect(parseProxyUrl(text)).toBe(new URL(text).href));

  for (const [text, shown] of [
    ["socks5://ann:geheim@proxy:1080", "socks5://proxy:1080"],
    ["http://ann:geheim@proxy:3128/path", "http://proxy:3128"],
    ["http://ann:geheim%@proxy:3128", "http://proxy:3128"],
    ["ann:geheim@proxy:3128", "that was given"],
    ["http://ann:geheim@", "that was given"],
  ] as const)
    test(`${text} is rejected, without its credentials in the message`, () => {
      expect(() => parseProxyUrl(text)).toThrow(SensorError);
      expect(() => parseProxyUrl(text)).toThrow(
        `Cannot use the proxy ${shown}: it is not an address such as http://user:password@proxy.example.com:3128`,
      );
    });

  test("is shown without its credentials", () => {
    expect(describeProxy(`http://${ENCODED}@proxy.example.com:3128/`)).toBe("http://proxy.example.com:3128");
  });
});

describe("the environment's proxy", () => {
  const NAMES = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"];
  let before: Record<string, string | undefined>;
  beforeEach(() => {
    before = Object.fromEntries(NAMES.map((name) => [name, process.env[name]]));
    for (const name of NAMES) delete process.env[name];
  });
  afterEach(() => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  const given = (environment: Record<string, string>, server = "https://attacklens.example.com") => {
    Object.assign(process.env, environment);
    return proxyFor(server);
  };

  test("is HTTPS_PROXY, otherwise ALL_PROXY; an address without a scheme is http", () => {
    expect(given({})).toBeUndefined();
    expect(given({ ALL_PROXY: "http://all:1" })).toBe("http://all:1/");
    expect(given({ HTTPS_PROXY: `${ENCODED}@proxy:3128` })).toBe(`http://${ENCODED}@proxy:3128/`);
    expect(given({ https_proxy: "https://lower:2" })).toBe("https://lower:2/");
  });

  test("is ignored if it is empty or the server is exempt from it", () => {
    expect(given({ HTTPS_PROXY: "" })).toBeUndefined();
    expect(given({ HTTPS_PROXY: "http://proxy:3128", NO_PROXY: "example.com" })).toBeUndefined();
    expect(given({ no_proxy: "elsewhere.example" })).toBe("http://proxy:3128/");
  });

  test("is rejected if its kind is not supported", () => {
    expect(() => given({ ALL_PROXY: "socks5://ann:geheim@proxy:1080" })).toThrow(
      /^Cannot use the proxy socks5:\/\/proxy:1080: /,
    );
  });
});

describe("NO_PROXY", () => {
  for (const [list, host, port, expected] of [
    ["", "example.com", 443, false],
    ["*", "example.com", 443, true],
    ["other.com, *", "10.0.0.1", 443, true],
    ["example.com", "example.com", 443, true],
    ["EXAMPLE.com", "example.com", 443, true],
    ["example.com.", "example.com", 443, true],
    ["example.com", "www.example.com", 443, true],
    [".example.com", "www.example.com", 443, true],
    [".example.com", "example.com", 443, true],
    ["example.com", "notexample.com", 443, false],
    ["www.example.com", "example.com", 443, false],
    ["a.com example.com", "example.com", 443, true],
    ["a.com ,example.com", "example.com", 443, true],
    ["example.com:8443", "example.com", 8443, true],
    ["example.com:8443", "example.com", 443, false],
    ["10.0.0.1", "10.0.0.1", 443, true],
    ["10.0.0.1:443", "10.0.0.1", 443, true],
    ["10.0.0.1:443", "10.0.0.1", 8443, false],
    ["0.1", "10.0.0.1", 443, false],
    ["10.0.0.0/8", "10.200.0.1", 443, true],
    ["10.0.0.0/8", "11.0.0.1", 443, false],
    ["10.0.0.0/33", "10.0.0.1", 443, false],
    ["10.0.0.0/x", "10.0.0.1", 443, false],
    ["10.0.0.0/8", "10.example.com", 443, false],
    ["::1", "::1", 443, true],
    ["[::1]", "::1", 443, true],
    ["[::1]:8443", "::1", 8443, true],
    ["[::1]:8443", "::1", 443, false],
    ["fd00::/8", "fd12::1", 443, true],
    ["[fd00::]/8", "fd12::1", 443, false],
    ["fd00::/8", "fe80::1", 443, false],
    ["2001:DB8::1", "2001:db8::1", 443, true],
    ["::1", "127.0.0.1", 443, false],
    [",,, ", "example.com", 443, false],
  ] as const)
    test(`"${list}" ${expected ? "matches" : "does not match"} ${host}:${port}`, () =>
      expect(isExempt(list, host, port)).toBe(expected));
});

describe("a request through a proxy", () => {
  let ca: Issued;
  let proxyCa: Issued;
  let server: Server;
  let received: string[];
  let address: string;
  beforeEach(async () => {
    [ca, proxyCa] = [await makeCa("The server's CA"), await makeCa("The proxy's CA")];
    received = [];
    server = createServer(chainOf(await makeLeaf(ca, ["attacklens.test"]), ca), (request, response) => {
      received.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
      response.end("it is the server");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `https://attacklens.test:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const open = (options?: ConnectProxyOptions) => openConnectProxy(options);
  const by = (proxy: string) => ({ ca: [ca.certificate], proxy });
  const withCredentials = (url: string, credentials = ENCODED) => url.replace("://", `://${credentials}@`);
  const failure = async (proxy: string, work: () => Promise<unknown>) => {
    const error = await work().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    return (await failureOf({ server: address, proxy }, error)).message;
  };

  test("sends percent-decoded credentials to the proxy but not to the server", async () => {
    await using proxy = await open({ credentials: CREDENTIALS });
    const url = withCredentials(proxy.url);
    expect(await (await fetchBy(by(url), `${address}/x`, {})).text()).toBe("it is the server");
    expect((await lookAtCertificate(address, url)).chain).toEqual([expect.anything(), ca.certificate]);
    expect(proxy.tunnels).toEqual(Array(2).fill(address.slice("https://".length)));
    expect(received).toEqual(["/x"]);
    expect(proxy.others).toEqual([]);
  });

  for (const [name, credentials] of [
    ["without credentials", ""],
    ["with wrong credentials", "ann:geheim"],
  ] as const)
    test(`${name} reports that the proxy rejects them, without any secret`, async () => {
      await using proxy = await open({ credentials: CREDENTIALS });
      const url = credentials === "" ? proxy.url : withCredentials(proxy.url, credentials);
      const expected = `through ${proxy.url}: the proxy rejected the credentials or requires some`;
      expect(await failure(url, () => fetchBy(by(url), address, {}))).toBe(expected);
      expect(await failure(url, () => lookAtCertificate(address, url))).toBe(expected);
      expect(received).toEqual([]);
    });

  test("reports a proxy that refuses, is unreachable, or is not a proxy", async () => {
    await using proxy = await open({ refuseWith: 403 });
    const refuses = `through ${proxy.url}: the proxy refused to connect to the server (403)`;
    expect(await failure(proxy.url, () => fetchBy(by(proxy.url), address, {}))).toBe(refuses);
    expect(await failure(proxy.url, () => lookAtCertificate(address, proxy.url))).toBe(refuses);
    const unused = "http://127.0.0.1:9";
    const expected = `through ${unused}: connection refused`;
    expect(await failure(unused, () => fetchBy(by(unused), address, {}))).toBe(expected);
    expect(await failure(unused, () => lookAtCertificate(address, unused))).toBe(expected);
    const other = createTcpServer((socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n\r\n"));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const ssh = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect(await failure(ssh, () => lookAtCertificate(address, ssh))).toBe(
      `through ${ssh}: the proxy's reply is not HTTP`,
    );
    other.close();
  });

  test("does not trust a TLS proxy by the root that is pinned for the server", async () => {
    await using proxy = await open({ tls: chainOf(await makeLeaf(ca), ca) });
    const expected = `through ${proxy.url}: its certificate is not trusted by this host`;
    expect(await failure(proxy.url, () => fetchBy(by(proxy.url), address, {}))).toStartWith(expected);
    expect(proxy.tunnels).toEqual([]);
    expect(received).toEqual([]);
  });

  test("reaches a pinned server through a trusted TLS proxy", async () => {
    await using proxy = await open({
      tls: chainOf(await makeLeaf(proxyCa), proxyCa),
      credentials: CREDENTIALS,
    });
    // The system's trust store cannot be changed within a process.
    const program = `
      import { fetchBy } from "${import.meta.dir}/proxy.ts";
      const [url, proxy, ca] = process.argv.slice(-3);
      console.log(await (await fetchBy({ ca: [ca], proxy }, url, {})).text());
    `;
    const script = `${process.env.TMPDIR ?? "/tmp"}/fetch-by-${process.pid}.ts`;
    const roots = `${script}.pem`;
    await Promise.all([Bun.write(script, program), Bun.write(roots, proxyCa.certificate)]);
    const run = (trusted: string) =>
      Bun.spawn([process.execPath, script, `${address}/y`, withCredentials(proxy.url), trusted], {
        env: { ...process.env, NODE_EXTRA_CA_CERTS: roots },
        stdout: "pipe",
        stderr: "pipe",
      });
    const right = run(ca.certificate);
    expect(await new Response(right.stdout).text()).toBe("it is the server\n");
    expect(await right.exited).toBe(0);
    expect(received).toEqual(["/y"]);
    // The proxy's CA is not trusted for the server.
    const wrong = run(proxyCa.certificate);
    expect(await wrong.exited).toBe(1);
    expect(received).toEqual(["/y"]);
  });
});
