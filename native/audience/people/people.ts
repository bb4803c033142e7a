// The studio's word on people: who is of the crew, who was warned, timed out or banned, what holds
// for everybody. It is the authority for its channel; the relay enforces what is told here, on
// every node at once, and forgets the rest. Authority belongs to a role that was given by a signed
// invitation, and ends the moment it is taken back.

import type { Timers } from '../../../core/base/clock.ts';
import { newId, type RandomBytes, toHex } from '../../../core/base/ids.ts';
import { createSignal, type Subscribe } from '../../../core/base/signal.ts';
import type { PeopleView, RoomSettings } from '../../../core/contract/people.ts';
import type { Role } from '../../../core/contract/roles.ts';
import { RpcError } from '../../../core/contract/rpc.ts';
import {
  type InvitedRole,
  inviteFragment,
  isInviteProved,
  readInvite,
  signInvite,
} from '../../../core/people/invite.ts';
import { type KeyPair, keyPairOf } from '../../../core/wire/signing.ts';
import { crewNameOf, nameCrew } from './crewNotes.ts';
import type { KeptMember, KeptSanction, PeopleFile } from './peopleFile.ts';

/** Sanctions, invitations and members held at once; the oldest warnings go first. */
const SANCTIONS_MAX = 4_000;
const INVITES_MAX = 200;
const MEMBERS_MAX = 200;
/** Log-ins remembered; whoever came longest ago signs in again. */
const SIGN_INS_MAX = 20_000;
/** What the relay is told goes in one message of 1 MiB at most; older bans are enforced here. */
const BARRED_CHARACTERS_MAX = 600_000;
const BARRED_ENTRY_CHARACTERS = 120;
/** A log-in is forgotten so long after the last visit, ms. */
const SIGN_IN_MS = 30 * 86_400_000;
/** Warnings are remembered for those who come back, ms. */
const WARNING_MS = 30 * 86_400_000;
/** The key of the networks' hashes is renewed after this, ms, once no ban rests on it. */
const NETWORK_KEY_MS = 14 * 86_400_000;
/** A network ban may not hold longer: the key would have to live with it. */
export const NETWORK_BAN_MS_MAX = 14 * 86_400_000;
const HOUSEKEEPING_MS = 1_000;

/** Somebody whose key the ledger knows to be that of the subject. */
export type PersonHere = { viewerId: string; subject: string; publicKey: string; network: string };

/** Who acts: the role of the connection, and a name for the record. */
export type Actor = { role: Role; actor: string; subject?: string };

export type PeopleOptions = {
  file: PeopleFile;
  key: KeyPair & { channelId: string };
  random: RandomBytes;
  wallMs(): number;
  timers: Timers;
  /** The ledger refuses bets of a banned subject, and takes none of the crew. */
  book: {
    ban(actor: Actor, args: { subject: string; isBanned: boolean; reason: string }): Promise<void>;
    staff(actor: Actor, args: { subject: string; isStaff: boolean; reason: string }): Promise<void>;
  };
};

type SignInKept = PeopleFile['people']['signIns'][number];

export type Banned = { code: 'BANNED' | 'TIMED_OUT'; message: string };

