import { HarnessError } from "../../errors.ts";

/** A foreign process that is gone, or that can not be understood any more and was ended. */
export class ExternalEnded extends HarnessError {
  /** A signal, an exit code, or what it did wrong, with what it printed last. */
  readonly ended: string;

  constructor(variant: string, reason: string) {
    super(`${variant}: its own process ended (${reason})`);
    this.ended = reason;
  }
}
