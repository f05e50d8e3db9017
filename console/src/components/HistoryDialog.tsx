// The history of an object without a page.
import { useInfiniteQuery } from "@tanstack/react-query";
import { type NavigateOptions, useNavigate } from "@tanstack/react-router";
import { Dialog } from "../ui/Dialog.tsx";
import { HistoryTable, historyOf } from "./HistoryTable.tsx";

interface HistoryDialogProps {
  type: Parameters<typeof historyOf>[0];
  id: string;
  /** The list of such objects. */
  list: NavigateOptions;
}

export function HistoryDialog({ type, id, list }: HistoryDialogProps) {
  const navigate = useNavigate();
  const query = historyOf(type, id);
  const name = useInfiniteQuery(query).data?.pages[0]?.items[0]?.entity.name;
  return (
    <Dialog
      title={name === undefined ? "History" : `History of ${name}`}
      size={760}
      onDismiss={() => void navigate({ ...list, search: true, replace: true })}
      withCloseButton
    >
      <HistoryTable query={query} />
    </Dialog>
  );
}
