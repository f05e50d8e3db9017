// Confirms an action on all objects that match a filter, with the exact number from the server, and shows its
// progress. The action stops when the dialog is closed.
import { type BulkPreview, type BulkProgress, bulkProgress } from "@attacklens/protocol/bulk.ts";
import type { ApiRequest } from "@attacklens/protocol/client.ts";
import type { Route } from "@attacklens/protocol/route.ts";
import { Button, Group, Progress, Stack } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { callApi, problemOf, streamApi } from "../api.ts";
import { Dialog } from "../ui/Dialog.tsx";
import { Notice } from "../ui/Notice.tsx";
import { countOf, formatCount } from "../ui/numbers.ts";
import { obstacleText } from "../ui/obstacle.ts";
import { TypedConfirmation } from "../ui/TypedConfirmation.tsx";
import { disabledReason } from "./disabled-reason.ts";

/** The filter, and the routes of its preview and its action. */
export interface MatchingObjects {
  filter: object;
  preview: Route;
  run: Route;
}

interface MatchingDialogProps extends MatchingObjects {
  /** The action in the requests, with what it needs. */
  action: object;
  verb: string;
  /** Absent: the label of the button. */
  heading?: (count: number) => string;
  done: string;
  noun: string;
  isDanger: boolean;
  consequence: ReactNode;
  onDone: () => Promise<unknown>;
  onClear: () => void;
  onClose: () => void;
}

/** From this number of objects on, the user types it before an action that cannot be undone. */
const MANY = 10;

export function textToType(isDanger: boolean | undefined, count: number): string | undefined {
  return isDanger && count >= MANY ? formatCount(count) : undefined;
}

export function MatchingDialog(props: MatchingDialogProps) {
  const { filter, action, verb, noun, onClose } = props;
  const preview = useQuery({
    queryKey: [props.preview.name, action, filter],
    queryFn: async ({ signal }) =>
      (await callApi(props.preview, requestOf({ ...action, filter }), { signal })) as unknown as BulkPreview,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const { progress, error, start, stop } = useAction(props, () => void preview.refetch());
  const { data } = preview;
  const toType = data && textToType(props.isDanger, data.possible);
  const [typed, setTyped] = useState<string>();
  const label = data ? `${verb} ${countOf(data.possible, noun)}` : `${verb} all that match`;
  const title = (data && props.heading?.(data.possible)) ?? label;
  const problem = error ?? (preview.error ? problemOf(preview.error).detail : undefined);
  return (
    <Dialog onDismiss={progress ? undefined : onClose} title={`${title}?`} size={480}>
      <Stack gap="md">
        {data ? (
          <Effect preview={data} consequence={props.consequence} />
        ) : (
          !problem && <p role="status">Counting…</p>
        )}
        {toType !== undefined && !progress && (
          <TypedConfirmation
            key={toType}
            text={toType}
            onTyped={(isTyped) => setTyped(isTyped ? toType : undefined)}
          />
        )}
        {problem && <Notice kind="danger">{problem}</Notice>}
        {progress && (
          <div>
            <Progress
              value={(100 * (progress.done + progress.refused)) / Math.max(1, progress.total)}
              aria-label={title}
            />
            <p className="quiet" role="status">
              {formatCount(progress.done + progress.refused)} of {formatCount(progress.total)}
            </p>
          </div>
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={progress ? stop : onClose} data-autofocus>
            {progress ? "Stop" : "Cancel"}
          </Button>
          <Button
            {...(props.isDanger ? { color: "danger" } : {})}
            onClick={() => data && void start(data)}
            loading={progress !== undefined || preview.isFetching}
            disabled={!data || data.possible === 0 || typed !== toType}
          >
            {label}
          </Button>
        </Group>
      </Stack>
    </Dialog>
  );
}

const requestOf = (body: object) => ({ body }) as unknown as ApiRequest<Route>;

function Effect({ preview, consequence }: { preview: BulkPreview; consequence: ReactNode }) {
  const { possible, sample, impossible } = preview;
  const more = possible - sample.length;
  return (
    <div>
      {possible > 0 && (
        <p>
          <strong>
            {sample.join(", ")}
            {more > 0 && ` and ${formatCount(more)} more`}
          </strong>
        </p>
      )}
      {possible > 0 && <p>{consequence}</p>}
      {impossible.map(({ reason, count }) => (
        <p key={reason} className="quiet">
          Not included: {formatCount(count)}. {obstacleText(disabledReason({ allowed: false, reason }) ?? "")}
        </p>
      ))}
    </div>
  );
}

/** `onChanged` is called when the selection is no longer that of the preview. */
function useAction(props: MatchingDialogProps, onChanged: () => void) {
  const [progress, setProgress] = useState<BulkProgress>();
  const [error, setError] = useState<string>();
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  async function start({ possible, fingerprint }: BulkPreview) {
    const { filter, action, noun, done, onDone, onClear, onClose } = props;
    const control = new AbortController();
    running.current = control;
    setError(undefined);
    let latest: BulkProgress = { total: possible, done: 0, refused: 0, refusals: [], isFinished: false };
    setProgress(latest);
    let failure: string | undefined;
    try {
      for await (const line of streamApi(
        props.run,
        requestOf({ ...action, filter, fingerprint }),
        control.signal,
      )) {
        latest = bulkProgress.parse(line);
        setProgress(latest);
      }
      if (!latest.isFinished) failure = "The connection to the server was lost.";
    } catch (thrown) {
      failure = control.signal.aborted ? "Stopped." : problemOf(thrown).detail;
    }
    await onDone();
    const left = latest.total - latest.done - latest.refused;
    if (latest.done > 0) notifications.show({ message: `${countOf(latest.done, noun)} ${done}.` });
    if (failure === undefined && latest.refused === 0 && !latest.problem) {
      onClear();
      return onClose();
    }
    setProgress(undefined);
    const refusals = latest.refusals.map(({ name, reason }) => `${name}: ${reason}`);
    const began = latest.done + latest.refused > 0;
    setError(
      [
        failure ?? latest.problem,
        began && left > 0 && `${countOf(left, noun)} not ${done}.`,
        latest.refused > 0 && `Not ${done}: ${formatCount(latest.refused)}. ${refusals.join(" ")}`,
      ]
        .filter(Boolean)
        .join(" "),
    );
    onChanged();
  }
  return { progress, error, start, stop: () => running.current?.abort() };
}
