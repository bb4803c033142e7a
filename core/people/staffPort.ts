// The remote end of a staff line as an RPC port: whoever helps from elsewhere speaks the studio's
// contract over it exactly as a window on the studio's own machine does. Which role it has is the
// studio's word in the welcome. Whatever is wrong with the line closes the port.

import { create } from '@bufbuild/protobuf';
import type { RandomBytes } from '../base/ids.ts';
import { createInbox } from '../contract/ports.ts';
import type { Port } from '../contract/rpc.ts';
import {
  type FromViewer,
  StaffFrameSchema,
  StaffOpenSchema,
  type ToViewer,
} from '../wire/gen/facts_pb.js';
import { signText } from '../wire/signing.ts';
import { proveInvite } from './invite.ts';
import {
  isOpenedByChannel,
  joinLine,
  type LineTerms,
  newEphemeral,
  openingText,
  type StaffLine,
} from './staffLine.ts';

type Outgoing = Exclude<FromViewer['message'], { case: undefined }>;

export type StaffPortOptions = {
  channelId: string;
  device: { subject: string; publicKey: string; secretKey: string };
  /** Of an invitation's link; null for a device that has a role already. */
  invitation: { invite: string; inviteSecret: string } | null;
  random: RandomBytes;
  send(message: Outgoing): void;
  /** Why the studio closed it, in its words. */
  onRefused(refusal: { code: string; message: string }): void;
};

export type StaffPort = {
  port: Port;
  /** Hands over what came from the relay; false when it is not of this line. */
  take(message: ToViewer['message']): boolean;
  /** The connection below it is gone. */
  lost(): void;
};

/** Opens a line at once; messages sent before it stands are kept, at most 64. */
export function openStaffPort(options: StaffPortOptions): StaffPort {
  return new DevicePort(options);
}

const EARLY_MAX = 64;

class DevicePort implements StaffPort {
  readonly port: Port;
  readonly #options: StaffPortOptions;
  readonly #inbox = createInbox();
  readonly #own;
  readonly #terms: LineTerms;
  #line: StaffLine | null = null;
  #early: unknown[] = [];

  constructor(options: StaffPortOptions) {
    this.#options = options;
    const { device, random, invitation } = options;
    this.#own = newEphemeral(random);
    this.#terms = {
      channelId: options.channelId,
      subject: device.subject,
      deviceEphemeral: this.#own.publicKey,
    };
    const invite = invitation?.invite ?? '';
    const proof = invitation ? proveInvite(invite, invitation.inviteSecret, device) : '';
    options.send({
      case: 'staffOpen',
      value: create(StaffOpenSchema, {
        ephemeralKey: this.#own.publicKey,
        signature: signText(openingText(this.#terms, invite), device.secretKey),
        invite,
        inviteProof: proof ?? '',
      }),
    });
    this.port = {
      send: (message) => this.#send(message),
      onMessage: this.#inbox.onMessage,
      onClose: this.#inbox.onClose,
      close: () => this.lost(),
    };
  }

  take(message: ToViewer['message']): boolean {
    switch (message.case) {
      case 'staffOpened': {
        const isHonest = isOpenedByChannel(this.#terms, message.value);
        const { ephemeralKey } = message.value;
        this.#line = isHonest ? joinLine('device', this.#own, this.#terms, ephemeralKey) : null;
        if (!this.#line) this.lost();
        const early = this.#early;
        this.#early = [];
        for (const one of early) this.#send(one);
        return true;
      }
      case 'staffFrame':
        this.#takeFrame(message.value);
        return true;
      case 'staffClosed': {
        const { code, message: words } = message.value;
        this.#options.onRefused({ code, message: words });
        this.lost();
        return true;
      }
      default:
        return false;
    }
  }

  lost(): void {
    this.#line = null;
    this.#early = [];
    this.#inbox.closed();
  }

  #takeFrame(frame: { number: bigint; bytes: Uint8Array; isLast: boolean; mac: Uint8Array }): void {
    if (!this.#line) return;
    try {
      const whole = this.#line.open(frame);
      if (whole) this.#inbox.deliver(JSON.parse(new TextDecoder().decode(whole)));
    } catch {
      this.lost();
    }
  }

  #send(message: unknown): void {
    if (this.#inbox.isClosed()) return;
    if (!this.#line) {
      if (this.#early.length < EARLY_MAX) this.#early.push(message);
      return;
    }
    for (const piece of this.#line.seal(new TextEncoder().encode(JSON.stringify(message)))) {
      this.#options.send({ case: 'staffFrame', value: create(StaffFrameSchema, piece) });
    }
  }
}
