// The second thread of exchangedFigures.
import { workerData } from "node:worker_threads";
import { load } from "../../../load.mjs";

const { takeBlocks } = await load("coco/match/exchange/exchangeBlocks.ts");
takeBlocks(workerData);
