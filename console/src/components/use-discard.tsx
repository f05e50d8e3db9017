import { useBlocker } from "@tanstack/react-router";
import { type ReactNode, useRef, useState } from "react";
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx";
import { useUnsaved } from "./unsaved.ts";

interface Discard {
  /** Closes the form, after a question if it has changes. */
  requestClose: () => void;
  /** The question, while it is asked. */
  question: ReactNode;
}

/**
 * Asks before the changes of a form are lost, whether the user closes the form, goes back or follows a link.
 */
export function useDiscard(isDirty: boolean, isSubmitting: boolean, onClose: () => void): Discard {
  const [isAsked, setAsked] = useState(false);
  const isDiscarded = useRef(false);
  useUnsaved(isDirty);
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next, action }) => {
      if (!isDirty || isDiscarded.current || current.pathname === next.pathname) return false;
      // A form that is saved closes itself.
      return !isSubmitting || action === "BACK" || action === "GO";
    },
    enableBeforeUnload: isDirty,
    withResolver: true,
  });
  const isLeaving = blocker.status === "blocked";
  async function discard() {
    isDiscarded.current = true;
    if (isLeaving) blocker.proceed();
    else onClose();
  }
  function keep() {
    // Also called after the changes are discarded.
    if (isDiscarded.current) return;
    setAsked(false);
    if (isLeaving) blocker.reset();
  }
  return {
    requestClose: () => (isDirty ? setAsked(true) : onClose()),
    question: (isAsked || isLeaving) && (
      <ConfirmDialog
        title="Discard changes?"
        action="Discard changes"
        cancel="Keep editing"
        onConfirm={discard}
        onClose={keep}
        errorText={String}
      >
        Your changes are not saved.
      </ConfirmDialog>
    ),
  };
}
