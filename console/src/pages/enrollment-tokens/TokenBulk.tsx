import {
  deleteEnrollmentToken,
  type EnrollmentToken,
  pauseEnrollmentToken,
  resumeEnrollmentToken,
  revokeEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { useQueryClient } from "@tanstack/react-query";
import { callApi } from "../../api.ts";
import { type BulkAction, BulkActions } from "../../components/BulkActions.tsx";
import { remainingSensorsText } from "../../components/token-words.ts";
import { refresh } from "../../queries.ts";

type Change =
  | typeof pauseEnrollmentToken
  | typeof resumeEnrollmentToken
  | typeof revokeEnrollmentToken
  | typeof deleteEnrollmentToken;

const calls = (route: Change) => (token: EnrollmentToken) => callApi(route, { params: { id: token.id } });

const ACTIONS: BulkAction<EnrollmentToken>[] = [
  {
    verb: "Pause",
    done: "paused",
    can: (token) => token.can.pause,
    run: calls(pauseEnrollmentToken),
    consequence: () => "No sensor can enroll with them until you resume them.",
  },
  {
    verb: "Resume",
    done: "resumed",
    can: (token) => token.can.resume,
    run: calls(resumeEnrollmentToken),
    consequence: () => "Sensors can enroll with them again.",
  },
  {
    verb: "Revoke",
    done: "revoked",
    can: (token) => token.can.revoke,
    run: calls(revokeEnrollmentToken),
    consequence: (tokens) =>
      `No sensor can enroll with them anymore. This cannot be undone. ${remaining(tokens)}`,
    isDanger: true,
  },
  {
    verb: "Delete",
    done: "deleted",
    can: (token) => token.can.delete,
    run: calls(deleteEnrollmentToken),
    consequence: (tokens) =>
      `They are deleted permanently, and no sensor can enroll with them anymore. ${remaining(tokens)}`,
    isDanger: true,
  },
];

function remaining(tokens: EnrollmentToken[]): string {
  const sensors = tokens.reduce((sum, token) => sum + token.enrolledSensors, 0);
  return sensors === 0 ? "No sensors have enrolled with them." : remainingSensorsText(sensors);
}

export function TokenBulk({ tokens, onClear }: { tokens: EnrollmentToken[]; onClear: () => void }) {
  const queryClient = useQueryClient();
  return (
    <BulkActions
      rows={tokens}
      noun="Enrollment Token"
      nameOf={(token) => token.name}
      actions={ACTIONS}
      onDone={() => refresh(queryClient, "enrollmentTokens", "assetGroups", "sensors")}
      onClear={onClear}
    />
  );
}
