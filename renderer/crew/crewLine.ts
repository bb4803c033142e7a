// One connection of the crew's page: a viewer's WebSocket to the relay, signed in with the device's
// key, and the sealed line to the studio over it. It gives a port of the studio's contract and
// nothing else; when either end is lost the port closes, and RPC asks for a new one.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { realTimers } from '../../core/base/clock.ts';
import type { RandomBytes } from '../../core/base/ids.ts';
import type { Port } from '../../core/contract/rpc.ts';
import { openStaffPort, type StaffPort } from '../../core/people/staffPort.ts';
import {
  type FromViewer,
  FromViewerSchema,
  HelloSchema,
  PingSchema,
  ToViewerSchema,
} from '../../core/wire/gen/facts_pb.js';
import { signText } from '../../core/wire/signing.ts';
import { FACTS_VERSION, viewerSigningText } from '../../core/wire/signingTexts.ts';
import type { CrewDevice } from './crewDevice.ts';
import { useLine } from './lineStore.ts';

/** Lines that say nothing are cut by proxies, ms. */
const PING_MS = 10_000;
/** From the opening until the studio knows this device, ms. */
const OPENING_MS = 8_000;
/** Refusals that no retry heals: there is nobody to ask again. */
const FINAL = new Set(['BAD_INVITE', 'INVITE_OVER', 'NO_ROLE', 'ROLE_REVOKED', 'BANNED']);

export type CrewLineOptions = {
  url: string;
  channelId: string;
  device: CrewDevice;
  invitation: { invite: string; inviteSecret: string } | null;
  random: RandomBytes;
  /** The studio spoke on the line: the device is of the crew. */
  onTaken(): void;
};

type Word = Exclude<FromViewer['message'], { case: undefined }>;

/** Rejects when there is no line to be had now. */
export function openCrewLine(options: CrewLineOptions): Promise<Port> {
  const { url, channelId, device, invitation, random } = options;
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const send = (message: Word) => {
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(toBinary(FromViewerSchema, create(FromViewerSchema, { message })));
  };
  return new Promise((resolve, reject) => {
    let staff: StaffPort | null = null;
    const cancelPings = realTimers.every(PING_MS, () => {
      send({ case: 'ping', value: create(PingSchema, { sentMs: performance.now() }) });
    });
    const cancelOpening = realTimers.after(OPENING_MS, () => socket.close());
    const refused = ({ code, message }: { code: string; message: string }) => {
      useLine.setState({ refusal: message, isFinal: FINAL.has(code) });
    };
    const openLine = () => {
      cancelOpening();
      staff = openStaffPort({
        ...{ channelId, device, invitation, random, send },
        onRefused: refused,
      });
      resolve(withSocket(staff.port, socket));
    };
    socket.onmessage = ({ data }) => {
      const message = readWord(data);
      if (!message) return;
      if (message.case === 'challenge') {
        const { subject, publicKey, secretKey } = device;
        const text = viewerSigningText(channelId, subject, message.value.nonce);
        const signature = signText(text, secretKey);
        const hello = { version: FACTS_VERSION, publicKey, subject, signature };
        send({ case: 'hello', value: create(HelloSchema, hello) });
      } else if (message.case === 'refused') refused(message.value);
      else if (message.case === 'standing' && staff === null) openLine();
      else if (staff?.take(message) && message.case === 'staffFrame') {
        options.onTaken();
        useLine.setState({ refusal: '', isFinal: false });
      }
    };
    socket.onclose = () => {
      cancelPings();
      cancelOpening();
      staff?.lost();
      reject(new Error('The relay closed the line.'));
    };
  });
}

/** The port's end ends the connection below it. */
function withSocket(port: Port, socket: WebSocket): Port {
  return {
    send: port.send,
    onMessage: port.onMessage,
    onClose: (run) =>
      port.onClose(() => {
        socket.close();
        run();
      }),
    close: () => {
      port.close();
      socket.close();
    },
  };
}

function readWord(data: unknown) {
  if (!(data instanceof ArrayBuffer)) return null;
  try {
    return fromBinary(ToViewerSchema, new Uint8Array(data)).message;
  } catch {
    return null;
  }
}
