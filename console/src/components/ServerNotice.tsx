import { Notice } from "../ui/Notice.tsx";
import classes from "./ServerNotice.module.css";
import { useServerState } from "./server-state.ts";

/** Says above a page that its content may be old. The page itself stays. */
export function ServerNotice() {
  if (useServerState() !== "unreachable") return null;
  return (
    <div className={classes.notice} role="status">
      <Notice kind="warning">
        The server cannot be reached. This page shows what it loaded before, and updates as soon as the server
        responds.
      </Notice>
    </div>
  );
}
