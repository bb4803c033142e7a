// One RTMP connection as its server: handshake, the commands of a publisher, its media. It knows
// bytes and commands, no sockets; whether a key is right is asked of its owner. A key never
// leaves it but to that question.

import { bigEndian } from '../../../core/base/bytes.ts';
import {
  AmfError,
  type AmfObject,
  type AmfValue,
  readAmf,
  writeAmf,
} from '../../../core/media/rtmp/amf0.ts';
import {
  CHUNK_BYTES_OUT,
  createChunkReader,
  number32,
  RTMP_TYPE,
  RtmpError,
  type RtmpMessage,
  writeChunks,
} from '../../../core/media/rtmp/chunks.ts';
import { createHandshake } from '../../../core/media/rtmp/handshake.ts';

/** Why nobody may publish, as NetStream.Publish codes have it. */
export type PublishRefusal = { code: 'BadName' | 'Denied' | 'Rejected'; sentence: string };

export type RtmpMedia = {
  kind: 'video' | 'audio';
  /** Milliseconds modulo 2^32. */
  timestamp: number;
  body: Uint8Array;
};

export type RtmpSessionOptions = {
  /** 1,528 bytes. */
  random: Uint8Array;
  send(bytes: Uint8Array): void;
  /** Null: welcome. */
  judge(request: { key: string; encoder: string }): PublishRefusal | null;
  onPublished(): void;
  onMedia(media: RtmpMedia): void;
  /** onMetaData of the stream. */
  onFacts(facts: AmfObject): void;
  /** The publisher said that it ends. */
  onUnpublished(): void;
  /** The session is of no more use; what was sent should still go out. */
  onOver(reason: string): void;
};

export type RtmpSession = {
  /** Takes bytes of the connection. Never throws: what is no RTMP ends the session. */
  push(bytes: Uint8Array): void;
};

/** What the other side may send before it expects an acknowledgement, bytes. */
const WINDOW_BYTES = 2_500_000;
const CONTROL_STREAM = 2;
const COMMAND_STREAM = 3;
const STATUS_STREAM = 5;
const MEDIA_STREAM_ID = 1;
const PING_REQUEST = 6;
const PING_ANSWER = 7;
const DYNAMIC_LIMIT = 2;

export function createRtmpSession(options: RtmpSessionOptions): RtmpSession {
  return new Session(options);
}

class Session implements RtmpSession {
  readonly #options: RtmpSessionOptions;
  readonly #handshake;
  readonly #reader = createChunkReader((message) => this.#take(message));
  #isOver = false;
  #isPublishing = false;
  #encoder = '';
  #receivedBytes = 0;
  #acknowledgedBytes = 0;
  #windowBytes = WINDOW_BYTES;

  constructor(options: RtmpSessionOptions) {
    this.#options = options;
    this.#handshake = createHandshake(options.random, options.send);
  }

  push(bytes: Uint8Array): void {
    if (this.#isOver) return;
    this.#receivedBytes += bytes.length;
    try {
      const rest = this.#handshake.push(bytes);
      if (rest.length > 0) this.#reader.push(rest);
    } catch (error) {
      if (!(error instanceof RtmpError || error instanceof AmfError)) throw error;
      this.#end(error.message);
      return;
    }
    if (this.#receivedBytes - this.#acknowledgedBytes < this.#windowBytes) return;
    this.#acknowledgedBytes = this.#receivedBytes;
    this.#control(RTMP_TYPE.acknowledgement, bigEndian(this.#receivedBytes % 2 ** 32, 4));
  }

  #take(message: RtmpMessage): void {
    // A session that is over hears nothing of what came in the same packet.
    if (this.#isOver) return;
    const { type, timestamp, payload } = message;
    switch (type) {
      case RTMP_TYPE.video:
      case RTMP_TYPE.audio:
        if (!this.#isPublishing) return;
        this.#options.onMedia({
          kind: type === RTMP_TYPE.video ? 'video' : 'audio',
          timestamp,
          body: payload,
        });
        break;
      case RTMP_TYPE.command:
        this.#command(payload);
        break;
      case RTMP_TYPE.amf3Command:
        // A zero says that AMF0 follows, which is all that encoders send.
        this.#command(payload.subarray(1));
        break;
      case RTMP_TYPE.data:
        this.#data(payload);
        break;
      case RTMP_TYPE.amf3Data:
        this.#data(payload.subarray(1));
        break;
      case RTMP_TYPE.userControl:
        if (payload.length >= 6 && payload[1] === PING_REQUEST && payload[0] === 0) {
          this.#control(RTMP_TYPE.userControl, [0, PING_ANSWER, ...payload.subarray(2, 6)]);
        }
        break;
      case RTMP_TYPE.windowSize:
        if (payload.length >= 4) {
          this.#windowBytes = Math.max(CHUNK_BYTES_OUT, number32(payload, 0));
        }
        break;
    }
  }

  #command(payload: Uint8Array): void {
    const [name, transaction, first, ...rest] = readAmf(payload);
    const number = typeof transaction === 'number' ? transaction : 0;
    switch (name) {
      case 'connect':
        this.#connect(number, first instanceof Map ? first : new Map());
        break;
      case 'createStream':
        this.#reply('_result', number, [null, MEDIA_STREAM_ID]);
        break;
      case 'releaseStream':
      case 'FCPublish':
        this.#reply('_result', number, [null, undefined]);
        break;
      case 'publish':
        this.#publish(String(rest[0] ?? ''));
        break;
      case 'FCUnpublish':
      case 'deleteStream':
      case 'closeStream':
        this.#unpublish();
        break;
      case 'play':
        this.#status('error', 'NetStream.Play.StreamNotFound', 'Nothing is played here');
        this.#end('The client wants to watch, not to send');
        break;
    }
  }

