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
import { refresh } from "../../queries.ts";
import { countOf } from "../../ui/numbers.ts";

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
    consequence: () => "No sensor can enroll with them until they are resumed.",
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
      `No sensor can enroll with them from now on, and this cannot be undone. ${stay(tokens)}`,
    isDanger: true,
  },
  {
    verb: "Delete",
    done: "deleted",
    can: (token) => token.can.delete,
    run: calls(deleteEnrollmentToken),
    consequence: (tokens) =>
      `They are gone for good, and no sensor can enroll with them from now on. ${stay(tokens)}`,
    isDanger: true,
  },
];

function stay(tokens: EnrollmentToken[]): string {
  const sensors = tokens.reduce((sum, token) => sum + token.enrolledSensors, 0);
  return sensors === 0
    ? "They have enrolled no sensor so far."
    : `${countOf(sensors, "sensor that they enrolled goes on", "sensors that they enrolled go on")} reporting.`;
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
