// News for every node at once: bans, the shield, whatever must not wait until somebody asks. It
// keeps nothing: a node that starts later reads the state where it is kept, and so does one that is
// told that it missed something.

/** News of one channel, by name; each name has one meaning. */
export type FanOut = {
  /** To every node that is up, this one included (at once), each message once and in order. */
  publish(channelId: string, name: string, bytes: Uint8Array): void;
  /** Runs for messages of this name from here and elsewhere. */
  onPublished(name: string, run: (channelId: string, bytes: Uint8Array) => void): void;
  /** Messages of another node were lost: read the state anew. */
  onMissed(run: () => void): void;
};

export class LocalFanOut implements FanOut {
  readonly #readers = new Map<string, ((channelId: string, bytes: Uint8Array) => void)[]>();
  readonly #missed: (() => void)[] = [];
  readonly #tellOthers: (channelId: string, name: string, bytes: Uint8Array) => void;

  /** @param tellOthers nothing to do for a relay without other nodes */
  constructor(tellOthers: (channelId: string, name: string, bytes: Uint8Array) => void = () => {}) {
    this.#tellOthers = tellOthers;
  }

  publish(channelId: string, name: string, bytes: Uint8Array): void {
    this.heard(channelId, name, bytes);
    this.#tellOthers(channelId, name, bytes);
  }

  onPublished(name: string, run: (channelId: string, bytes: Uint8Array) => void): void {
    this.#readers.set(name, [...(this.#readers.get(name) ?? []), run]);
  }

  onMissed(run: () => void): void {
    this.#missed.push(run);
  }

  /** Another node published this. */
  heard(channelId: string, name: string, bytes: Uint8Array): void {
    for (const run of this.#readers.get(name) ?? []) run(channelId, bytes);
  }

  missed(): void {
    for (const run of this.#missed) run();
  }
}
