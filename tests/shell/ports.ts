// Message ports as Electron's main and utility processes have them, for the double. A port that is
// transferred to another process is neutered here and carried over that process's IPC under an id;
// the same class lands it on the other side. The message routing of the browser process is played
// by whoever carries both ends; what counts for the shell is `messagesSeen`: messages that a port
// object of this process handed to a listener.

import { EventEmitter } from 'node:events';

type Sink = { message(data: unknown): void; closed(): void };

/** Messages that ports of this process delivered to listeners of this process. */
export const messagesSeen = { count: 0 };

/** One end of an entangled pair; it keeps messages until somebody is bound to it. */
class End {
  peer: End | undefined;
  #sink: Sink | undefined;
  #waiting: unknown[] = [];
  #isClosed = false;

  post(data: unknown): void {
    if (!this.#isClosed) this.peer?.take(structuredClone(data));
  }

  take(data: unknown): void {
    if (this.#sink) this.#sink.message(data);
    else this.#waiting.push(data);
  }

  bind(sink: Sink): void {
    this.#sink = sink;
    for (const data of this.#waiting.splice(0)) sink.message(data);
    if (this.#isClosed) sink.closed();
  }

  /** Closes both ends; each says so once. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sink?.closed();
    this.peer?.close();
  }
}

function entangle(): [End, End] {
  const ends: [End, End] = [new End(), new End()];
  ends[0].peer = ends[1];
  ends[1].peer = ends[0];
  return ends;
}

/** Electron's MessagePortMain: an emitter of `{data, ports}` that must be started. */
export class MessagePortMain extends EventEmitter {
  #end: End | undefined;

  constructor(end: End) {
    super();
    this.#end = end;
  }

  start(): void {
    this.#end?.bind({
      message: (data) => {
        messagesSeen.count++;
        this.emit('message', { data, ports: [] });
      },
      closed: () => this.emit('close'),
    });
  }

  postMessage(message: unknown, transfer: readonly unknown[] = []): void {
    checkTransfer(transfer);
    if (transfer.length > 0) throw new Error('The double carries no port inside a port');
    this.#end?.post(message);
  }

  close(): void {
    this.#end?.close();
  }

  /** Takes the end away from this object, as a transfer does. */
  neuter(): End {
    const end = this.#end;
    if (!end) throw new Error('Port at index 0 is already neutered');
    this.#end = undefined;
    return end;
  }
}

/** Electron's MessageChannelMain. */
export class MessageChannelMain {
  readonly port1: MessagePortMain;
  readonly port2: MessagePortMain;

  constructor() {
    const [one, two] = entangle();
    this.port1 = new MessagePortMain(one);
    this.port2 = new MessagePortMain(two);
  }
}

/** Main and utility processes transfer ports only; an ArrayBuffer in the list is an error. */
export function checkTransfer(
  transfer: readonly unknown[],
): asserts transfer is readonly MessagePortMain[] {
  if (!Array.isArray(transfer)) throw new TypeError('The transfer list must be an array');
  const index = transfer.findIndex((one) => !(one instanceof MessagePortMain));
  if (index >= 0) throw new TypeError(`Port at index ${index} is not a valid port`);
}

type PortMessage = { port: string; data?: unknown; isClosed?: true };

/** Carries ports over one IPC channel. */
export class PortWire {
  #send: (message: PortMessage) => void;
  #ends = new Map<string, End>();
  static #count = 0;

  constructor(send: (message: PortMessage) => void) {
    this.#send = send;
  }

  /** Sends a port away; the returned id goes with the message that hands it over. */
  carry(port: MessagePortMain): string {
    const id = `${process.pid}:${++PortWire.#count}`;
    this.#attach(id, port.neuter());
    return id;
  }

  /** The port that came under this id. */
  land(id: string): MessagePortMain {
    const [near, far] = entangle();
    this.#attach(id, far);
    return new MessagePortMain(near);
  }

  /** True when the message was one of a port. */
  receive(message: unknown): boolean {
    if (typeof message !== 'object' || message === null || !('port' in message)) return false;
    const { port, data, isClosed } = message as PortMessage;
    const end = this.#ends.get(port);
    if (isClosed) end?.close();
    else end?.post(data);
    return true;
  }

  /** The process behind the wire is gone, and with it its ends. */
  lost(): void {
    for (const end of this.#ends.values()) end.close();
  }

  #attach(id: string, end: End): void {
    this.#ends.set(id, end);
    end.bind({
      message: (data) => this.#send({ port: id, data }),
      closed: () => {
        if (this.#ends.delete(id)) this.#send({ port: id, isClosed: true });
      },
    });
  }
}
