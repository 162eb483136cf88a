// Runs a graph once on a provider, in a process that may crash or never end: a thread of its own ends it when the time is over,
// which also holds when the parent is gone.
import { Worker } from "node:worker_threads";
import { load } from "../load.mjs";

new Worker("setTimeout(() => process.kill(process.pid, 'SIGKILL'), require('node:worker_threads').workerData)", {
  eval: true,
  workerData: Number(process.argv[2]),
}).unref();
const { openSession } = await load("onnx/session.ts");
process.once("message", async ({ file, feeds, wanted, provider }) => {
  try {
    const session = await openSession(file, { provider, threads: 1, optimisation: "disabled" });
    process.send({ outputs: await session.run(feeds, wanted) }, () => process.exit());
  } catch (error) {
    process.send({ message: error.message, hint: error.hint }, () => process.exit());
  }
});
