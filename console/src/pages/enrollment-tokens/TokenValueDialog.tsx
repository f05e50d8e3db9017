import type { EnrollmentToken } from "@attacklens/protocol/enrollment-tokens.ts";
import { SensorCommands } from "../../components/SensorCommands.tsx";
import { ShowOnceDialog } from "../../components/ShowOnceDialog.tsx";
import type { Connection } from "../../components/sensor-commands.ts";
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

/** Shows the value of a new token once, with the commands that use it. */
export function TokenValueDialog({ created, onForget, onClose }: TokenValueDialogProps) {
  const { token, value, connection } = created;
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
    >
      <SensorCommands connection={connection} secret="token" />
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
