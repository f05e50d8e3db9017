import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import classes from "./SystemPage.module.css";
import { licensesQuery } from "./system-queries.ts";

/** The licenses of third-party software. They are long, so they load when the user opens them. */
export function Licenses() {
  const [isOpen, setOpen] = useState(false);
  const { data, error } = useQuery({ ...licensesQuery, enabled: isOpen });
  return (
    <details className={classes.licenses} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>Licenses of third-party software</summary>
      {data ? (
        <ul>
          {data.items.map(({ name, version, license, text }) => (
            <li key={`${name} ${version}`}>
              {text ? (
                <details>
                  <summary>
                    {name} {version} <span className="quiet">{license}</span>
                  </summary>
                  {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keyboard users must be able to scroll it */}
                  <pre tabIndex={0}>{text}</pre>
                </details>
              ) : (
                <>
                  {name} {version} <span className="quiet">{license}</span>
                </>
              )}
            </li>
          ))}
        </ul>
      ) : (
        <p className="quiet">{error ? "The licenses cannot be loaded now." : "Loading…"}</p>
      )}
    </details>
  );
}
