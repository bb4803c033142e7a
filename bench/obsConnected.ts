// Figure `obsconnected`: from an encoder's first packet to the studio's page saying that it is
// connected: TCP, handshake, key, the source's state, and the action on the page's own WebSocket. The
// encoder is a client of our own that sends what OBS sends and no picture, so that the time of
// starting a program is not in it.

import { connect } from 'node:net';
import { type AmfValue, writeAmf } from '../core/media/rtmp/amf0.ts';
import { writeChunks } from '../core/media/rtmp/chunks.ts';
import { enterStudio } from '../tests/harness/owner.ts';
import { startStudio } from '../tests/harness/studio.ts';
import { type BenchContext, type Measured, ROUNDS } from './figure.ts';

const HANDSHAKE_BYTES = 1 + 2 * 1_536;
const CHUNK_BYTES = 128;
const COMMAND = 20;
const TIMES = { short: 10, full: 50 };

export async function measureConnected(context: BenchContext): Promise<Measured> {
  const studio = await startStudio({ args: ['--source', 'rtmp:'] });
  let hear: (state: string) => void = () => {};
  const owner = await enterStudio(studio.facts().studio ?? '', ({ source }) => hear(source.state));
  const { url = '', key = '' } = studio.facts().ingest?.rtmp ?? {};
  const said = (isSo: (state: string) => boolean) =>
    new Promise<void>((done) => {
      hear = (state) => isSo(state) && done();
    });
  const rounds: number[][] = [];
  // The first one is the warm-up.
  for (let round = -1; round < ROUNDS; round++) {
    const samples: number[] = [];
    for (let at = 0; at < (context.isFull ? TIMES.full : TIMES.short); at++) {
      const startMs = performance.now();
      const connected = said((state) => state === 'connecting');
      const socket = publish(Number(new URL(url).port), key);
      await connected;
      samples.push(performance.now() - startMs);
      const gone = said((state) => state === 'reconnecting');
      socket.destroy();
      await gone;
    }
    if (round >= 0) rounds.push(samples);
  }
  owner.close();
  await studio.stop();
  const remarks = ['from the first SYN to the action at the page, by a client without pictures'];
  return { figure: 'obsconnected', rounds, remarks };
}

/** Says all that an encoder says up to its first picture, in one go. */
function publish(port: number, key: string) {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  socket.on('error', () => {});
  socket.resume();
  socket.write(Uint8Array.from({ length: HANDSHAKE_BYTES }, (_, at) => (at === 0 ? 3 : 0)));
  const commands: AmfValue[][] = [
    ['connect', 1, new Map<string, AmfValue>([['app', 'live']])],
    ['createStream', 2, null],
    ['publish', 3, null, key, 'live'],
  ];
  for (const values of commands) {
    const message = { type: COMMAND, streamId: 1, timestamp: 0, payload: writeAmf(values) };
    socket.write(writeChunks(message, 3, CHUNK_BYTES));
  }
  return socket;
}
