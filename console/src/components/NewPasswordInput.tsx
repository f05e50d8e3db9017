import { PASSWORD_LENGTH } from "@attacklens/protocol/account.ts";
import { PasswordInput, type PasswordInputProps } from "@mantine/core";
import { useEffect, useState } from "react";
import classes from "./NewPasswordInput.module.css";

interface NewPasswordInputProps extends PasswordInputProps {
  /** The user's name and email. In a password, they are easy to guess. */
  known: readonly string[];
}

/** Typed text is judged when the user pauses. */
const PAUSE_MS = 150;
const MAX_JUDGED = 50;

/** zxcvbn's score. The server accepts the last two. */
const STRENGTHS = [
  { label: "Very weak", fill: "weak" },
  { label: "Weak", fill: "weak" },
  { label: "Too easy to guess", fill: "middling" },
  { label: "Good", fill: "strong" },
  { label: "Strong", fill: "strong" },
] as const;

/** The field for a new password, with its strength. The server decides whether it accepts the password. */
export function NewPasswordInput({ known, ...props }: NewPasswordInputProps) {
  const typed = typeof props.value === "string" ? props.value : "";
  const score = useScore(typed, known.join("\n"));
  const strength = typed === "" || score === undefined ? undefined : STRENGTHS[score];
  return (
    <div>
      <PasswordInput
        autoComplete="new-password"
        description={`At least ${PASSWORD_LENGTH.min} characters. Several unrelated words work well.`}
        {...props}
      />
      <div className={classes.strength} aria-live="polite">
        {strength && (
          <>
            <span className={classes.bars} aria-hidden="true">
              {STRENGTHS.slice(1).map(({ label }, index) => (
                <span key={label} data-fill={index < Math.max(1, score ?? 0) ? strength.fill : undefined} />
              ))}
            </span>
            <span>
              <span className="visually-hidden">Password strength: </span>
              {[...typed].length < PASSWORD_LENGTH.min ? "Too short" : strength.label}
            </span>
          </>
        )}
      </div>
    </div>
  );
}

function useScore(typed: string, known: string): number | undefined {
  const [judged, setJudged] = useState<{ score: number }>();
  useEffect(() => {
    if (typed === "") return setJudged(undefined);
    let isCurrent = true;
    const timer = setTimeout(async () => {
      // Without the dictionaries, the field works and shows no strength.
      const checker = await openChecker().catch(() => undefined);
      if (!isCurrent || !checker) return;
      const words = known.split(/[^\p{L}\p{N}]+/u).filter(({ length }) => length > 2);
      setJudged({ score: checker.check(typed.slice(0, MAX_JUDGED), [...words, "attacklens"]).score });
    }, PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [typed, known]);
  return judged?.score;
}

/** Loads the dictionaries, which are larger than the rest of the console, when the user starts to type. */
async function openChecker() {
  const [core, common] = await Promise.all([import("@zxcvbn-ts/core"), import("@zxcvbn-ts/language-common")]);
  return new core.ZxcvbnFactory({ dictionary: common.dictionary, graphs: common.adjacencyGraphs });
}
