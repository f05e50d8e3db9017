// Some requests need a recent sign-in. This asks the user to confirm their identity, and lets the request
// wait for the answer, so that the page keeps what was typed. Requests that wait at the same time share one
// dialog.

interface Question {
  answer: (isConfirmed: boolean) => void;
}

let question: (Question & { answered: Promise<boolean> }) | undefined;
const listeners = new Set<() => void>();

/** Resolves to true when the user has confirmed, and to false when they closed the dialog. */
export async function requestConfirmation(): Promise<boolean> {
  if (!question) {
    const { promise: answered, resolve } = Promise.withResolvers<boolean>();
    question = { answer: settle, answered };
    function settle(isConfirmed: boolean) {
      question = undefined;
      resolve(isConfirmed);
      for (const listener of listeners) listener();
    }
    for (const listener of listeners) listener();
  }
  return await question.answered;
}

/** For `useSyncExternalStore`: the question that waits for an answer. */
export const confirmationStore = {
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  read: (): Question | undefined => question,
};
