// The texts beside the journal on their way upstream: they travel with the batch whose rows name
// them, and what was erased here is erased there. Erasures are told until the relay confirms them;
// a relay that is away hears of them when it comes back.

import type { Logger } from '../../core/base/logger.ts';
import { type JournalTextBytes, textsNamedIn } from '../../core/ledger/texts.ts';
import type { JournalText } from '../../core/wire/gen/facts_pb.js';
import type { LedgerClient } from '../ledger/client.ts';
import type { StudioSocket } from './studioSocket.ts';

/** Erasures of one message; the relay takes as many. */
const ERASURES_MAX = 500;

/** What the copies need of the ledger. */
export type TextSource = {
  /** Those of these hashes that are kept here. */
  textsOf(hashes: readonly string[]): Promise<readonly JournalTextBytes[]>;
  /** Hashes of erased texts that the relay has not confirmed. */
  erasuresUntold(limit: number): Promise<readonly string[]>;
  erasuresTold(hashes: readonly string[]): Promise<void>;
  /** Runs when the ledger came back: it may have erased something meanwhile. */
  onConnected(run: () => void): void;
};

/**
 * The texts that rows name, as they go out with them.
 *
 * @throws what the ledger throws
 */
export async function textsFor(
  source: TextSource | undefined,
  rows: readonly { body: Uint8Array }[],
): Promise<JournalText[]> {
  const named = source ? textsNamedIn(rows) : [];
  if (!source || named.length === 0) return [];
  const texts = await source.textsOf(named);
  return texts.map(({ hash, salt, text }) => ({
    $typeName: 'morphine.facts.v1.JournalText',
    hash,
    salt: new Uint8Array(salt),
    text,
  }));
}

/** Tells the relay of erasures, at every registration and whenever the ledger comes back. */
export function tellErasures(options: {
  socket: StudioSocket;
  texts: TextSource;
  logger: Logger;
}): () => void {
  const { socket, texts, logger } = options;
  const tell = () => {
    if (!socket.registered) return;
    texts
      .erasuresUntold(ERASURES_MAX)
      .then((hashes) => hashes.length > 0 && socket.eraseTexts(hashes))
      // The ledger is away; it is asked again when it is back.
      .catch(() => {});
  };
  const stops = [
    socket.onRegistered(tell),
    socket.onTextsErased((hashes) => {
      logger.info('the relay erased texts', { count: hashes.length });
      texts
        .erasuresTold(hashes)
        .then(() => hashes.length > 0 && tell())
        // Told once more later: the relay erases nothing twice.
        .catch(() => {});
    }),
  ];
  texts.onConnected(tell);
  tell();
  return () => {
    for (const stop of stops) stop();
  };
}

/** The ledger's texts as the upstream copy asks for them. */
export function textSourceOf(ledger: LedgerClient): TextSource {
  return {
    async textsOf(hashes) {
      const { texts } = await ledger.texts({ hashes: [...hashes] });
      return texts.map(({ hash, salt, text }) => ({ hash, salt: Buffer.from(salt, 'hex'), text }));
    },
    erasuresUntold: async (limit) => (await ledger.erasuresUntold({ limit })).hashes,
    async erasuresTold(hashes) {
      await ledger.erasuresTold({ hashes: [...hashes] });
    },
    onConnected: (run) => ledger.onConnected(run),
  };
}
