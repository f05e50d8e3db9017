import { revokeAllSessions, revokeSession, type Session } from "@attacklens/protocol/sessions.ts";
import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useQueryClient, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { callApi, problemOf } from "../../api.ts";
import { paths } from "../../paths.ts";
import { refresh, refreshMs } from "../../queries.ts";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { RelativeTime } from "../../ui/RelativeTime.tsx";
import { Status } from "../../ui/Status.tsx";
import classes from "./AccountPage.module.css";
import { sessionsQuery } from "./account-queries.ts";
import { describeBrowser } from "./browser-words.ts";

/** The user's sessions, with actions to end one or all of them. */
export function SessionList() {
  const { data } = useSuspenseQuery({ ...sessionsQuery, refetchInterval: refreshMs });
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const [asked, setAsked] = useState<Session | "all">();

  async function end({ id, userAgent }: Session) {
    await callApi(revokeSession, { params: { id } });
    await refresh(queryClient, "sessions");
    notifications.show({ message: `The session in ${describeBrowser(userAgent)} has ended.` });
  }
  async function endAll() {
    await callApi(revokeAllSessions, {});
    await navigate(paths.signIn());
  }

  return (
    <>
      <ul className={classes.rows} aria-label="Sessions">
        {data.items.map((session) => (
          <li key={session.id} className={classes.row}>
            <div className={classes.words}>
              <div className={classes.name}>
                {describeBrowser(session.userAgent)}
                {session.isCurrent && <Status color="green">This session</Status>}
              </div>
              <div className={classes.details}>
                {session.address ?? "Unknown address"} · Last used <RelativeTime at={session.lastUsedAt} /> ·
                Signed in <RelativeTime at={session.startedAt} />
              </div>
            </div>
            {!session.isCurrent && (
              <Button
                variant="default"
                size="compact-sm"
                aria-label={`End session: ${describeBrowser(session.userAgent)}`}
                onClick={() => setAsked(session)}
              >
                End session
              </Button>
            )}
          </li>
        ))}
      </ul>
      <Button variant="default" onClick={() => setAsked("all")}>
        Sign out everywhere
      </Button>
      {asked === "all" && (
        <ConfirmDialog
          title="Sign out everywhere?"
          action="Sign out everywhere"
          onConfirm={endAll}
          onClose={() => setAsked(undefined)}
          errorText={(error) => problemOf(error).detail}
        >
          All your sessions end, including this one. You must sign in again. Your API keys keep working.
        </ConfirmDialog>
      )}
      {asked && asked !== "all" && (
        <ConfirmDialog
          title="End session?"
          action="End session"
          onConfirm={() => end(asked)}
          onClose={() => setAsked(undefined)}
          errorText={(error) => problemOf(error).detail}
        >
          {describeBrowser(asked.userAgent)} at {asked.address ?? "an unknown address"} is signed out
          immediately.
        </ConfirmDialog>
      )}
    </>
  );
}
