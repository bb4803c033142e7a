// The door for those who help to run the show from elsewhere. Their connection comes through the
// relay as a viewer's does; here its line is opened, checked against the role that its device has,
// and handed to RPC as one more port of the same contract. The relay can cut a line, but not speak
// on it. A role that ends closes its lines at once.

import { create } from '@bufbuild/protobuf';
import type { RandomBytes } from '../../../core/base/ids.ts';
import { createInbox } from '../../../core/contract/ports.ts';
import type { Role } from '../../../core/contract/roles.ts';
import type { Port } from '../../../core/contract/rpc.ts';
import {
  joinLine,
  type LineTerms,
  newEphemeral,
  openingText,
  type StaffLine,
  signOpened,
} from '../../../core/people/staffLine.ts';
import {
  StaffClosedSchema,
  type StaffFrame,
  StaffFrameSchema,
  type StaffOpen,
  StaffOpenedSchema,
  type ToViewer,
} from '../../../core/wire/gen/facts_pb.js';
import { isSigned, type KeyPair } from '../../../core/wire/signing.ts';
import type { People, PersonHere } from './people.ts';

/** Lines at once; a crew has a few windows each. */
const LINES_MAX = 48;

type Answer = Extract<ToViewer['message'], { value: unknown }>;

export type StaffDoorOptions = {
  key: KeyPair & { channelId: string };
  people: People;
  random: RandomBytes;
  /** A line stands: its port speaks RPC under this role and no other. */
  accept(port: Port, who: { role: Role; subject: string }): void;
  /** Nothing more is done for this subject, also what was asked and has not begun. */
  revoke(subject: string): void;
  deliver(viewerIds: readonly string[], message: Answer): void;
};

type Open = { subject: string; line: StaffLine; inbox: ReturnType<typeof createInbox> };

export class StaffDoor {
  readonly #options: StaffDoorOptions;
  /** By connection. */
  readonly #lines = new Map<string, Open>();
  readonly #unsubscribe: () => void;
  readonly counters = { opened: 0, refused: 0, broken: 0, revoked: 0 };

  constructor(options: StaffDoorOptions) {
    this.#options = options;
    this.#unsubscribe = options.people.onRoleEnded((subject) => this.#end(subject));
  }

  open(person: PersonHere, asked: StaffOpen): void {
    const { key, people, random, accept } = this.#options;
    const { viewerId, subject, publicKey } = person;
    const terms: LineTerms = {
      channelId: key.channelId,
      subject,
      deviceEphemeral: asked.ephemeralKey,
    };
    if (!isSigned(openingText(terms, asked.invite), asked.signature, publicKey)) {
      this.#refuse(viewerId, 'BAD_SIGNATURE', 'This device did not sign for its line.');
      return;
    }
    if (this.#lines.size >= LINES_MAX && !this.#lines.has(viewerId)) {
      this.#refuse(viewerId, 'CREW_FULL', 'The studio takes no more of its crew now.');
      return;
    }
    if (asked.invite !== '') {
      const taken = people.takeInvite(asked.invite, asked.inviteProof, person);
      if (typeof taken !== 'string') {
        this.#refuse(viewerId, taken.code, taken.message);
        return;
      }
    }
    const member = people.memberOf(subject);
    // The key that took the invitation, and no other that claims the same subject.
    if (!member || member.publicKey !== publicKey) {
      this.#refuse(viewerId, 'NO_ROLE', 'This device is not of the crew. Ask for an invitation.');
      return;
    }
    const { role } = member;
    const own = newEphemeral(random);
    const line = joinLine('studio', own, terms, own.publicKey);
    if (!line) {
      this.#refuse(viewerId, 'BAD_KEY', 'This device gave a key that is none.');
      return;
    }
    this.#drop(viewerId);
    const opened = { ephemeralKey: own.publicKey, role };
    const signature = signOpened(terms, opened, key.secretKey);
    const channelKey = key.publicKey;
    this.#tell(viewerId, {
      case: 'staffOpened',
      value: create(StaffOpenedSchema, { ...opened, signature, channelKey }),
    });
    const inbox = createInbox();
    const entry: Open = { subject, line, inbox };
    this.#lines.set(viewerId, entry);
    this.counters.opened++;
    accept(this.#portOf(viewerId, entry), { role, subject });
  }

  frame(viewerId: string, frame: StaffFrame): void {
    const entry = this.#lines.get(viewerId);
    if (!entry) return;
    try {
      const whole = entry.line.open(frame);
      if (whole) entry.inbox.deliver(JSON.parse(new TextDecoder().decode(whole)));
    } catch {
      this.counters.broken++;
      this.#refuse(viewerId, 'LINE_BROKEN', 'A message was changed on its way; open a new line.');
      this.#drop(viewerId);
    }
  }

  get lineCount(): number {
    return this.#lines.size;
  }

  left(viewerId: string): void {
    this.#drop(viewerId);
  }

  everybodyLeft(): void {
    for (const viewerId of [...this.#lines.keys()]) this.#drop(viewerId);
  }

  close(): void {
    this.#unsubscribe();
    this.everybodyLeft();
  }

  #portOf(viewerId: string, { line, inbox }: Open): Port {
    return {
      send: (message) => {
        if (inbox.isClosed()) return;
        for (const piece of line.seal(new TextEncoder().encode(JSON.stringify(message)))) {
          this.#tell(viewerId, { case: 'staffFrame', value: create(StaffFrameSchema, piece) });
        }
      },
      onMessage: inbox.onMessage,
      onClose: inbox.onClose,
      close: () => {
        if (inbox.isClosed()) return;
        this.#refuse(viewerId, 'CLOSED', 'The studio closed this line.');
        this.#drop(viewerId);
      },
    };
  }

  #end(subject: string): void {
    const ended = [...this.#lines].filter(([, entry]) => entry.subject === subject);
    for (const [viewerId] of ended) {
      this.counters.revoked++;
      this.#refuse(viewerId, 'ROLE_REVOKED', 'Your role was taken back.');
    }
    // RPC forgets them before their ports close: what is still on its way is not done.
    this.#options.revoke(subject);
    for (const [viewerId] of ended) this.#drop(viewerId);
  }

  #drop(viewerId: string): void {
    const entry = this.#lines.get(viewerId);
    if (!entry) return;
    this.#lines.delete(viewerId);
    entry.inbox.closed();
  }

  #refuse(viewerId: string, code: string, message: string): void {
    this.counters.refused++;
    const value = create(StaffClosedSchema, { code, message });
    this.#tell(viewerId, { case: 'staffClosed', value });
  }

  #tell(viewerId: string, message: Answer): void {
    this.#options.deliver([viewerId], message);
  }
}
