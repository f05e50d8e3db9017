import { listEnrollmentAttempts } from "@attacklens/protocol/enrollment-attempts.ts";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { paths } from "../paths.ts";
import { apiQuery, tokenQuery } from "../queries.ts";
import { Notice } from "../ui/Notice.tsx";
import { RelativeTime } from "../ui/RelativeTime.tsx";
import { TextLink } from "./links.tsx";
import { fixOf } from "./refusal-fix.ts";
import { REFUSAL_LABELS } from "./token-words.ts";

/** A sensor prints it when its enrollment is refused. */
const REFERENCE = /^E-[0-9A-Z]{4,12}$/i;

/** The result of a search for the reference of an enrollment attempt. It is not a row of the list. */
export interface ReferenceResult {
  /** Undefined: not loaded yet. */
  notice: ReactNode;
}

/** Undefined: the text is no reference. */
export function useReference(text: string | undefined): ReferenceResult | undefined {
  const reference = text && REFERENCE.test(text.trim()) ? text.trim().toUpperCase() : undefined;
  return reference === undefined ? undefined : { notice: <ReferenceFound reference={reference} /> };
}

function ReferenceFound({ reference }: { reference: string }) {
  const { data } = useQuery({
    ...apiQuery(listEnrollmentAttempts, { query: { q: reference, limit: 5 } }),
  });
  const attempt = data?.items.find((one) => one.reference === reference);
  const tokenId = attempt?.enrollmentToken.id ?? "";
  const tokenExists = attempt !== undefined && !attempt.enrollmentToken.deleted;
  const { data: token } = useQuery({ ...tokenQuery(tokenId), enabled: tokenExists });
  if (!data) return null;
  if (!attempt) {
    return (
      <div style={{ padding: "0 var(--page-edge) 12px" }}>
        <Notice kind="info">No enrollment attempt has the reference {reference}.</Notice>
      </div>
    );
  }
  const fix = token && fixOf(attempt, token);
  return (
    <div style={{ padding: "0 var(--page-edge) 12px" }}>
      <Notice kind="info">
        {reference}: <strong>{attempt.hostname}</strong> ({attempt.address}) was{" "}
        {attempt.reason === null ? "accepted" : "refused"} <RelativeTime at={attempt.at} /> with{" "}
        {tokenExists ? (
          <TextLink {...paths.enrollmentToken(tokenId)}>{attempt.enrollmentToken.name}</TextLink>
        ) : (
          `${attempt.enrollmentToken.name} (deleted)`
        )}
        {attempt.reason && `: ${REFUSAL_LABELS[attempt.reason]}`}
        {attempt.detail && `, ${attempt.detail}`}.{" "}
        {fix && <TextLink {...paths.enrollmentTokenEdit(tokenId, fix.proposal)}>{fix.label}</TextLink>}
      </Notice>
    </div>
  );
}
