/**
 * Evaluation protocols: there is one in each file, and it has the id that papers' tables carry. The first protocol that defines
 * a prompts name says what the name means.
 */
import type { Protocol } from "../api.ts";
import { metrics } from "../metrics/index.ts";
import { apDetectorSamiou } from "./ap/apDetectorSamiou.ts";
import { apGtbox } from "./ap/apGtbox.ts";
import { apVitdetArgmax } from "./ap/apVitdetArgmax.ts";
import { apVitdetBoxiou } from "./ap/apVitdetBoxiou.ts";
import { apVitdetNorefine } from "./ap/apVitdetNorefine.ts";
import { apVitdetRefine } from "./ap/apVitdetRefine.ts";
import type { ScoreBook } from "./book.ts";
import { comPoint } from "./comPoint.ts";
import { edgesam } from "./edgesam.ts";
import { anythingAr1000, anythingAr1000Single } from "./everything/anythingAr1000.ts";
import { anythingDefault, anythingDefaultCrops } from "./everything/anythingDefault.ts";
import { anythingFastSam } from "./everything/anythingFastSam.ts";
import { anythingMobileSamV2 } from "./everything/anythingMobileSamV2.ts";
import { anythingSa1b } from "./everything/anythingSa1b.ts";
import { anythingTinySam } from "./everything/anythingTinySam.ts";
import { gtbox } from "./gtbox.ts";
import { gtboxArgmax } from "./gtboxArgmax.ts";
import { noc } from "./noc.ts";
import { type PlannedPrompts, type PromptFlags, planPrompts, protocolIn } from "./plan.ts";
import { pointsDt } from "./pointsDt.ts";
import { randomPointsMiou } from "./randomPoints.ts";
import { ritmClicks } from "./ritmClicks.ts";
import { sam2Clicks } from "./sam2Clicks.ts";

export { type Judgement, judgementOf, metricsOf, type ScoreBook } from "./book.ts";
export { misfitOf, requireFit } from "./fit.ts";
export {
  needsOf,
  type PlannedPass,
  type PlannedPrompts,
  type PromptFlags,
  passesOf,
  promptsOf,
} from "./plan.ts";

export const protocols: readonly Protocol[] = [
  gtboxArgmax,
  randomPointsMiou,
  pointsDt,
  ritmClicks,
  sam2Clicks,
  noc,
  comPoint,
  edgesam,
  gtbox,
  apVitdetRefine,
  apVitdetArgmax,
  apVitdetBoxiou,
  apVitdetNorefine,
  apDetectorSamiou,
  apGtbox,
  anythingAr1000,
  anythingAr1000Single,
  anythingDefault,
  anythingDefaultCrops,
  anythingSa1b,
  anythingMobileSamV2,
  anythingTinySam,
  anythingFastSam,
];

/** The protocols and metrics of the project itself. */
export const ownBook: ScoreBook = { protocols, metrics };

/** Returns the protocol of an id. Throws HarnessError with the nearest id. */
export function protocolOf(id: string, book: ScoreBook = ownBook): Protocol {
  return protocolIn(book.protocols, id);
}

/**
 * Returns what `--prompts` and `--protocol` ask for, in the order given. Throws HarnessError for names that no protocol
 * defines.
 */
export function promptPlan(flags: PromptFlags, book: ScoreBook = ownBook): readonly PlannedPrompts[] {
  return planPrompts(book.protocols, flags);
}
