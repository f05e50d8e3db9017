// A link that works once, used again after a lost reply.
import { type Account, signIn } from "@attacklens/protocol/account.ts";
import { useRef } from "react";
import { callApi, problemOf } from "../../api.ts";

interface Attempt {
  call: () => Promise<Account>;
  /** What the link set, if it was used. */
  email: string;
  password: string;
}

/**
 * Returns a function that uses a link. If the reply to an earlier attempt was lost, the link may be used up,
 * so the function signs in with the same password. `usedCode`: the problem of a link that is used up.
 */
export function useOnceOnly(usedCode: string) {
  const isUnknown = useRef(false);
  return async ({ call, email, password }: Attempt): Promise<Account> => {
    try {
      return await call();
    } catch (error) {
      const { code, status } = problemOf(error);
      if (status >= 500) isUnknown.current = true;
      if (code !== usedCode || !isUnknown.current) throw error;
      const result = await callApi(signIn, { body: { email, password } }).catch(() => undefined);
      if (!result || "secondFactor" in result) throw error;
      return result;
    }
  };
}
