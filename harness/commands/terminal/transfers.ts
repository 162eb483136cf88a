import type { PullOptions } from "../../pull/index.ts";
import type { Console } from "./command.ts";
import { createSteps } from "./steps.ts";

/** Shows a line of progress in megabytes, then one in files where an archive is unpacked. */
export function followTransfers(console: Console) {
  const { follow, note, finish } = createSteps(console);
  return {
    notice: note,
    finish,
    progress(id: string, ...[step, done, total]: Parameters<PullOptions["progress"]>) {
      if (step === "unpack") {
        follow(`${id} ${step}`, { total, unit: "files" }).update(done, `${id}, unpacking`);
        return;
      }
      const known = total === undefined ? undefined : total / 1e6;
      follow(`${id} ${step}`, { total: known, unit: "MB", from: done / 1e6 }).update(done / 1e6, id);
    },
  };
}
