// One connection of a studio: challenge, signed registration, then facts to viewers and the
// journal to the witness. A studio that says something that is not ours is refused with a sentence
// and closed. The token it gets is in no log.

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { newId } from '../core/base/ids.ts';
import {
  FrameFactsSchema,
  type FromStudio,
  FromStudioSchema,
  type JournalAck,
  type Register,
  type ToStudio,
  ToStudioSchema,
} from '../core/wire/gen/facts_pb.js';
import { channelIdOf, FACTS_VERSION, isId, studioSigningText } from '../core/wire/signing.ts';
import type { Channel, ChannelStudio } from './channel.ts';
import { FrameWatch } from './frameWatch.ts';
import { answerJournal } from './journalAnswers.ts';
import { viewTokenOf } from './jsonView.ts';
import { publishPeople } from './peopleNews.ts';
import type { RelayRoom } from './room.ts';
import { isSignedBy } from './signature.ts';
import type { FactsSocket } from './webSocket.ts';
import type { HighWaterMark } from './witness/store.ts';
import { fencedSentence } from './witness/witness.ts';

/** A connection that has not registered by then is closed, ms. */
const REGISTER_MS_MAX = 5_000;
/** Unsent bytes at which a studio counts as away: viewers then hear it and come again. */
const STUDIO_QUEUE_BYTES_MAX = 4 * 1024 * 1024;
/** Stats for the studio, ms. */
const STATS_PERIOD_MS = 1_000;
const EMPTY_HASH = new Uint8Array(32);

/** Serves one studio until its socket closes. */
export function serveStudio(
  room: RelayRoom,
  socket: FactsSocket,
  hostHeader: string | undefined,
): void {
  new StudioSession(room, socket, hostHeader);
}

class StudioSession implements ChannelStudio {
  readonly #room: RelayRoom;
  readonly #socket: FactsSocket;
  readonly #hostHeader: string | undefined;
  readonly #nonce: string;
  #channel: Channel | null = null;
  #isRegistering = false;
  #isClosed = false;
  #stopTimer: () => void;
  #stats = '';
  readonly #frames: FrameWatch;

