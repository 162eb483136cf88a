import type { Command } from "../commands/command.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { mask } from "./mask.ts";
import { score } from "./score.ts";

export const benchmarks: readonly Command[] = [encode, decode, mask, score];