  #connect(transaction: number, request: AmfObject): void {
    const flashVer = request.get('flashVer');
    if (typeof flashVer === 'string') this.#encoder = flashVer.slice(0, 80);
    this.#control(RTMP_TYPE.windowSize, bigEndian(WINDOW_BYTES, 4));
    this.#control(RTMP_TYPE.peerBandwidth, [...bigEndian(WINDOW_BYTES, 4), DYNAMIC_LIMIT]);
    this.#control(RTMP_TYPE.setChunkSize, bigEndian(CHUNK_BYTES_OUT, 4));
    const server = objectOf({ fmsVer: 'FMS/3,0,1,123', capabilities: 31 });
    const facts: Record<string, AmfValue> = {
      level: 'status',
      code: 'NetConnection.Connect.Success',
      description: 'Connection succeeded.',
      objectEncoding: 0,
    };
    // Enhanced RTMP: what can be taken; an encoder that asks learns not to send anything else.
    if (request.has('fourCcList')) facts.fourCcList = ['avc1'];
    this.#reply('_result', transaction, [server, objectOf(facts)]);
  }

  #publish(name: string): void {
    if (this.#isPublishing) return;
    const refusal = this.#options.judge({ key: name, encoder: this.#encoder });
    if (refusal) {
      this.#status('error', `NetStream.Publish.${refusal.code}`, refusal.sentence);
      this.#end(refusal.sentence);
      return;
    }
    this.#isPublishing = true;
    this.#control(RTMP_TYPE.userControl, [0, 0, ...bigEndian(MEDIA_STREAM_ID, 4)]);
    this.#status('status', 'NetStream.Publish.Start', 'The studio takes the stream');
    this.#options.onPublished();
  }

  #unpublish(): void {
    if (!this.#isPublishing) return;
    this.#isPublishing = false;
    this.#status('status', 'NetStream.Unpublish.Success', 'The stream has ended');
    this.#options.onUnpublished();
  }

  #data(payload: Uint8Array): void {
    const facts = readAmf(payload).find((value) => value instanceof Map);
    if (facts instanceof Map && this.#isPublishing) this.#options.onFacts(facts);
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onOver(reason);
  }

  #control(type: number, payload: readonly number[]): void {
    this.#write(
      { type, streamId: 0, timestamp: 0, payload: Uint8Array.from(payload) },
      CONTROL_STREAM,
    );
  }

  #reply(name: string, transaction: number, values: readonly AmfValue[]): void {
    const payload = writeAmf([name, transaction, ...values]);
    const message = { type: RTMP_TYPE.command, streamId: 0, timestamp: 0, payload };
    this.#write(message, COMMAND_STREAM);
  }

  #status(level: 'status' | 'error', code: string, description: string): void {
    const payload = writeAmf(['onStatus', 0, null, objectOf({ level, code, description })]);
    const message = { type: RTMP_TYPE.command, timestamp: 0, payload };
    this.#write({ ...message, streamId: MEDIA_STREAM_ID }, STATUS_STREAM);
  }

  /** Set Chunk Size goes out before the first message that could be longer than a chunk. */
  #write(message: RtmpMessage, chunkStream: number): void {
    this.#options.send(writeChunks(message, chunkStream));
  }
}

function objectOf(values: Record<string, AmfValue>): AmfObject {
  return new Map(Object.entries(values));
}
