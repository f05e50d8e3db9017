import { CopyIcon } from "./CopyButton.tsx";
import classes from "./CopyText.module.css";
import { shortId } from "./numbers.ts";

/**
 * An id, an address or a fingerprint with a copy button. `short` shows a short form but copies the whole
 * value.
 */
export function CopyText({ value, name, short = false }: { value: string; name: string; short?: boolean }) {
  return (
    <span className={classes.copyText}>
      <code className={classes.code} title={short ? value : undefined}>
        {short ? shortId(value) : value}
      </code>
      <CopyIcon value={value} name={name} />
    </span>
  );
}
