import { limits } from "../../../limits.ts";
import { type Message, MessageReader, messageBytes } from "../../../process/external/messages.ts";
import { describedError } from "./pageError.ts";
import { scope, type WorkerSocket } from "./scope.ts";

export interface Answer {
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly frames?: readonly Uint8Array[];
}

/** Functions that answer questions, by the names of their calls. */
export type PageAnswers = Readonly<Record<string, (question: Message) => Promise<Answer>>>;

/** Answers the harness's questions, one at a time, until the page is closed. Rejects where what comes is no question. */
export function answerQuestions(answers: PageAnswers): Promise<never> {
  return new Promise((_, reject) => {
    const address = new URL("questions", scope.location.href.replace(/^http/, "ws"));
    const socket = new scope.WebSocket(address.href);
    socket.binaryType = "arraybuffer";
    let reader = new MessageReader(() => undefined);
    const answer = async (bytes: Uint8Array) => {
      const question = reader.take(bytes);
      if (question === undefined) return;
      reader = new MessageReader(() => undefined);
      for (const piece of messageBytes(await answered(question, answers))) sendInPieces(socket, piece);
    };
    socket.onmessage = ({ data }) => void answer(new Uint8Array(data)).catch(reject);
  });
}

/** The harness refuses a message that is longer. Short ones are also faster: what is sent is read while the rest is on its way. */
function sendInPieces(socket: Pick<WorkerSocket, "send">, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += limits.pageMessageBytes)
    socket.send(bytes.subarray(at, at + limits.pageMessageBytes));
}

async function answered(question: Message, answers: PageAnswers): Promise<Message> {
  const { id, call } = question.fields;
  const answer = answers[String(call)];
  try {
    if (answer === undefined) throw new Error("the page knows no such call");
    const { fields, frames = [] } = await answer(question);
    return { fields: { ...fields, id, ok: true }, frames };
  } catch (error) {
    return { fields: { id, ok: false, ...describedError(error) }, frames: [] };
  }
}
