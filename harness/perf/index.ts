import type { Command } from "../commands/command.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";

export const benchmarks: readonly Command[] = [encode, decode];
