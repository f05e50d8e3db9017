import { IconChevronRight, IconCircleCheck } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { TextLink } from "../../components/links.tsx";
import { refreshMs } from "../../queries.ts";
import { formatCount } from "../../ui/numbers.ts";
import { attentionItems } from "./attention.ts";
import classes from "./OverviewPage.module.css";
import { overviewQuery } from "./overview-queries.ts";
import { Panel } from "./Panel.tsx";

/** One list of what an operator should look at. */
export function NeedsAttention() {
  const query = useQuery({ ...overviewQuery, refetchInterval: refreshMs });
  return (
    <Panel title="Needs attention" query={query}>
      {(overview) => {
        const items = attentionItems(overview);
        if (items.length === 0)
          return (
            <p className={classes.calm}>
              <IconCircleCheck size={18} aria-hidden="true" />
              Nothing needs attention.
            </p>
          );
        return (
          <ul className={classes.items}>
            {items.map(({ count, text, link }) => (
              <li key={text}>
                <TextLink {...link} underline="never" c="inherit" className={classes.item}>
                  <span className={classes.number}>{formatCount(count)}</span>{" "}
                  <span className={classes.sentence}>{text}</span>
                  <IconChevronRight size={16} aria-hidden="true" className={classes.arrow} />
                </TextLink>
              </li>
            ))}
          </ul>
        );
      }}
    </Panel>
  );
}
