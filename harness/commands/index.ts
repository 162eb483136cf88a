import type { Command } from "./command.ts";
import { inspect } from "./inspect.ts";
import { list } from "./list.ts";
import { run } from "./run.ts";
import { verify } from "./verify.ts";

export type { Command, Console } from "./command.ts";

/** In the order of `bench --help`. */
export const commands: readonly Command[] = [run, list, inspect, verify];
