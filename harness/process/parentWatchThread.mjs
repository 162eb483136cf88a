import { Socket } from "node:net";
import { watchedPipe } from "./parentWatch.mjs";

const pipe = new Socket({ fd: watchedPipe, readable: true, writable: false });
for (const event of ["end", "close", "error"]) pipe.once(event, () => process.kill(process.pid, "SIGKILL"));
pipe.resume();
