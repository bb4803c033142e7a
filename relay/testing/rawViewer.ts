// For tests only: a viewer over a bare TCP socket that says hello by hand and then never reads
// again, as a frozen tab or a dead radio link would.

import { createConnection, type Socket } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FromViewerSchema, ToViewerSchema } from '../../core/wire/gen/facts_pb.js';
import { FACTS_VERSION, signText, viewerSigningText } from '../../core/wire/signing.ts';
import type { TestViewer } from './harness.ts';

export const RawViewer = {
  /** Resolves once the hello was sent; nothing is read from then on. `wish`: facts of frames, too. */
  async join(
    port: number,
    like: Pick<TestViewer, 'channelId' | 'subject' | 'key'>,
    wish = false,
  ): Promise<Socket> {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.write(
      `GET /facts/${like.channelId} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n` +
        'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
        'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n',
    );
    const nonce = await readNonce(socket);
    const text = viewerSigningText(like.channelId, like.subject, nonce);
    const hello = create(FromViewerSchema, {
      message: {
        case: 'hello',
        value: {
          $typeName: 'morphine.facts.v1.Hello',
          version: FACTS_VERSION,
          publicKey: like.key.publicKey,
          subject: like.subject,
          signature: signText(text, like.key.secretKey),
          resumeFeed: '',
          resumeNumber: 0n,
        },
      },
    });
    socket.pause();
    socket.write(frameOf(toBinary(FromViewerSchema, hello)));
    if (wish) {
      const value = { $typeName: 'morphine.facts.v1.AnalyticsWish', isWanted: true } as const;
      const wished = create(FromViewerSchema, { message: { case: 'analyticsWish', value } });
      socket.write(frameOf(toBinary(FromViewerSchema, wished)));
    }
    return socket;
  },
};

/** Reads the upgrade's answer and the first, small frame: the challenge. */
function readNonce(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    let bytes = Buffer.alloc(0);
    const read = (part: Buffer) => {
      bytes = Buffer.concat([bytes, part]);
      const end = bytes.indexOf('\r\n\r\n');
      const frame = end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4);
      const length = (frame[1] ?? 0) & 0x7f;
      if (frame.length < 2 || frame.length < 2 + length) return;
      socket.off('data', read);
      const { message } = fromBinary(ToViewerSchema, frame.subarray(2, 2 + length));
      resolve(message.case === 'challenge' ? message.value.nonce : '');
    };
    socket.on('data', read);
  });
}

/** A masked binary frame (RFC 6455 section 5.2) of at most 65 535 bytes; the mask is zero. */
function frameOf(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 0x82;
  header[1] = 0x80 | 126;
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}
