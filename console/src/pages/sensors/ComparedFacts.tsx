import type { ComparedFact } from "@attacklens/protocol/compared-facts.ts";
import { Status } from "../../ui/Status.tsx";
import classes from "./ComparedFacts.module.css";
import { type SensorMatch, verdictOn } from "./match-words.ts";

/** What the silent sensor's host told beside what this one tells, and what of it is evidence that they are one machine. */
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
              <Value fact={fact} text={fact.before} />
              <Value fact={fact} text={fact.now} />
              <td>
                <Status color={color}>{compared}</Status>
              </td>
              <td className={color === "gray" ? "quiet" : undefined}>{evidence}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Value({ fact, text }: { fact: ComparedFact; text: string | null }) {
  if (text === null) return <td className="quiet">–</td>;
  return <td className={fact.kind === "operating-system" ? undefined : "mono"}>{text}</td>;
}
