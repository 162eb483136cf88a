// Opens a graph on one provider after the other, in a process of its own: their libraries print to the terminal, and may crash.
import { load } from "../load.mjs";

const { openSession } = await load("onnx/session.ts");
const [file, ...providers] = process.argv.slice(2);
for (const name of providers) process.send(await stateOf(name));
process.disconnect();

async function stateOf(name) {
  try {
    await (await openSession(file, { provider: name, threads: 1 })).close();
    return { name, usable: true };
  } catch (error) {
    return { name, usable: false, problem: error.hint ?? error.message };
  }
}
