import type { Guide, Section, SectionId } from "@attacklens/protocol/deploy-guides/guide.ts";
import { useState } from "react";
import { GuideBlocks } from "../../components/GuideBlocks.tsx";
import classes from "./GuideArticle.module.css";

/** Long tables, which most readers do not need. */
const FOLDED: readonly SectionId[] = ["machine", "collected", "troubleshooting"];

/** A guide with its table of contents. */
export function GuideArticle({ guide }: { guide: Guide }) {
  const [open, setOpen] = useState<ReadonlySet<SectionId>>(new Set());
  const fold = (id: SectionId, isOpen: boolean) =>
    setOpen((before) => {
      if (before.has(id) === isOpen) return before;
      const after = new Set(before);
      if (isOpen) after.add(id);
      else after.delete(id);
      return after;
    });
  return (
    <article className={classes.article} aria-labelledby="guide-title">
      <div className={classes.body}>
        <h2 id="guide-title" className={classes.title}>
          {guide.title}
        </h2>
        <p className={classes.summary}>{guide.summary}</p>
        {guide.sections.map((section) =>
          FOLDED.includes(section.id) ? (
            <details
              key={section.id}
              id={anchorOf(section)}
              className={classes.section}
              open={open.has(section.id)}
              onToggle={(event) => fold(section.id, event.currentTarget.open)}
            >
              <summary className={classes.summaryLine}>
                <h3 className={classes.heading}>{section.title}</h3>
              </summary>
              <GuideBlocks blocks={section.blocks} />
            </details>
          ) : (
            <section key={section.id} id={anchorOf(section)} className={classes.section}>
              <h3 className={classes.heading}>{section.title}</h3>
              <GuideBlocks blocks={section.blocks} />
            </section>
          ),
        )}
      </div>
      <nav className={classes.contents} aria-label="Contents of the guide">
        <ul>
          {guide.sections.map((section) => (
            <li key={section.id}>
              <a
                href={`#${anchorOf(section)}`}
                onClick={(event) => {
                  event.preventDefault();
                  fold(section.id, true);
                  document.getElementById(anchorOf(section))?.scrollIntoView({ block: "start" });
                }}
              >
                {section.title}
              </a>
            </li>
          ))}
        </ul>
      </nav>
    </article>
  );
}

const anchorOf = ({ id }: Section) => `guide-${id}`;
