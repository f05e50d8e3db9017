import classes from "./Status.module.css";

export type StatusColor = "green" | "yellow" | "red" | "gray";

/** A dot and a word: never colour alone. */
export function Status({ color, children }: { color: StatusColor; children: string }) {
  return (
    <span className={classes.status}>
      <span className={classes.dot} data-color={color} aria-hidden="true" />
      {children}
    </span>
  );
}
