import type { OpenModel, PageDescription } from "../contract.ts";
import { actionsOn } from "./actions.ts";
import { ModelPanel } from "./model/panel.ts";
import { ModelSeat } from "./model/seat.ts";
import { Turns } from "./model/turns.ts";
import { Announcer } from "./panels/announcer.ts";
import { DifferencePanel } from "./panels/difference.ts";
import { PhotoHead } from "./panels/photoHead.ts";
import { RepeatPanel } from "./panels/repeat.ts";
import { listenToTheme } from "./panels/theme.ts";
import { Tools } from "./panels/tools.ts";
import { TruthPanel } from "./panels/truth.ts";
import { ZoomButtons } from "./panels/zoom.ts";
import { Address } from "./photo/address.ts";
import { DataPhotos } from "./photo/dataPhotos.ts";
import { PhotoOpener } from "./photo/opener.ts";
import { listenForPhotos } from "./photo/sources.ts";
import { wayOf } from "./prompt/history.ts";
import { Session } from "./session.ts";
import { find } from "./words/elements.ts";

/** Starts the page: it loads the models, and shows the photo, the target and the prompt that its address names. */
export function startPage(open: OpenModel, description: PageDescription): void {
  const announcer = new Announcer();
  announcer.catchAll();
  const session = new Session();
  const turns = new Turns(navigator.hardwareConcurrency);
  const hands = { session, actions: actionsOn(session), say: announcer.say };
  const changed = () => session.touch();
  const seats = description.models.map((model) => new ModelSeat(model, { open, turns, changed }));
  const panels = seats.map((seat, i) => new ModelPanel(seat, i, hands));
  const place = find(document, "#panels", HTMLElement);
  place.dataset.count = String(panels.length);
  place.append(...panels.map(({ element }) => element));

  const opener = new PhotoOpener(session, description.photos, announcer.complain);
  const address = new Address(session, opener, announcer.complain);
  const parts: readonly { draw(): void }[] = [
    new PhotoHead(session, description.models),
    new DataPhotos(session, opener, description.photos),
    new Tools(hands, description.models),
    new ZoomButtons(hands),
    ...panels,
    new TruthPanel(session, panels),
    ...(panels.length === 2 ? [new DifferencePanel(session, panels)] : []),
    new RepeatPanel(session, panels),
    address,
  ];
  session.watch(() => {
    const { photo, history } = session.state;
    for (const seat of seats) seat.want({ photo: photo?.image, prompts: wayOf(history) });
    for (const part of parts) part.draw();
    announcer.draw(session, panels);
  });
  listenToTheme(changed);
  listenForPhotos(opener, announcer.complain);
  address.follow();
  session.touch();
}
