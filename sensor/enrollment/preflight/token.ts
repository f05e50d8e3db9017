// Preflight check of the token.
import { checkToken } from "@attacklens/protocol/enroll.ts";
import { TOKEN_HINTS } from "@attacklens/protocol/token-refusals.ts";
import { makeIdentity, type Way } from "../../state/identity.ts";
import { privateKeyOf } from "../../state/private-key.ts";
import { connect, send } from "../../transport/request.ts";
import { Refused, Unreachable } from "../../transport/server-reply.ts";
import type { Finding } from "./finding.ts";

export async function askAboutToken(
  server: string,
  way: Way,
  token: string,
  hostname: string,
): Promise<{ findings: Finding[]; certificate?: string | null | undefined }> {
  // A throwaway key: the route accepts any key and stores none.
  const identity = makeIdentity(server);
  try {
    const connection = connect(server, privateKeyOf(identity), identity.publicKey, way);
    const told = await send(connection, checkToken, { body: { hostname }, token });
    return { findings: tokenFindings(told, hostname), certificate: told.certificate };
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof Unreachable)) throw error;
    const isRefused = error instanceof Refused;
    const hint = isRefused ? TOKEN_HINTS[error.problem.code] : "repeat the command later";
    const exit = isRefused ? "tokenRefused" : "serverUnreachable";
    return { findings: [{ step: "token", state: "failed", text: error.message, hint, exit }] };
  }
}

function tokenFindings(
  { refusal, address, assetGroup, awaitingApproval }: Awaited<ReturnType<typeof send<typeof checkToken>>>,
  hostname: string,
): Finding[] {
  const ok = "ok" as const;
  if (!refusal) {
    const group = assetGroup ? `the asset group ${assetGroup.name}` : "no asset group";
    const approval = awaitingApproval ? ", and would await approval" : "";
    return [
      { step: "token", state: ok, text: "would be accepted" },
      {
        step: "network",
        state: ok,
        text: `${address}, this host's address as seen by the server, is allowed`,
      },
      { step: "group", state: ok, text: `${hostname} would join ${group}${approval}` },
    ];
  }
  const refused = {
    state: "failed" as const,
    text: `would be refused: ${refusal.detail}`,
    hint: TOKEN_HINTS[refusal.code],
    exit: "tokenRefused" as const,
  };
  if (refusal.code === "network-not-allowed")
    return [
      { step: "token", state: ok, text: "is valid" },
      { step: "network", ...refused },
    ];
  const seenAs = `${address}, this host's address as seen by the server; not checked: the token would be refused`;
  return [
    { step: "token", ...refused },
    { step: "network", state: "skipped", text: seenAs },
  ];
}
