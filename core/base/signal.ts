// One kind of signal with any number of listeners. A listener that throws is a fault of ours and
// is let through: hiding it would lose a fact.

/** Adds a listener; the returned function removes it. */
export type Subscribe<Args extends unknown[]> = (run: (...args: Args) => void) => () => void;

export type Signal<Args extends unknown[]> = {
  subscribe: Subscribe<Args>;
  emit(...args: Args): void;
};

/** Makes a signal without listeners. */
export function createSignal<Args extends unknown[]>(): Signal<Args> {
  const listeners = new Set<(...args: Args) => void>();
  return {
    subscribe(run) {
      listeners.add(run);
      return () => listeners.delete(run);
    },
    emit(...args) {
      for (const run of [...listeners]) run(...args);
    },
  };
}
