import type { Block, CodeBlock } from "@attacklens/protocol/deploy-guides/guide.ts";
import { CopyButton } from "../ui/CopyButton.tsx";
import classes from "./GuideBlocks.module.css";
import { GuideText } from "./GuideText.tsx";

/** The content of a section of a guide. Steps are numbered. */
export function GuideBlocks({ blocks }: { blocks: readonly Block[] }) {
  const steps = blocks.filter(({ kind }) => kind === "step");
  return (
    <div className={classes.blocks}>
      {blocks.map((block, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the blocks of a guide never change their order
        <GuideBlock key={index} block={block} number={steps.indexOf(block) + 1} />
      ))}
    </div>
  );
}

function GuideBlock({ block, number }: { block: Block; number: number }) {
  switch (block.kind) {
    case "paragraph":
      return (
        <p className={classes.paragraph}>
          <GuideText text={block.text} />
        </p>
      );
    case "list":
      return (
        <ul className={classes.list}>
          {block.items.map((item) => (
            <li key={item}>
              <GuideText text={item} />
            </li>
          ))}
        </ul>
      );
    case "table":
      return <GuideTable head={block.head} rows={block.rows} />;
    case "code":
      return <GuideCode block={block} />;
    case "step":
      return (
        <section className={classes.step}>
          <h3 className={classes.stepTitle}>
            <span className={classes.number}>{number}</span>
            {block.title}
          </h3>
          <div className={classes.stepBody}>
            <GuideBlocks blocks={block.blocks} />
          </div>
        </section>
      );
  }
}

function GuideTable({ head, rows }: { head: readonly string[]; rows: readonly (readonly string[])[] }) {
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          {head.map((label) => (
            <th key={label} scope="col">
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.join("|")}>
            {row.map((cell, column) => (
              <td key={head[column]} data-label={head[column]}>
                <GuideText text={cell} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function GuideCode({ block }: { block: CodeBlock }) {
  const { title, text, where, file, replace = [], language } = block;
  const isOutput = language === "text";
  return (
    <figure className={classes.code}>
      <figcaption className={classes.caption}>
        <span className={classes.captionWords}>
          <span className={classes.captionTitle}>{title}</span>
          <span className={classes.where}>
            {file && (
              <>
                <code>{file}</code>,{" "}
              </>
            )}
            <GuideText text={where} />
          </span>
        </span>
        {!isOutput && <CopyButton value={text.trimEnd()} label={title} isSmall />}
      </figcaption>
      <pre className={classes.text} data-output={isOutput || undefined}>
        <code>{text.trimEnd()}</code>
      </pre>
      {replace.length > 0 && (
        <p className={classes.replace}>
          Replace{" "}
          {replace.map((one, index) => (
            <span key={one.text}>
              {index > 0 && ", and "}
              <code>{one.text}</code> with {one.by}
            </span>
          ))}
          .
        </p>
      )}
    </figure>
  );
}
