import type { ReactNode } from "react";

/** The part of a detail page that scrolls when it is long. */
export function PageBody({ children }: { children: ReactNode }) {
  return <div style={{ padding: "0 32px 32px" }}>{children}</div>;
}
