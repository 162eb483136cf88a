/** The settings of every session, in Node and in web pages; the manifest records them. */
export const sessionSettings = { optimisation: "all", spinning: false, executionMode: "sequential" } as const;
