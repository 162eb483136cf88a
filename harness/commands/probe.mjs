// Opens a graph on one provider, in a process of its own: a provider's libraries print to the terminal, and may crash.
import { register } from "tsx/esm/api";

register();
const { openSession } = await import("../onnx/session.ts");
const [file, provider] = process.argv.slice(2);
try {
  await (await openSession(file, { provider, threads: 1 })).close();
  process.send({ usable: true });
} catch (error) {
  process.send({ usable: false, problem: error.hint ?? error.message });
}
