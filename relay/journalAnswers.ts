// What a registered studio says about its journal, and the witness's answer to it: batches, the
// next epoch, and rows that the studio lost. A store that fails answers nothing: nothing was
// applied, nothing is acknowledged, and the studio asks again.

import { textsNamedIn } from '../core/ledger/texts.ts';
import type { FromStudio, JournalBatch, ToStudio } from '../core/wire/gen/facts_pb.js';
import type { RelayRoom } from './room.ts';
import { eraseTexts, keepTexts, textsOfRows } from './witness/texts.ts';

/** Rows of one answer, and bytes of them and their texts: far below the limit of a message. */
const TAIL_ROWS_MAX = 1_000;
const TAIL_BYTES_MAX = 512 * 1024;

type About = Extract<
  FromStudio['message'],
  { case: 'journalBatch' | 'takeOver' | 'journalTailRequest' | 'eraseTexts' }
>;
type Send = (message: ToStudio['message']) => void;

/** Answers one message. Never rejects. */
export async function answerJournal(
  room: RelayRoom,
  channelId: string,
  message: About,
  send: Send,
): Promise<void> {
  try {
    if (message.case === 'journalBatch') await witness(room, channelId, message.value, send);
    else if (message.case === 'takeOver') await takeOver(room, channelId, send);
    else if (message.case === 'eraseTexts') {
      const hashes = await eraseTexts(room.witness, channelId, message.value.hashes);
      send({
        case: 'textsErased',
        value: { $typeName: 'morphine.facts.v1.EraseTexts', hashes },
      });
    } else {
      const { fromSeq, limit } = message.value;
      await sendTail(room, channelId, Number(fromSeq), limit, send);
    }
  } catch (error) {
    room.logger.error('the witness’s store failed', { reason: String(error) });
  }
}

async function witness(
  room: RelayRoom,
  channelId: string,
  batch: JournalBatch,
  send: Send,
): Promise<void> {
  await keepTexts(room.witness, channelId, batch.rows, batch.texts);
  const answer = await room.witness.apply(channelId, {
    ledgerId: batch.ledgerId,
    epoch: Number(batch.epoch),
    fromSeq: Number(batch.fromSeq),
    toSeq: Number(batch.toSeq),
    prevHash: batch.prevHash,
    rows: batch.rows,
    hash: batch.hash,
  });
  if (answer === null) return;
  if (answer.ok) {
    const mark = room.marks.sign(channelId, answer);
    room.channels.find(channelId)?.witnessed(mark);
    send({ case: 'journalAck', value: mark });
    return;
  }
  const { code, needSeq, message } = answer;
  room.logger.warn('journal refused', { channel: channelId, code, needSeq });
  send({
    case: 'journalRefused',
    value: {
      $typeName: 'morphine.facts.v1.JournalRefused',
      code,
      needSeq: BigInt(needSeq),
      message,
    },
  });
}

async function takeOver(room: RelayRoom, channelId: string, send: Send): Promise<void> {
  const mark = await room.witness.takeOver(channelId);
  if (!mark) return;
  room.logger.info('a studio took over', { channel: channelId, epoch: mark.epoch });
  const signed = room.marks.sign(channelId, mark);
  room.channels.find(channelId)?.witnessed(signed);
  send({ case: 'tookOver', value: signed });
}

async function sendTail(
  room: RelayRoom,
  channelId: string,
  fromSeq: number,
  limit: number,
  send: Send,
): Promise<void> {
  if (!Number.isSafeInteger(fromSeq) || fromSeq < 1) return;
  const count = Math.min(Math.max(1, limit), TAIL_ROWS_MAX);
  const rows = await room.witness.rowsFrom(channelId, fromSeq, count);
  const texts = await textsOfRows(room.witness, channelId, rows);
  const sizeOf = new Map(texts.map(({ hash, text }) => [hash, text.length]));
  let bytes = 0;
  const page = rows.filter((row, index) => {
    bytes += row.body.length;
    for (const hash of textsNamedIn([row])) bytes += sizeOf.get(hash) ?? 0;
    return index === 0 || bytes <= TAIL_BYTES_MAX;
  });
  const named = new Set(textsNamedIn(page));
  send({
    case: 'journalTail',
    value: {
      $typeName: 'morphine.facts.v1.JournalTail',
      fromSeq: BigInt(fromSeq),
      rows: page.map(({ body, hash }) => ({
        $typeName: 'morphine.facts.v1.JournalRow',
        body,
        hash,
      })),
      texts: texts
        .filter(({ hash }) => named.has(hash))
        .map((text) => ({ $typeName: 'morphine.facts.v1.JournalText', ...text })),
    },
  });
}
