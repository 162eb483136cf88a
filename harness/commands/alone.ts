import { resolve } from "node:path";
import { homeFolder } from "../home.ts";
import { loadRegistry } from "../plan/plugins/registry.ts";
import { surroundings } from "../plan/surroundings.ts";
import { listRuns } from "../store/manifest.ts";
import { type Console, line, widthOf } from "./terminal/command.ts";
import { resultsOption } from "./terminal/runChoice.ts";
import { nextSteps, nextStepsText } from "./text/fromHere.ts";

const defaults = { width: 80 };

/** Says what to do next from what is here, for `bench` without a command on a terminal. Returns the exit code. */
export async function alone(console: Console, folder = process.cwd()): Promise<number> {
  const found = await surroundings(await loadRegistry(), { folder, home: homeFolder() });
  const listings = await listRuns(resolve(folder, resultsOption.default as string));
  const runs = listings.flatMap((each) => (each.state === "readable" ? [each.manifest] : []));
  line(console, nextStepsText(nextSteps(runs, found), widthOf(console).width ?? defaults.width));
  return 0;
}
