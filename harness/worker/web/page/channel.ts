import { type Message, MessageReader, messageBytes } from "../../../process/external/messages.ts";
import { describedError } from "./pageError.ts";

export interface Answer {
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly frames?: readonly Uint8Array[];
}

/** Functions that answer questions, by the names of their calls. */
export type PageAnswers = Readonly<Record<string, (question: Message) => Promise<Answer>>>;

/** Answers the harness's questions, one at a time, until the page is closed. */
export async function answerQuestions(answers: PageAnswers): Promise<never> {
  let answer: readonly Uint8Array[] = [];
  for (;;) {
    const response = await fetch("next", { method: "POST", body: new Blob([...answer]) });
    const question = messageIn(new Uint8Array(await response.arrayBuffer()));
    answer = messageBytes(await answered(question, answers));
  }
}

function messageIn(bytes: Uint8Array): Message {
  const message = new MessageReader(() => undefined).take(bytes);
  if (message === undefined) throw new Error("a question that is not whole");
  return message;
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
