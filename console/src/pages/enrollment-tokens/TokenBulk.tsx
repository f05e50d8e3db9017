import {
  deleteEnrollmentToken,
  type ListedToken,
  pauseEnrollmentToken,
  resumeEnrollmentToken,
  revokeEnrollmentToken,
} from "@attacklens/protocol/enrollment-tokens.ts";
import { canOf } from "@attacklens/protocol/obstacles.ts";
import { previewTokenAction, runTokenAction } from "@attacklens/protocol/token-actions.ts";
import { TOKEN_OBSTACLES } from "@attacklens/protocol/token-obstacles.ts";
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

const calls = (route: Change) => (token: ListedToken) => callApi(route, { params: { id: token.id } });

const ACTIONS: BulkAction<ListedToken>[] = [
  {
    verb: "Pause",
    byFilter: { action: "pause" },
    done: "paused",
    can: (token) => canOf(TOKEN_OBSTACLES, token, "pause"),
    run: calls(pauseEnrollmentToken),
    consequence: () => "No sensor can enroll with them until you resume them.",
  },
  {
    verb: "Resume",
    byFilter: { action: "resume" },
    done: "resumed",
    can: (token) => canOf(TOKEN_OBSTACLES, token, "resume"),
    run: calls(resumeEnrollmentToken),
    consequence: () => "Sensors can enroll with them again.",
  },
  {
    verb: "Revoke",
    byFilter: { action: "revoke" },
    done: "revoked",
    can: (token) => canOf(TOKEN_OBSTACLES, token, "revoke"),
    run: calls(revokeEnrollmentToken),
    consequence: (tokens) =>
      `No sensor can enroll with them anymore. This cannot be undone. ${remaining(tokens)}`,
    isDanger: true,
  },
  {
    verb: "Delete",
    byFilter: { action: "delete" },
    done: "deleted",
    can: (token) => canOf(TOKEN_OBSTACLES, token, "delete"),
    run: calls(deleteEnrollmentToken),
    consequence: (tokens) =>
      `They are deleted permanently, and no sensor can enroll with them anymore. ${remaining(tokens)}`,
    isDanger: true,
  },
];

function remaining(tokens: ListedToken[] | undefined): string {
  if (!tokens) return "Sensors that have enrolled with them keep reporting.";
  const sensors = tokens.reduce((sum, token) => sum + token.enrolledSensors, 0);
  return sensors === 0 ? "No sensors have enrolled with them." : remainingSensorsText(sensors);
}

interface TokenBulkProps {
  tokens: ListedToken[];
  /** Present: all tokens that match it, loaded or not. */
  filter: object | undefined;
  onClear: () => void;
}

export function TokenBulk({ tokens, filter, onClear }: TokenBulkProps) {
  const queryClient = useQueryClient();
  return (
    <BulkActions
      rows={tokens}
      matching={filter && { filter, preview: previewTokenAction, run: runTokenAction }}
      noun="Enrollment Token"
      nameOf={(token) => token.name}
      actions={ACTIONS}
      onDone={() => refresh(queryClient, "enrollmentTokens", "assetGroups", "sensors")}
      onClear={onClear}
    />
  );
}
