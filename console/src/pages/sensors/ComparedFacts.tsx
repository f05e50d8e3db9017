import type { ComparedFact } from "@attacklens/protocol/compared-facts.ts";
import { Status } from "../../ui/Status.tsx";
import classes from "./ComparedFacts.module.css";
import { type SensorMatch, verdictOn } from "./match-words.ts";

/**
 * The facts of the previous host and of this one, and which of them are evidence that both are the same host.
 */
export function ComparedFacts({ match }: { match: SensorMatch }) {
  const { facts, sensor } = match;
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col" className={classes.fact}>
            Fact
          </th>
          <th scope="col">Before ({sensor.name})</th>
          <th scope="col">Now</th>
          <th scope="col" className={classes.compared}>
            Compared
          </th>
          <th scope="col" className={classes.evidence}>
            Evidence
          </th>
        </tr>
      </thead>
      <tbody>
        {facts.map((fact) => {
          const { name, compared, color, evidence } = verdictOn(fact);
          return (
            <tr key={fact.kind}>
              <th scope="row">{name}</th>
              <Value fact={fact} text={fact.before} label="Before" />
              <Value fact={fact} text={fact.now} label="Now" />
              <td className={classes.verdict}>
                <Status color={color}>{compared}</Status>
              </td>
              <td className={color === "gray" ? "quiet" : undefined} data-label="Evidence">
                {evidence}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Value({ fact, text, label }: { fact: ComparedFact; text: string | null; label: string }) {
  const looks = text === null ? "quiet" : fact.kind === "operating-system" ? undefined : "mono";
  return (
    <td className={looks} data-label={label}>
      {text ?? "–"}
    </td>
  );
}