  constructor(room: RelayRoom, socket: FactsSocket, hostHeader: string | undefined) {
    this.#room = room;
    this.#socket = socket;
    this.#hostHeader = hostHeader;
    this.#nonce = newId(room.random);
    this.#frames = new FrameWatch(room.clock);
    this.#stopTimer = room.timers.after(REGISTER_MS_MAX, () =>
      this.#refuse('TOO_SLOW', `Register within ${REGISTER_MS_MAX / 1000} s of connecting.`),
    );
    socket.onMessage((bytes) => this.#receive(bytes));
    socket.onClose(() => this.#closed());
    const value = { $typeName: 'morphine.facts.v1.Challenge', nonce: this.#nonce } as const;
    this.#write({ case: 'challenge', value });
  }

  send(message: ToStudio['message']): boolean {
    if (this.#isClosed || this.#socket.unsentBytes > STUDIO_QUEUE_BYTES_MAX) return false;
    this.#write(message);
    return true;
  }

  mediaChanged(): void {
    this.#sendStats();
  }

  replaced(): void {
    this.#channel = null;
    this.#refuse('REPLACED', 'Another studio with the same key registered this channel.');
  }

  #write(message: ToStudio['message']): void {
    this.#socket.send(toBinary(ToStudioSchema, create(ToStudioSchema, { message })));
  }

  #refuse(code: string, message: string): void {
    if (this.#isClosed) return;
    this.#room.counters.registrationsRefused++;
    const value = { $typeName: 'morphine.facts.v1.Refused', code, message } as const;
    this.#write({ case: 'refused', value });
    this.#socket.close(4000, code);
    this.#closed();
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopTimer();
    this.#frames.close();
    const channel = this.#channel;
    this.#channel = null;
    if (!channel) return;
    this.#room.tokens.expire(channel.id);
    channel.studioWent(this);
    this.#room.logger.info('studio left', { channel: channel.id });
  }

  #receive(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    let message: FromStudio['message'];
    try {
      message = fromBinary(FromStudioSchema, bytes).message;
    } catch {
      this.#refuse('MALFORMED', 'The message is not one of this protocol.');
      return;
    }
    if (message.case === 'register') {
      void this.#register(message.value);
      return;
    }
    const channel = this.#channel;
    if (!channel) {
      this.#refuse('NOT_REGISTERED', 'Register first; the relay sent a challenge for it.');
      return;
    }
    this.#dispatch(channel, message);
  }

  #dispatch(channel: Channel, message: FromStudio['message']): void {
    switch (message.case) {
      case 'deliver':
        if (message.value.message) channel.deliver(message.value.viewerIds, message.value.message);
        break;
      case 'analytics':
        this.#room.counters.analyticsForwarded++;
        this.#room.media.sendAnalytics(channel.id, toBinary(FrameFactsSchema, message.value));
        channel.sendAnalytics(message.value);
        break;
      case 'journalBatch':
      case 'takeOver':
      case 'journalTailRequest':
      case 'eraseTexts':
        void answerJournal(this.#room, channel.id, message, (answer) => this.send(answer));
        break;
      case 'ping':
        this.send({
          case: 'pong',
          value: {
            $typeName: 'morphine.facts.v1.Pong',
            sentMs: message.value.sentMs,
            mediaUs: 0n,
            uncertaintyUs: 0,
            relayUs: BigInt(this.#room.clock.nowUs()),
          },
        });
        break;
      case 'checkLink':
        void this.#room.linkCheck.run().then(({ isReachable, sentence }) =>
          this.send({
            case: 'linkChecked',
            value: {
              $typeName: 'morphine.facts.v1.LinkChecked',
              reachable: isReachable,
              sentence,
            },
          }),
        );
        break;
      case 'frameTimesRequest': {
        const value = this.#frames.since(Number(message.value.afterUs), channel.clock);
        this.send({ case: 'frameTimes', value });
        break;
      }
      case 'poster':
        channel.takePoster(message.value);
        break;
      case 'still':
        channel.takeStill(message.value);
        break;
      case 'people':
        publishPeople(this.#room, channel.id, message.value);
        break;
      case 'mediaTime': {
        const { mediaUs, relayUs, roundTripUs } = message.value;
        channel.clock.add(Number(relayUs), Number(mediaUs), roundTripUs);
        break;
      }
      default:
        // A newer studio may say things we do not know; they change nothing here.
        break;
    }
  }

  async #register(register: Register): Promise<void> {
    if (this.#channel || this.#isRegistering) {
      this.#refuse('ALREADY_REGISTERED', 'One registration per connection; connect again.');
      return;
    }
    this.#isRegistering = true;
    const fault = await this.#faultOf(register);
    const mark = fault ? undefined : await this.#readMark(register.channelId);
    if (this.#isClosed) return;
    if (fault) {
      this.#refuse(fault.code, fault.message);
      return;
    }
    if (mark === undefined) {
      this.#refuse('STORE_AWAY', 'The relay cannot read its store for now; it is tried again.');
      return;
    }
    // A fenced studio must not throw out the one that took over.
    if (mark && register.ledgerId === mark.ledgerId && register.epoch < BigInt(mark.epoch)) {
      this.#refuse('FENCED', fencedSentence(Number(register.epoch), mark.epoch));
      return;
    }
    const channel = this.#room.channels.openFor(register.channelId);
    if (!channel) {
      this.#refuse('RELAY_FULL', 'This relay holds as many channels as it can.');
      return;
    }
    this.#stopTimer();
    this.#stopTimer = this.#room.timers.every(STATS_PERIOD_MS, () => this.#sendStats());
    this.#channel = channel;
    this.#room.counters.registrations++;
    this.#room.logger.info('studio registered', { channel: channel.id });
    const signed = mark ? this.#room.marks.sign(channel.id, mark) : null;
    if (signed) channel.witnessed(signed);
    this.#sendRegistered(channel.id, mark, signed);
    channel.people.setNetworkKey(register.networkKey);
    channel.studioCame(this);
    this.#sendStats();
  }

  async #faultOf(register: Register): Promise<{ code: string; message: string } | null> {
    const { channelId, publicKey, signature, version } = register;
    if (version !== FACTS_VERSION) {
      const versions = `This relay speaks version ${FACTS_VERSION}, the studio ${version}`;
      const message = `${versions}; update the older one.`;
      return { code: 'VERSION', message };
    }
    const isKey = isId(channelId) && /^[0-9a-f]{64}$/.test(publicKey);
    if (!isKey || channelIdOf(publicKey) !== channelId) {
      return { code: 'BAD_CHANNEL', message: 'The channel id is not the hash of the public key.' };
    }
    if (!isSignedBy(studioSigningText(channelId, this.#nonce), signature, publicKey)) {
      return {
        code: 'BAD_SIGNATURE',
        message: 'The signature over the challenge is not the key’s.',
      };
    }
    if (!(await this.#room.owners.mayRegister(channelId))) {
      const message = `Channel ${channelId} may not register here; ask its owner to add it.`;
      return { code: 'NOT_AN_OWNER', message };
    }
    return null;
  }

  /** Undefined when the store cannot be read. */
  async #readMark(channelId: string): Promise<HighWaterMark | null | undefined> {
    try {
      return await this.#room.witness.mark(channelId);
    } catch (error) {
      this.#room.logger.error('the witness could not read', { reason: String(error) });
      return undefined;
    }
  }

  #sendRegistered(channelId: string, mark: HighWaterMark | null, signed: JournalAck | null): void {
    const { publicUrl } = this.#room;
    const address = this.#room.addressFor(this.#hostHeader);
    this.#write({
      case: 'registered',
      value: {
        $typeName: 'morphine.facts.v1.Registered',
        whipUrl: `${address}/whip/${channelId}`,
        whipToken: this.#room.tokens.issue(channelId),
        viewerUrl: `${publicUrl}/s/${channelId}`,
        whepUrl: `${publicUrl}/whep/${channelId}`,
        viewUrl: `${publicUrl}/view/${channelId}?token=${viewTokenOf(this.#room.marks, channelId)}`,
        journalSeq: BigInt(mark?.seq ?? 0),
        journalHash: mark?.hash ?? EMPTY_HASH,
        journalEpoch: BigInt(mark?.epoch ?? 0),
        relayKey: this.#room.marks.publicKey,
        ...(signed ? { journalMark: signed } : {}),
      },
    });
  }

  #sendStats(): void {
    const channel = this.#channel;
    if (!channel) return;
    this.#frames.follow(this.#room.media.taps(channel.id)[0]?.fanOut ?? null);
    const viewers = channel.viewerCount;
    const watching = this.#room.media.viewerCount(channel.id);
    const mediaLive = this.#room.media.mediaState(channel.id) === 'live';
    const stats = `${viewers} ${watching} ${mediaLive}`;
    if (stats === this.#stats) return;
    this.#stats = stats;
    const value = {
      $typeName: 'morphine.facts.v1.RelayStats',
      viewers,
      watching,
      mediaLive,
    } as const;
    this.send({ case: 'stats', value });
  }
}
