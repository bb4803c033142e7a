// Proves chat and moderation over the real relay, ledger and RPC: what is said reaches everybody
// once, what is not allowed is refused or held with a reason, and a warning, time-out, ban and the
// shield hold for chat, bets and joining at once, over a second connection and a studio's restart.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { newId } from '../../core/base/ids.ts';
import { FIRST_ROOM_SETTINGS } from '../../core/contract/people.ts';
import { BetSchema, ChatSendSchema } from '../../core/wire/gen/facts_pb.js';
import type { Relay } from '../../relay/relay.ts';
import {
  clock,
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestViewer,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import { type PeopleStudio, startPeopleStudio } from '../../tests/harness/peopleStudio.ts';
import { act, rulesAt, startLedger, type TestLedger } from '../ledger/testLedger.ts';
import { type ChannelKey, openChannelKey } from '../upstream/channelKey.ts';

const folder = temporaryFolder();
const ledgerFolder = temporaryFolder();
const open: TestViewer[] = [];
let relay: Relay;
let ledger: TestLedger;
let studio: PeopleStudio;
let key: ChannelKey;
/** The studio's wall clock may be put forward: nobody waits for slow mode. */
let aheadMs = 0;

const start = () =>
  startPeopleStudio({
    ...{ relayUrl: relay.url, dataFolder: folder, key, ledger },
    wallMs: () => Date.now() + aheadMs,
  });

before(async () => {
  relay = await startTestRelay({ dataFolder: folder });
  ledger = await startLedger(ledgerFolder);
  key = await openChannelKey({ dataFolder: folder, random });
  studio = await start();
});

after(async () => {
  for (const one of open) one.close();
  await studio.close();
  await relay.close();
  ledger.close();
  removeFolder(folder);
  removeFolder(ledgerFolder);
});

async function join(secret = random(32), subject = randomHex(16)): Promise<TestViewer> {
  const viewer = new TestViewer(relay.url, key.channelId, secret, subject);
  open.push(viewer);
  await viewer.join();
  await viewer.take('chatList');
  return viewer;
}

function say(viewer: TestViewer, text: string, more: { replyTo?: bigint; chatId?: string } = {}) {
  const value = create(ChatSendSchema, { chatId: newId(random), text, ...more });
  viewer.send({ case: 'chatSend', value });
  return viewer.take('chatReply', ({ chatId }) => chatId === value.chatId);
}

const SPAM = { withNetwork: false, seconds: null, reason: 'spam' };
const owner = () => studio.owner.studio;

test('what is said reaches everybody once, with author, reply and mention', async () => {
  const [one, other] = [await join(), await join()];
  const first = await say(one, '  hello\u202e   there ');
  assert.equal(first.code, '');
  const heard = await other.take('chat', ({ number }) => number === first.number);
  assert.equal(heard.text, 'hello there');
  assert.match(heard.name, /^Guest-[0-9a-f]{5}$/);
  assert.equal(heard.author.includes(one.subject.slice(0, 8)), false);
  const reply = await say(other, `@${heard.name} indeed`, { replyTo: heard.number });
  const answer = await one.take('chat', ({ number }) => number === reply.number);
  assert.deepEqual([answer.replyTo, answer.mentions], [heard.number, [heard.author]]);
  // Sent again after a lost answer, it is the same message.
  const chatId = newId(random);
  const sent = await say(other, 'only once', { chatId });
  const again = await say(other, 'only once', { chatId });
  assert.deepEqual([again.number, again.code], [sent.number, '']);
  const said = (await owner().chat.list({ beforeNumber: null, limit: 50, heldOnly: false })).filter(
    ({ text }) => text === 'only once',
  );
  assert.equal(said.length, 1);
});

test('links, repeats, floods and bad words are refused or held, each with its reason', async () => {
  const viewer = await join();
  assert.equal((await say(viewer, 'see example dot com')).code, 'NO_LINKS');
  assert.equal((await say(viewer, 'same words')).code, '');
  assert.equal((await say(viewer, 'SAME words')).code, 'REPEATED');
  const watcher = await join();
  const mine = await say(watcher, 'you sh1t');
  assert.equal(mine.code, 'HELD');
  const held = await owner().chat.list({ beforeNumber: null, limit: 9, heldOnly: true });
  assert.deepEqual(
    held.map(({ number }) => number),
    [Number(mine.number)],
  );
  assert.equal(held[0]?.why, '“shit”');
  assert.equal(
    viewer.inbox.all.some(
      ({ message }) => message.case === 'chat' && message.value.number === mine.number,
    ),
    false,
  );
  await owner().chat.judge({ number: Number(mine.number), isSaid: true });
  await viewer.take('chat', ({ number }) => number === mine.number);
  await owner().chat.remove({ numbers: [Number(mine.number)] });
  assert.deepEqual((await viewer.take('chatGone')).numbers, [mine.number]);
  const codes = new Set<string>();
  for (let i = 0; i < 8; i++) codes.add((await say(viewer, `flood ${i}`)).code);
  assert.ok(codes.has('RATE_LIMITED'));
});

test('slow mode holds between two messages of one person and not of two', async () => {
  await owner().people.configure({ settings: { ...FIRST_ROOM_SETTINGS, slowSeconds: 20 } });
  const [one, other] = [await join(), await join()];
  assert.equal((await say(one, 'first')).code, '');
  assert.equal((await say(other, 'mine')).code, '');
  const slow = await say(one, 'second');
  assert.equal(slow.code, 'SLOW_MODE');
  aheadMs += 21_000;
  assert.equal((await say(one, 'third')).code, '');
  await owner().people.configure({ settings: FIRST_ROOM_SETTINGS });
});

test('a warning reaches its person; a time-out ends chat and nothing else', async () => {
  const [viewer, tab] = await (async () => {
    const secret = random(32);
    const first = await join(secret);
    return [first, await join(secret, first.subject)];
  })();
  const { subject } = viewer;
  await owner().people.warn({ subject, reason: 'be kind' });
  for (const one of [viewer, tab]) {
    assert.equal((await one.take('standing', ({ notice }) => notice !== '')).notice, 'be kind');
  }
  await owner().people.timeOut({ subject, seconds: 60, reason: 'calm down' });
  const standing = await viewer.take('standing', ({ timedOutMs }) => timedOutMs > 0n);
  assert.ok(standing.timedOutMs <= 60_000n);
  const refused = await say(viewer, 'but why');
  assert.equal(refused.code, 'TIMED_OUT');
  assert.match(refused.message, /calm down/);
  const betId = viewer.bet('no-such-market');
  assert.equal(
    (await viewer.take('betReply', (reply) => reply.betId === betId)).code,
    'UNKNOWN_MARKET',
  );
  const { sanctions } = await owner().people.show({});
  const sanctionId =
    sanctions.find(({ kind, ...one }) => kind === 'timeOut' && one.subject === subject)
      ?.sanctionId ?? '';
  await owner().people.lift({ sanctionId, reason: 'enough' });
  assert.equal((await say(viewer, 'thank you')).code, '');
});

test('a ban ends every connection, holds at the next one and over a restart of the studio', async () => {
  await owner().people.configure({
    settings: { ...FIRST_ROOM_SETTINGS, appeal: 'Write to a@b.example' },
  });
  const secret = random(32);
  const viewer = await join(secret);
  const { subject } = viewer;
  const tab = await join(secret, subject);
  const bystander = await join();
  const said = await say(viewer, 'something bad');
  await owner().people.ban({ subject, withNetwork: false, seconds: null, reason: 'spam' });
  for (const one of [viewer, tab]) {
    const refused = await one.take('refused');
    assert.equal(refused.code, 'BANNED');
    assert.match(refused.message, /spam — Write to a@b.example/);
    await one.closed;
  }
  assert.ok((await bystander.take('chatGone')).numbers.includes(said.number));
  const back = new TestViewer(relay.url, key.channelId, secret, subject);
  await back.hello();
  assert.equal((await back.take('refused')).code, 'BANNED');
  const bettor = (await ledger.client.bettors(50)).find((one) => one.subject === subject);
  assert.equal(bettor?.isBanned, true);

  await studio.close();
  studio = await start();
  const after = new TestViewer(relay.url, key.channelId, secret, subject);
  await after.hello();
  assert.equal((await after.take('refused')).code, 'BANNED');
  const { sanctions } = await owner().people.show({});
  for (const one of sanctions.filter((one) => one.subject === subject)) {
    await owner().people.lift({ sanctionId: one.sanctionId, reason: 'appeal' });
  }
  const free = await join(secret, subject);
  assert.equal((await say(free, 'I am back')).code, '');
});

test('a ban of a network holds for new guests from there, and no address is kept', async () => {
  const viewer = await join();
  await owner().people.ban({
    subject: viewer.subject,
    withNetwork: true,
    seconds: 60,
    reason: 'raid',
  });
  await viewer.closed;
  const guest = new TestViewer(relay.url, key.channelId);
  await guest.hello();
  assert.equal((await guest.take('refused')).code, 'BANNED');
  const picture = await fetch(`${relay.url}/whep/${key.channelId}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/sdp' },
    body: 'v=0',
  });
  assert.equal(picture.status, 403);
  const stream = new WebSocket(`${relay.url.replace('http', 'ws')}/stream/${key.channelId}`);
  const opened = await new Promise((done) => {
    stream.onopen = () => done(true);
    stream.onerror = () => done(false);
  });
  assert.equal(opened, false);
  const kept = readFileSync(joinPath(folder, 'people.json'), 'utf8');
  assert.doesNotMatch(kept, /127\.0\.0/);
  // Its time runs out by itself.
  aheadMs += 61_000;
  const later = await (async () => {
    for (;;) {
      const next = new TestViewer(relay.url, key.channelId);
      await next.hello();
      const word = await next.inbox.take(({ message }) =>
        ['welcome', 'refused'].includes(message.case ?? ''),
      );
      if (word.message.case === 'welcome') return next;
      await next.closed;
    }
  })();
  open.push(later);
});

test('the shield is one act, and its end leaves all as it was', async () => {
  const settings = { ...FIRST_ROOM_SETTINGS, slowSeconds: 5, areLinksAllowed: true };
  await owner().people.configure({ settings });
  const viewer = await join();
  const atUs = clock.nowUs();
  const { market } = await ledger.client.openMarket({
    ...act('shielded', 'open-shielded', atUs),
    ...{ rules: rulesAt(atUs), reason: 'test' },
  });
  const betId = viewer.bet(market.id, 10);
  assert.equal((await viewer.take('betReply', (reply) => reply.betId === betId)).code, '');
  await owner().people.setShield({ isOn: true });
  const rules = await viewer.take('roomRules', ({ isShielded }) => isShielded);
  assert.deepEqual([rules.slowSeconds, rules.linksAllowed, rules.signedInOnly], [30, false, true]);
  assert.match(studio.show.view().bettingSuspended, /suspended by the moderators/);
  assert.equal((await say(viewer, 'hello')).code, 'SIGN_IN');
  const refused = viewer.bet(market.id, 10);
  assert.equal((await viewer.take('betReply', (reply) => reply.betId === refused)).code, 'SIGN_IN');
  // A bet that was taken before is told as taken, whatever holds now.
  viewer.bet(market.id, 10, betId);
  const known = await viewer.take('betReply', (reply) => reply.betId === betId);
  assert.deepEqual([known.code, known.pendingKnown], ['', true]);
  await owner().people.setShield({ isOn: false });
  const after = await viewer.take('roomRules', ({ isShielded }) => !isShielded);
  assert.deepEqual([after.slowSeconds, after.linksAllowed, after.signedInOnly], [5, true, false]);
  assert.equal(studio.show.view().bettingSuspended, '');
  assert.equal((await say(viewer, 'https://fine.example/now')).code, '');
});

test('the leaderboard: who signed in, by the ledger’s figures; a ban takes one out of it', async () => {
  const [ann, guest] = [await join(), await join()];
  const atUs = clock.nowUs();
  const { market } = await ledger.client.openMarket({
    ...act('ranked', 'open-ranked', atUs),
    ...{ rules: rulesAt(atUs), reason: 'test' },
  });
  for (const [viewer, outcome] of [[ann, 0] as const, [guest, 1] as const]) {
    const betId = newId(random);
    viewer.send({
      case: 'bet',
      value: create(BetSchema, { betId, marketId: market.id, outcome, amountMinor: 200n }),
    });
    assert.equal((await viewer.take('betReply', (reply) => reply.betId === betId)).code, '');
  }
  const decide = {
    ...act(market.id, 'decide-ranked', clock.nowUs()),
    reason: 'so',
    evidence: null,
  };
  await ledger.client.resolveMarket({ ...decide, outcome: 0 });
  const [settled] = await ledger.client.history(ann.subject, 1);
  assert.ok(settled?.result === 'WON');
  studio.rooms.leaderboard.settled(settled);
  const { people } = studio.rooms;
  // She bet as a guest; signing in reads back what the ledger settled for her.
  people.signIn(ann.subject, 'cd'.repeat(32), 'Ann');
  studio.rooms.leaderboard.signedIn(ann.subject);
  const { author } = await ann.take('standing', ({ isSignedIn }) => isSignedIn);
  const told = await guest.take('leaderboard', ({ rows }) => rows.length > 0);
  const netMinor = BigInt(settled.paidMinor - settled.amountMinor);
  assert.ok(netMinor > 0n);
  assert.deepEqual(
    told.rows.map((row) => [row.name, row.netMinor, row.bets, row.authors]),
    [['Ann', netMinor, 1, [author]]],
  );
  const late = await join();
  assert.equal((await late.take('leaderboard')).rows.length, 1, 'who comes later hears it too');
  await owner().people.ban({ ...SPAM, subject: ann.subject });
  assert.equal((await late.take('leaderboard')).rows.length, 0);
});

test('a moderator acts on viewers, and on nobody of the crew', async () => {
  const crew = { role: 'moderator', actor: 'moderator-1' } as const;
  const { people } = studio.rooms;
  const inviteId = newId(random);
  const link = await people.invite({ inviteId, role: 'moderator', uses: 1, minutes: 1 }, relay.url);
  const member = await join();
  const { readFragment, proveInvite } = await import('../../core/people/invite.ts');
  const found = readFragment(new URL(link).hash);
  assert.ok(found);
  const taker = { subject: member.subject, publicKey: member.key.publicKey };
  const proof = proveInvite(found.invite, found.inviteSecret, taker) ?? '';
  assert.equal(people.takeInvite(found.invite, proof, taker), 'moderator');
  const args = { subject: member.subject, seconds: 5, reason: 'no' };
  await assert.rejects(people.timeOut(crew, args), /of the crew/);
  await people.timeOut({ role: 'owner', actor: 'owner' }, args);
});

test('a log-in that is banned is banned on every device of it', async () => {
  const [one, other] = [await join(), await join()];
  studio.rooms.people.signIn(one.subject, 'ab'.repeat(32), 'Eve');
  await owner().people.ban({ ...SPAM, subject: one.subject });
  await one.closed;
  studio.rooms.people.signIn(other.subject, 'ab'.repeat(32), 'Eve again');
  assert.equal((await other.take('refused')).code, 'BANNED');
  await other.closed;
});

test('more bans than one message holds: the relay has the newest, the studio all', async () => {
  const oldest = { secret: random(32), subject: randomHex(16) };
  await studio.close();
  const path = joinPath(folder, 'people.json');
  const kept = JSON.parse(readFileSync(path, 'utf8'));
  const ban = (subject: string) => ({
    ...{ sanctionId: randomHex(16), kind: 'ban', subject, network: '', identity: '' },
    ...{ fromMs: 1, untilMs: 0, reason: 'é'.repeat(300), actor: 'owner', isBooked: true },
  });
  const newest = randomHex(16);
  const many = Array.from({ length: 3_900 }, () => ban(randomHex(16)));
  const before = kept.sanctions;
  kept.sanctions = [ban(oldest.subject), ...many, ban(newest)];
  writeFileSync(path, JSON.stringify(kept));
  studio = await start();
  assert.equal(studio.socket.state.state, 'connected');
  const late = new TestViewer(relay.url, key.channelId, random(32), newest);
  await late.hello();
  assert.equal((await late.take('refused')).code, 'BANNED', 'by the relay');
  const old = new TestViewer(relay.url, key.channelId, oldest.secret, oldest.subject);
  await old.join();
  assert.equal((await old.take('refused')).code, 'BANNED', 'by the studio');
  await old.closed;
  assert.equal(studio.socket.state.state, 'connected');
  await studio.close();
  writeFileSync(path, JSON.stringify({ ...kept, sanctions: before }));
  studio = await start();
});

test('signals of fraud show who and why, and change nothing', async () => {
  await owner().people.configure({ settings: FIRST_ROOM_SETTINGS });
  const atUs = clock.nowUs();
  const { market } = await ledger.client.openMarket({
    ...act('odd', 'open-odd', atUs),
    ...{ rules: rulesAt(atUs), reason: 'test' },
  });
  const crowd: string[] = [];
  for (let at = 0; at < 5; at++) {
    const viewer = await join();
    crowd.push(viewer.subject);
    const betId = viewer.bet(market.id, 10);
    const reply = await viewer.take('betReply', (one) => one.betId === betId);
    assert.equal(reply.code, '');
  }
  const signals = await owner().people.signals({});
  const found = signals.find(({ kind }) => kind === 'sameNetwork');
  assert.ok(crowd.every((subject) => found?.subjects.includes(subject)));
  assert.ok((found?.evidence.length ?? 0) >= 5);
  const { sanctions } = await owner().people.show({});
  assert.equal(
    sanctions.some(({ subject }) => crowd.includes(subject)),
    false,
  );
});

test('chat is kept for its days and no longer', async () => {
  const viewer = await join();
  await say(viewer, 'kept for a while');
  await studio.close();
  const files = () => readdirSync(joinPath(folder, 'chat'));
  assert.ok(files().length > 0);
  aheadMs += 9 * 86_400_000;
  studio = await start();
  assert.deepEqual(files(), []);
});