/** The crew, sanctions, log-ins and rules of one channel. */
export class People {
  readonly #options: PeopleOptions;
  readonly #here = new Map<string, PersonHere>();
  /** By subject; insertion order is age. */
  readonly #signIns: Map<string, SignInKept>;
  readonly #signals = {
    changed: createSignal<[endViewers: readonly string[]]>(),
    standing: createSignal<[subject: string, notice: string]>(),
    roleEnded: createSignal<[subject: string]>(),
    rules: createSignal<[]>(),
  };
  /** What the relay must know changed; these connections end now. */
  readonly onChanged: Subscribe<[endViewers: readonly string[]]> = this.#signals.changed.subscribe;
  /** A person's standing changed; `notice` is a word to them. */
  readonly onStanding: Subscribe<[subject: string, notice: string]> =
    this.#signals.standing.subscribe;
  readonly onRoleEnded: Subscribe<[subject: string]> = this.#signals.roleEnded.subscribe;
  readonly onRules: Subscribe<[]> = this.#signals.rules.subscribe;
  /** Lifted bans that the ledger has not heard of. */
  readonly #unbanDue = new Set<string>();
  readonly #stop: () => void;

  constructor(options: PeopleOptions) {
    this.#options = options;
    this.#signIns = new Map(options.file.people.signIns.map((one) => [one.subject, one]));
    this.#stop = options.timers.every(HOUSEKEEPING_MS, () => this.#expire());
  }

  close(): void {
    this.#stop();
  }

  get #kept() {
    return this.#options.file.people;
  }

  get settings(): RoomSettings {
    return this.#kept.settings;
  }

  get isShielded(): boolean {
    return this.#kept.isShielded;
  }

  get networkKey(): string {
    return this.#kept.networkKey;
  }

  // ---- who is here ----

  came(person: PersonHere): void {
    const signIn = this.#signIns.get(person.subject);
    if (signIn) signIn.atMs = this.#nowMs();
    this.#here.set(person.viewerId, person);
  }

  left(viewerId: string): void {
    this.#here.delete(viewerId);
  }

  everybodyLeft(): void {
    this.#here.clear();
  }

  personOf(viewerId: string): PersonHere | undefined {
    return this.#here.get(viewerId);
  }

  connectionsOf(subject: string): string[] {
    return [...this.#here.values()]
      .filter((person) => person.subject === subject)
      .map(({ viewerId }) => viewerId);
  }

  everybodyHere(): Iterable<PersonHere> {
    return this.#here.values();
  }

  roleOf(subject: string): Role {
    return this.#kept.members.find((member) => member.subject === subject)?.role ?? 'viewer';
  }

  memberOf(subject: string): KeptMember | undefined {
    return this.#kept.members.find((member) => member.subject === subject);
  }

  // ---- invitations and roles ----

  /** Makes an invitation; the link holds a secret that is kept nowhere here. */
  async invite(
    args: {
      inviteId: string;
      role: InvitedRole;
      name?: string | undefined;
      uses: number;
      minutes: number;
    },
    viewerUrl: string,
  ): Promise<string> {
    const { inviteId, role, name = '', uses, minutes } = args;
    const { key, random, wallMs } = this.#options;
    if (viewerUrl === '') {
      throw new RpcError('unavailable', 'There is no link yet: the relay is away. Try again.');
    }
    const kept = this.#kept;
    kept.invites = kept.invites.filter((invite) => this.#isOpen(invite));
    if (kept.invites.length >= INVITES_MAX) {
      throw new RpcError('refused', `At most ${INVITES_MAX} invitations; take one back first.`);
    }
    if (kept.invites.some((invite) => invite.inviteId === inviteId)) {
      throw new RpcError('refused', 'This invitation was made already; its link is shown once.');
    }
    const pair = keyPairOf(random(32));
    const expiresMs = wallMs() + minutes * 60_000;
    const { channelId } = key;
    const terms = { inviteId, channelId, role, uses, expiresMs, inviteKey: pair.publicKey };
    kept.invites.push({ inviteId, role, name, uses, used: 0, expiresMs, isRevoked: false });
    await this.#keep();
    return `${viewerUrl}#${inviteFragment(signInvite(terms, key.secretKey), pair.secretKey)}`;
  }

  /**
   * Takes an invitation for a device that proved to hold its link.
   *
   * @returns the role, or why not
   */
  takeInvite(
    text: string,
    proof: string,
    taker: { subject: string; publicKey: string },
  ): InvitedRole | { code: string; message: string } {
    const read = readInvite(text, this.#options.key.publicKey);
    if (!read || !isInviteProved(read, proof, taker)) {
      return { code: 'BAD_INVITE', message: 'This is no invitation of this show.' };
    }
    const invite = this.#kept.invites.find((known) => known.inviteId === read.inviteId);
    const member = this.memberOf(taker.subject);
    if (member && member.inviteId === read.inviteId) return member.role;
    if (!invite || !this.#isOpen(invite)) {
      const message = 'This invitation was used up, taken back, or is too old. Ask for another.';
      return { code: 'INVITE_OVER', message };
    }
    if (this.banOf(taker.subject, '')) {
      return { code: 'BANNED', message: 'Who is banned cannot help to run the show.' };
    }
    if (!member && this.#kept.members.length >= MEMBERS_MAX) {
      return { code: 'CREW_FULL', message: `The crew has ${MEMBERS_MAX} people already.` };
    }
    invite.used++;
    const { subject, publicKey } = taker;
    const { role, name, inviteId } = invite;
    const others = this.#kept.members.filter((known) => known.subject !== subject);
    const sinceMs = this.#options.wallMs();
    this.#kept.members = [...others, { subject, publicKey, role, name, inviteId, sinceMs }];
    nameCrew(this.#kept, subject, name);
    this.#keepLater();
    this.#bookStaff(subject, true, `took an invitation as ${role}`);
    this.#signals.standing.emit(subject, '');
    return role;
  }

  /** What the owner called somebody of the crew, by the pseudonym under which they act. */
  crewNameOf(actor: string): string {
    return crewNameOf(this.#kept, actor);
  }

  async revokeInvite(inviteId: string, withRoles: boolean): Promise<void> {
    const invite = this.#kept.invites.find((known) => known.inviteId === inviteId);
    const members = this.#kept.members.filter((member) => member.inviteId === inviteId);
    if (!invite && members.length === 0) {
      throw new RpcError('notFound', 'There is no such invitation.');
    }
    if (invite) invite.isRevoked = true;
    if (withRoles) for (const { subject } of members) this.#endRole(subject, 'invitation revoked');
    await this.#keep();
  }

  async revokeRole(subject: string, reason: string): Promise<void> {
    if (!this.memberOf(subject)) throw new RpcError('notFound', 'That person is not of the crew.');
    this.#endRole(subject, reason);
    await this.#keep();
  }

  #endRole(subject: string, reason: string): void {
    this.#kept.members = this.#kept.members.filter((member) => member.subject !== subject);
    this.#signals.roleEnded.emit(subject);
    this.#signals.changed.emit(this.connectionsOf(subject));
    this.#bookStaff(subject, false, reason);
  }

  #isOpen(invite: { expiresMs: number; used: number; uses: number; isRevoked: boolean }): boolean {
    const { expiresMs, used, uses, isRevoked } = invite;
    return !isRevoked && used < uses && expiresMs > this.#options.wallMs();
  }

  // ---- sanctions ----

  async warn(actor: Actor, args: { subject: string; reason: string }): Promise<void> {
    this.#mustOutrank(actor, args.subject);
    this.#add(actor, { ...args, kind: 'warn', network: '', untilMs: this.#nowMs() + WARNING_MS });
    this.#signals.standing.emit(args.subject, args.reason);
    await this.#keep();
  }

  async timeOut(
    actor: Actor,
    args: { subject: string; seconds: number; reason: string },
  ): Promise<void> {
    const { subject, seconds, reason } = args;
    this.#mustOutrank(actor, subject);
    const untilMs = this.#nowMs() + seconds * 1000;
    this.#add(actor, { kind: 'timeOut', subject, network: '', untilMs, reason });
    this.#signals.changed.emit([]);
    this.#signals.standing.emit(subject, reason);
    await this.#keep();
  }

  async ban(
    actor: Actor,
    args: { subject: string; withNetwork: boolean; seconds: number | null; reason: string },
  ): Promise<void> {
    const { subject, withNetwork, seconds, reason } = args;
    this.#mustOutrank(actor, subject);
    const network = withNetwork ? this.#networkOf(subject) : '';
    if (withNetwork && network === '') {
      const words = 'Their network is known only while they are here. Ban without it.';
      throw new RpcError('notFound', words);
    }
    const nowMs = this.#nowMs();
    const untilMs = seconds === null ? 0 : nowMs + seconds * 1000;
    const ends = { kind: 'ban', subject, reason } as const;
    if (network !== '') {
      // The person may stay banned for longer than their network.
      const networkMs = Math.min(untilMs || Number.POSITIVE_INFINITY, nowMs + NETWORK_BAN_MS_MAX);
      this.#add(actor, { ...ends, network, untilMs: networkMs });
    }
    this.#add(actor, { ...ends, network: '', untilMs });
    if (this.memberOf(subject)) this.#endRole(subject, reason);
    this.#signals.changed.emit([]);
    await this.#keep();
    await this.bookBans(actor);
  }

  async lift(actor: Actor, sanctionId: string, reason: string): Promise<void> {
    const found = this.#kept.sanctions.find((sanction) => sanction.sanctionId === sanctionId);
    if (!found) throw new RpcError('notFound', 'That does not hold any more.');
    await this.#liftAll(actor, [found], reason);
  }

  /** Takes back every ban of a person. */
  async unban(actor: Actor, subject: string, reason: string): Promise<void> {
    const bans = this.#kept.sanctions.filter(
      (sanction) => sanction.kind === 'ban' && sanction.subject === subject,
    );
    await this.#liftAll(actor, bans, reason);
    // Bans from before this file are the ledger's alone.
    if (bans.length === 0) {
      await this.#options.book.ban(actor, { subject, isBanned: false, reason });
    }
  }

  /** Why this person may not join or bet now; null when nothing holds. */
  banOf(subject: string, network: string): Banned | null {
    const nowMs = this.#nowMs();
    const identity = this.identityOf(subject);
    const found = this.#kept.sanctions.find(
      (sanction) =>
        sanction.kind === 'ban' &&
        !isOver(sanction, nowMs) &&
        (sanction.network !== ''
          ? sanction.network === network
          : sanction.subject === subject || (identity !== '' && sanction.identity === identity)),
    );
    return found ? { code: 'BANNED', message: this.#words(found) } : null;
  }

  timeOutOf(subject: string): (Banned & { leftMs: number }) | null {
    const nowMs = this.#nowMs();
    const found = this.#kept.sanctions.find(
      (sanction) =>
        sanction.kind === 'timeOut' && sanction.subject === subject && !isOver(sanction, nowMs),
    );
    if (!found) return null;
    return { code: 'TIMED_OUT', message: this.#words(found), leftMs: found.untilMs - nowMs };
  }

  /** Bans that the ledger has not heard of yet, again; called whenever it is back. */
  async bookBans(actor: Actor): Promise<void> {
    for (const subject of [...this.#unbanDue]) await this.#unbook(actor, subject, 'lifted before');
    const due = this.#kept.sanctions.filter(({ kind, isBooked }) => kind === 'ban' && !isBooked);
    for (const sanction of due) {
      const { subject, reason } = sanction;
      await this.#options.book.ban(actor, { subject, isBanned: true, reason });
      sanction.isBooked = true;
    }
    if (due.length > 0) await this.#keep();
  }

  /** What holds now, for the relay, newest first. */
  barred(): {
    subject: string;
    network: string;
    chatOnly: boolean;
    leftMs: number;
    message: string;
  }[] {
    const nowMs = this.#nowMs();
    const holding = this.#kept.sanctions
      .filter((sanction) => sanction.kind !== 'warn' && !isOver(sanction, nowMs))
      .reverse();
    let left = BARRED_CHARACTERS_MAX;
    return holding.flatMap((sanction) => {
      const message = this.#words(sanction);
      left -= message.length * 3 + BARRED_ENTRY_CHARACTERS;
      if (left < 0) return [];
      const leftMs = sanction.untilMs === 0 ? 0 : sanction.untilMs - nowMs;
      const chatOnly = sanction.kind === 'timeOut';
      const one = { chatOnly, leftMs, message };
      if (sanction.network !== '') return [{ ...one, subject: '', network: sanction.network }];
      return this.#subjectsOf(sanction).map((subject) => ({ ...one, subject, network: '' }));
    });
  }

  // ---- log-ins, shield, settings ----

  signIn(subject: string, identity: string, name: string): void {
    this.#signIns.delete(subject);
    this.#signIns.set(subject, { subject, identity, name, atMs: this.#nowMs() });
    for (const oldest of this.#signIns.keys()) {
      if (this.#signIns.size <= SIGN_INS_MAX) break;
      this.#signIns.delete(oldest);
    }
    this.#keepLater();
    this.#signals.standing.emit(subject, '');
    // Somebody who is banned under this log-in is banned on this device, too.
    if (this.banOf(subject, '')) this.#signals.changed.emit([]);
  }

  signOut(subject: string): void {
    if (!this.#signIns.delete(subject)) return;
    this.#keepLater();
    this.#signals.standing.emit(subject, '');
  }

  isSignedIn(subject: string): boolean {
    return this.identityOf(subject) !== '';
  }

  nameOf(subject: string): string {
    return this.#signIns.get(subject)?.name ?? '';
  }

  async setShield(isOn: boolean): Promise<void> {
    this.#kept.isShielded = isOn;
    this.#signals.rules.emit();
    await this.#keep();
  }

  async configure(settings: RoomSettings): Promise<void> {
    this.#kept.settings = settings;
    this.#signals.rules.emit();
    this.#signals.changed.emit([]);
    await this.#keep();
  }

  view(): PeopleView {
    const { settings, isShielded, members, invites, sanctions } = this.#kept;
    const here = new Set([...this.#here.values()].map(({ subject }) => subject));
    return {
      settings,
      isShielded,
      members: members.map(({ subject, role, name, sinceMs, inviteId }) => ({
        ...{ subject, role, name, sinceMs, inviteId },
        isHere: here.has(subject),
      })),
      invites: invites
        .filter((invite) => this.#isOpen(invite))
        .map(({ isRevoked: _open, ...invite }) => invite),
      sanctions: sanctions
        .map(({ network, identity: _hidden, isBooked: _booked, ...sanction }) => ({
          ...sanction,
          isNetwork: network !== '',
        }))
        .reverse(),
    };
  }

  // ---- inside ----

  #nowMs(): number {
    return this.#options.wallMs();
  }

  #keep(): Promise<void> {
    this.#kept.signIns = [...this.#signIns.values()];
    return this.#options.file.keep().catch((cause: unknown) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new RpcError('unavailable', `It holds, but not over a restart of the studio: ${why}`);
    });
  }

  #keepLater(): void {
    // The next change writes all of it again.
    this.#keep().catch(() => {});
  }

  #add(
    actor: Actor,
    args: Pick<KeptSanction, 'kind' | 'subject' | 'network' | 'untilMs' | 'reason'>,
  ): void {
    const kept = this.#kept;
    if (kept.sanctions.length >= SANCTIONS_MAX) {
      const oldest = kept.sanctions.findIndex(({ kind }) => kind === 'warn');
      if (oldest < 0) throw new RpcError('refused', 'Too many people are banned; lift some.');
      kept.sanctions.splice(oldest, 1);
    }
    kept.sanctions.push({
      ...args,
      sanctionId: newId(this.#options.random),
      identity: this.identityOf(args.subject),
      fromMs: this.#nowMs(),
      actor: actor.actor.slice(0, 80),
      isBooked: args.network !== '',
    });
  }

  async #liftAll(actor: Actor, lifted: readonly KeptSanction[], reason: string): Promise<void> {
    const kept = this.#kept;
    kept.sanctions = kept.sanctions.filter((sanction) => !lifted.includes(sanction));
    this.#signals.changed.emit([]);
    for (const { subject, kind } of lifted) {
      this.#signals.standing.emit(subject, '');
      const stays = kept.sanctions.some((one) => one.kind === 'ban' && one.subject === subject);
      if (kind === 'ban' && !stays) await this.#unbook(actor, subject, reason);
    }
    await this.#keep();
  }

  /** Tells the ledger; one that is away hears it when it is back. */
  async #unbook(actor: Actor, subject: string, reason: string): Promise<void> {
    this.#unbanDue.add(subject);
    await this.#options.book.ban(actor, { subject, isBanned: false, reason });
    this.#unbanDue.delete(subject);
  }

  #expire(): void {
    const nowMs = this.#nowMs();
    const kept = this.#kept;
    for (const [subject, { atMs }] of this.#signIns) {
      if (nowMs - atMs > SIGN_IN_MS) this.signOut(subject);
    }
    const over = kept.sanctions.filter((sanction) => isOver(sanction, nowMs));
    if (over.length > 0) {
      const actor: Actor = { role: 'owner', actor: 'clock' };
      // A ledger that is away hears it when it is back.
      this.#liftAll(actor, over, 'its time is over').catch(() => {});
    }
    const restsOnKey = kept.sanctions.some(({ network }) => network !== '');
    if (restsOnKey || nowMs - kept.networkKeySinceMs < NETWORK_KEY_MS) return;
    kept.networkKey = toHex(this.#options.random(32));
    kept.networkKeySinceMs = nowMs;
    this.#signals.changed.emit([]);
    this.#keepLater();
  }

  #networkOf(subject: string): string {
    for (const person of this.#here.values()) {
      if (person.subject === subject && person.network !== '') return person.network;
    }
    return '';
  }

  /** The log-in of a subject; empty for a guest. */
  identityOf(subject: string): string {
    return this.#signIns.get(subject)?.identity ?? '';
  }

  /** The person, and their other devices with the same log-in. */
  #subjectsOf({ subject, identity }: KeptSanction): string[] {
    if (identity === '') return [subject];
    const others = [...this.#signIns.values()].filter((one) => one.identity === identity);
    return [...new Set([subject, ...others.map((one) => one.subject)])];
  }

  #words({ kind, reason }: KeptSanction): string {
    const { appeal } = this.#kept.settings;
    const what = kind === 'ban' ? 'You are banned from this show' : 'You cannot chat for now';
    return `${what}: ${reason}${appeal === '' ? '' : ` — ${appeal}`}`;
  }

  /** Nobody acts on who stands as high as they do. */
  #mustOutrank(actor: Actor, subject: string): void {
    if (RANK[actor.role] > RANK[this.roleOf(subject)]) return;
    throw new RpcError('forbidden', 'That person is of the crew; the owner takes the role back.');
  }

  #bookStaff(subject: string, isStaff: boolean, reason: string): void {
    const actor: Actor = { role: 'owner', actor: 'invitation' };
    // The ledger was away: its mark can be set by hand; the role stands without it.
    this.#options.book.staff(actor, { subject, isStaff, reason }).catch(() => {});
  }
}

const RANK: Readonly<Record<Role, number>> = {
  owner: 3,
  coHost: 2,
  moderator: 1,
  vision: 0,
  viewer: 0,
};

function isOver({ untilMs }: KeptSanction, nowMs: number): boolean {
  return untilMs !== 0 && untilMs <= nowMs;
}
