import { Notice } from "../ui/Notice.tsx";
import type { Target } from "./sensor-commands.ts";

/** Explains why the commands do not work on other hosts, and how to fix that. */
export function Reach({ target: { reach, server }, secret }: { target: Target; secret: string }) {
  if (reach === "network") return null;
  if (reach === "local") {
    return (
      <Notice kind="info">
        The address <code>{server}</code> works only on the server itself. To enroll other hosts, start the
        server with <code>--listen ADDRESS:PORT</code>. If it is behind a proxy, set <code>--public-url</code>
        .
      </Notice>
    );
  }
  return (
    <Notice kind="warning">
      Sensors reject the address <code>{server}</code>, because plain HTTP exposes the {secret} to the
      network. Give the server a certificate with <code>--tls-cert</code> and <code>--tls-key</code>, or with{" "}
      <code>--tls private</code>. If a proxy terminates TLS, set <code>--public-url https://…</code>.
    </Notice>
  );
}
