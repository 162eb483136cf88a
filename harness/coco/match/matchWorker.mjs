// The second thread of evaluateFiles.
import { load } from "../../load.mjs";

const { serve } = await load("coco/match/matchWorker.ts");
serve();
