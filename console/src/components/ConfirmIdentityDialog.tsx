import { lazy, Suspense, useSyncExternalStore } from "react";
import { confirmationStore } from "../confirmation.ts";

const IdentityConfirmation = lazy(async () => ({
  default: (await import("./IdentityConfirmation.tsx")).IdentityConfirmation,
}));

/** Asks the user to confirm their identity while a request waits for a recent sign-in. */
export function ConfirmIdentityDialog() {
  const question = useSyncExternalStore(confirmationStore.subscribe, confirmationStore.read);
  return (
    <Suspense fallback={null}>{question && <IdentityConfirmation onAnswer={question.answer} />}</Suspense>
  );
}
