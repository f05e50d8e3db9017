import classes from "./Status.module.css";

export type StatusColor = "green" | "yellow" | "red" | "gray";

/** A colored dot and a word. Color alone is not accessible. */
export function Status({ color, children }: { color: StatusColor; children: string }) {
  return (
    <span className={classes.status}>
      <span className={classes.dot} data-color={color} aria-hidden="true" />
      {children}
    </span>
  );
}
