import { answerQuestions } from "./channel.ts";
import type { PageLoaders } from "./loaders.ts";
import { pageAnswers } from "./model.ts";
import { scope } from "./scope.ts";

/** Answers for one model in a page's worker, whose name is the time at which the page was asked for, in ms since 1970. */
export function serve(loaders: PageLoaders): void {
  answerQuestions(pageAnswers(loaders, Number(scope.name))).catch((error: unknown) => {
    // Nobody waits for this promise: the page's own script says that the worker gave up.
    setTimeout(() => {
      throw error;
    });
  });
}
