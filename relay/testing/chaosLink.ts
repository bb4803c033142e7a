// For tests only: a link between studio and relay that drops a fifth of the journal's messages,
// doubles a fifth, lets a fifth overtake each other, in both directions, and is cut again and
// again. Everything else passes in order, so that only the journal has to stand it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fromBinary } from '@bufbuild/protobuf';
import { realTimers } from '../../core/base/clock.ts';
import { FromStudioSchema, ToStudioSchema } from '../../core/wire/gen/facts_pb.js';
import { createUpgradeServer, type FactsSocket } from '../webSocket.ts';

/** Of a hundred messages; each message has one fate. */
const DROPPED_PERCENT = 20;
const DOUBLED_PERCENT = 20;
const OVERTAKEN_PERCENT = 20;
/** A message that waits to be overtaken comes all the same when nothing follows, ms. */
const OVERTAKEN_MS_MAX = 15;
const MESSAGE_BYTES_MAX = 1024 * 1024;

export type ChaosLink = {
  readonly url: string;
  readonly counters: {
    passed: number;
    dropped: number;
    doubled: number;
    overtaken: number;
    cuts: number;
  };
  close(): void;
};

/** Numbers from a seed, the same on every machine. */
export function seededBelow(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/**
 * Starts the link in front of a relay.
 *
 * @param options.cuts how often it is cut, each time after `batchesPerCut` batches came through
 */
export async function startChaosLink(options: {
  relayUrl: string;
  seed: number;
  cuts: number;
  batchesPerCut: number;
}): Promise<ChaosLink> {
  const below = seededBelow(options.seed);
  const counters = { passed: 0, dropped: 0, doubled: 0, overtaken: 0, cuts: 0 };
  const server = createServer();
  const upgrades = createUpgradeServer(realTimers, MESSAGE_BYTES_MAX);
  let batches = 0;

  function lane(isJournal: (bytes: Uint8Array) => boolean, send: (bytes: Uint8Array) => void) {
    const held: Uint8Array[] = [];
    const release = () => {
      for (const bytes of held.splice(0)) send(bytes);
    };
    return (bytes: Uint8Array) => {
      if (!isJournal(bytes)) return send(bytes);
      const fate = below(100);
      if (fate < DROPPED_PERCENT) {
        counters.dropped++;
        return;
      }
      if (fate >= 100 - OVERTAKEN_PERCENT) {
        counters.overtaken++;
        held.push(bytes);
        setTimeout(release, OVERTAKEN_MS_MAX);
        return;
      }
      counters.passed++;
      send(bytes);
      if (fate < DROPPED_PERCENT + DOUBLED_PERCENT) {
        counters.doubled++;
        send(bytes);
      }
      release();
    };
  }

  function join(studio: FactsSocket): void {
    const relay = new WebSocket(`${options.relayUrl.replace(/^http/, 'ws')}/studio`);
    relay.binaryType = 'arraybuffer';
    const cut = () => {
      studio.terminate();
      relay.close();
    };
    const toRelay = lane(isBatch, (bytes) => {
      if (relay.readyState === WebSocket.OPEN) relay.send(new Uint8Array(bytes));
    });
    const toStudio = lane(isAnswer, (bytes) => studio.send(bytes));
    studio.onMessage((bytes) => {
      if (isBatch(bytes) && ++batches >= options.batchesPerCut && counters.cuts < options.cuts) {
        batches = 0;
        counters.cuts++;
        cut();
        return;
      }
      toRelay(bytes);
    });
    // The relay speaks first, so its socket is open before the studio has anything to say.
    relay.addEventListener('message', ({ data }) => toStudio(new Uint8Array(data as ArrayBuffer)));
    relay.addEventListener('close', () => studio.terminate());
    studio.onClose(() => relay.close());
  }

  server.on('upgrade', (request, stream, head) => upgrades.accept(request, stream, head, join));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    counters,
    close() {
      upgrades.close();
      server.close();
      server.closeAllConnections();
    },
  };
}

function isBatch(bytes: Uint8Array): boolean {
  return fromBinary(FromStudioSchema, bytes).message.case === 'journalBatch';
}

function isAnswer(bytes: Uint8Array): boolean {
  const { case: name } = fromBinary(ToStudioSchema, bytes).message;
  return name === 'journalAck' || name === 'journalRefused';
}
