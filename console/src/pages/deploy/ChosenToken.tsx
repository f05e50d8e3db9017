import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { TextLink } from "../../components/links.tsx";
import { TOKEN_STATUS_LOOKS } from "../../components/statuses.tsx";
import { paths } from "../../paths.ts";
import { Notice } from "../../ui/Notice.tsx";

interface ChosenTokenProps {
  token: EnrollmentToken | undefined;
  /** The token in the URL was deleted. */
  isMissing: boolean;
}

/** Says why hosts cannot enroll with the chosen token. */
export function ChosenToken({ token, isMissing }: ChosenTokenProps) {
  if (isMissing)
    return (
      <Notice kind="warning">The token of this link does not exist any more. Choose another one.</Notice>
    );
  if (token === undefined || token.status === "active") return null;
  return (
    <Notice kind="warning">
      No host can enroll with <TextLink {...paths.enrollmentToken(token.id)}>{token.name}</TextLink>. Its
      status is {TOKEN_STATUS_LOOKS[token.status].label}.
    </Notice>
  );
}
