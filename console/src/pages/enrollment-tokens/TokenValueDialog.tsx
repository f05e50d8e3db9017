import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { DeployStep } from "../../components/DeployStep.tsx";
import { DEFAULT_GUIDE } from "../../components/GuideChoice.tsx";
import { ShowOnceDialog } from "../../components/ShowOnceDialog.tsx";
import type { Connection } from "../../components/sensor-commands.ts";
import { paths } from "../../paths.ts";
import { countOf } from "../../ui/numbers.ts";
import { exactTime } from "../../ui/time.ts";

export interface CreatedToken {
  token: EnrollmentToken;
  value: string;
  /**
   * Fetched before the token is created, because nothing may fail between its creation and showing its value.
   */
  connection: Connection;
}

interface TokenValueDialogProps {
  created: CreatedToken;
  onForget: () => void;
  onClose: () => void;
}

/** Shows the value of a new token once, with the text that deploys sensors with it. */
export function TokenValueDialog({ created, onForget, onClose }: TokenValueDialogProps) {
  const { token, value, connection } = created;
  const [guide, setGuide] = useState(DEFAULT_GUIDE);
  const navigate = useNavigate();
  const openGuide = () => void navigate(paths.deploy({ guide, token: token.id }));
  return (
    <ShowOnceDialog
      title="Store the token now"
      intro={
        <>
          <strong>{token.name}</strong> is created. {describe(token)}
        </>
      }
      noun="token"
      label="Enrollment Token"
      value={value}
      onForget={onForget}
      onClose={onClose}
      next={{ label: "Open the full guide", onClick: openGuide }}
    >
      <DeployStep connection={connection} guide={guide} onChange={setGuide} />
    </ShowOnceDialog>
  );
}

/** Describes the effect of the token's settings. */
function describe({ scope, maxEnrollments, expiresAt, requireApproval }: EnrollmentToken): string {
  const sensors = maxEnrollments === null ? "any number of sensors" : countOf(maxEnrollments, "sensor");
  const into = scope.type === "asset-group" ? ` into ${scope.assetGroup.name}` : "";
  const until = expiresAt ? `until ${exactTime(expiresAt)}` : "and does not expire";
  const approval = requireApproval ? " Each sensor requires approval." : "";
  return `It can enroll ${sensors}${into} ${until}.${approval}`;
}
