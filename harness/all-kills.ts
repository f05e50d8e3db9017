// ALL_KILLS=1 makes tests kill at each call, from each state and with all hosts, which takes minutes; without it at some, with few.

export const ALL_KILLS = process.env.ALL_KILLS === "1";
