// ALL_KILLS=1 kills at each call and at each state, which takes minutes; without it tests kill at some of them.

export const ALL_KILLS = process.env.ALL_KILLS === "1";
