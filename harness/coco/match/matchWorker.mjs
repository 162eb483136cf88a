// The second thread of evaluateFiles: TypeScript as it is, as everywhere.
import { register } from "tsx/esm/api";

register();
const { serve } = await import("./matchWorker.ts");
serve();
