import type { ReactNode } from "react";

/** The part of a detail page that scrolls when it is long. */
export function PageBody({ children, spaced = false }: { children: ReactNode; spaced?: boolean }) {
  return <div style={{ padding: spaced ? "12px 32px 32px" : "0 32px 32px" }}>{children}</div>;
}
