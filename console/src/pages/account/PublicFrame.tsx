import { Skeleton, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import { LensMark } from "../../components/LensMark.tsx";
import { useTitle } from "../../components/use-title.ts";
import classes from "./PublicFrame.module.css";

/** The frame of the pages before sign-in. */
export function PublicFrame({
  title,
  text,
  children,
}: {
  title: string;
  text?: string;
  children: ReactNode;
}) {
  useTitle(title);
  return (
    <main className={classes.page}>
      <div className={classes.frame}>
        <div className={classes.brand}>
          <LensMark size={28} />
          AttackLens
        </div>
        <div className={classes.card}>
          <h1 className={classes.title}>{title}</h1>
          {text && <p className={classes.text}>{text}</p>}
          <div className={classes.content}>{children}</div>
        </div>
      </div>
    </main>
  );
}

/** While a page before sign-in loads. */
export function PublicSkeleton() {
  return (
    <PublicFrame title="Loading">
      <Stack gap="md" role="status" aria-label="Loading">
        <Skeleton height={32} />
        <Skeleton height={32} />
      </Stack>
    </PublicFrame>
  );
}
