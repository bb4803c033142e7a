// Proves how people help to run a show from elsewhere, with nothing replaced: invitations signed by
// the channel's key, taken by devices over the real relay, the studio's own RPC under the role
// that was given and no other, and a role that is taken back in the middle of a connection. The
// relay is also played by an attacker who changes, repeats and invents what it carries.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { newId } from '../../core/base/ids.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import { BetSchema, StaffFrameSchema } from '../../core/wire/gen/facts_pb.js';
import type { Relay } from '../../relay/relay.ts';
import {
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestViewer,
  temporaryFolder,
} from '../../relay/testing/harness.ts';
import {
  type PeopleStudio,
  RemoteCrew,
  startPeopleStudio,
} from '../../tests/harness/peopleStudio.ts';
import { startLedger, type TestLedger } from '../ledger/testLedger.ts';
import { openChannelKey } from '../upstream/channelKey.ts';

const folder = temporaryFolder();
const ledgerFolder = temporaryFolder();
const open: { close(): void }[] = [];
let relay: Relay;
let ledger: TestLedger;
let studio: PeopleStudio;

before(async () => {
  relay = await startTestRelay({ dataFolder: folder });
  ledger = await startLedger(ledgerFolder);
  const key = await openChannelKey({ dataFolder: folder, random });
  studio = await startPeopleStudio({
    ...{ relayUrl: relay.url, dataFolder: folder, key, ledger },
    withMarkets: true,
  });
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
  const viewer = new TestViewer(relay.url, studio.key.channelId, secret, subject);
  open.push(viewer);
  await viewer.join();
  // Its standing is told once the ledger knows its key.
  await viewer.take('standing');
  return viewer;
}

async function invite(
  role: 'coHost' | 'moderator' = 'moderator',
  uses = 1,
  minutes = 10,
  name = '',
) {
  const inviteId = newId(random);
  const offer = { inviteId, role, uses, minutes, name };
  const { link } = await studio.owner.studio.people.invite(offer);
  return { inviteId, link };
}

async function enter(link: string | null, viewer?: TestViewer): Promise<RemoteCrew> {
  const crew = new RemoteCrew(viewer ?? (await join()), link);
  open.push(crew);
  await crew.settled;
  return crew;
}

const refusedWith = (code: string) => (error: unknown) =>
  error instanceof RpcError && error.code === code;

test('a moderator from elsewhere acts as one, and not as the owner', async () => {
  const { link } = await invite();
  assert.ok(
    link.startsWith(`${relay.url}/crew/${studio.key.channelId}#invite=`),
    'the secret stays',
  );
  const crew = await enter(link);
  await crew.client.studio.show.suspendBetting({ reason: 'a look at the rules' });
  assert.ok(studio.calls.includes('show.suspendBetting'));
  assert.deepEqual(crew.client.connection(), { state: 'connected', role: 'moderator' });
  const mine = studio.calls.length;
  await assert.rejects(crew.client.studio.policy.set(POLICY), refusedWith('forbidden'));
  await assert.rejects(
    crew.client.studio.people.invite({
      inviteId: newId(random),
      role: 'coHost',
      uses: 1,
      minutes: 1,
    }),
    refusedWith('forbidden'),
  );
  await assert.rejects(crew.client.studio.show.goLive({}), refusedWith('forbidden'));
  assert.equal(studio.calls.length, mine, 'nothing was done');
  const { members } = await studio.owner.studio.people.show({});
  const member = members.find(({ subject }) => subject === crew.viewer.subject);
  assert.deepEqual([member?.role, member?.isHere], ['moderator', true]);
});

test('a moderator’s page hears what changed as actions of the same state', async () => {
  const crew = await enter((await invite()).link);
  await crew.client.studio.chat.say({ text: 'welcome everybody', replyTo: 0 });
  const said = await crew.viewer.take('chat');
  assert.deepEqual([said.text, said.role], ['welcome everybody', 'moderator']);
  await crew.client.studio.people.setShield({ isOn: true });
  while (!crew.client.state()?.people.isShielded) await crew.nextState();
  assert.ok((crew.client.state()?.people.crewHere ?? 0) > 0);
  assert.ok((crew.client.state()?.people.chatChanges ?? 0) > 0);
  await crew.client.studio.people.setShield({ isOn: false });
});

/** Nothing here has a picture: betting is possible as soon as the ledger is there. */
async function openMarket(): Promise<string> {
  const marketId = newId(random);
  await studio.owner.studio.markets.open({ templateId: 'goal-30', marketId });
  return marketId;
}

async function bet(viewer: TestViewer, marketId: string, outcome: number): Promise<void> {
  const value = create(BetSchema, { betId: newId(random), marketId, outcome, amountMinor: 100n });
  viewer.send({ case: 'bet', value });
  const reply = await viewer.take('betReply', ({ betId }) => betId === value.betId);
  assert.equal(reply.code, '');
}

test('two moderators at once: the first act stands, the other is told who and when', async () => {
  const [mina, jo] = [
    await enter((await invite('moderator', 1, 10, 'Mina')).link),
    await enter((await invite('moderator', 1, 10, 'Jo')).link),
  ];
  const [ann, bob] = [await join(), await join()];
  const marketId = await openMarket();
  await bet(ann, marketId, 0);
  await bet(bob, marketId, 1);
  const said = await mina.client.studio.moderation.effect({ marketId, outcome: 0, tCapUs: null });
  assert.deepEqual(
    said.accounts.map(({ subject, changeMinor }) => [subject, changeMinor]),
    [
      [ann.subject, 200],
      [bob.subject, 0],
    ],
  );
  const results = await Promise.allSettled([
    mina.client.studio.markets.resolve({ marketId, outcome: 0, reason: 'I saw it' }),
    jo.client.studio.markets.resolve({ marketId, outcome: 1, reason: 'I saw none' }),
  ]);
  const refusals = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  assert.equal(refusals.length, 1);
  const [refusal] = refusals;
  assert.ok(refusal instanceof RpcError);
  const winner = results[0]?.status === 'fulfilled' ? 'Mina' : 'Jo';
  const { earlier } = refusal;
  assert.deepEqual(
    [refusal.code, earlier?.name, earlier?.act],
    ['wrongState', winner, 'market.resolved'],
  );
  assert.equal(earlier?.outcome, winner === 'Mina' ? 'Yes' : 'No');
  assert.match(refusal.message, new RegExp(`${winner} was first, at \\d\\d:`));

  // A correction is as good for both, once: the second one would only say the same again.
  const { entries } = await ledger.client
    .history(ann.subject, 9)
    .then((bets) => ({ entries: bets.filter((one) => one.marketId === marketId) }));
  assert.equal(entries.length, 1);

  const shields = await Promise.allSettled(
    [mina, jo].map(({ client }) => client.studio.people.setShield({ isOn: true })),
  );
  assert.equal(shields.filter(({ status }) => status === 'fulfilled').length, 1);
  await mina.client.studio.people.setShield({ isOn: false });
  const outs = await Promise.allSettled(
    [mina, jo].map(({ client }) =>
      client.studio.people.timeOut({ subject: bob.subject, seconds: 60, reason: 'rude' }),
    ),
  );
  assert.equal(outs.filter(({ status }) => status === 'fulfilled').length, 1);
  const { sanctions } = await studio.owner.studio.people.show({});
  assert.equal(sanctions.filter(({ subject }) => subject === bob.subject).length, 1);
  const { entries: log } = await jo.client.studio.moderation.audit({
    ...{ beforeSeq: null, limit: 9, words: 'rude' },
  });
  assert.deepEqual(
    log.map(({ act, target }) => [act, target]),
    [['person.timedOut', bob.subject]],
  );
  assert.match(log[0]?.name ?? '', /^(Mina|Jo)$/);
});

test('who has bet decides nothing; a correction is public, and its effect was said', async () => {
  const mina = await enter((await invite('moderator', 1, 10, 'Mina')).link);
  const better = await join();
  const [ann] = [await join()];
  const marketId = await openMarket();
  await bet(better, marketId, 1);
  await bet(ann, marketId, 0);
  // Of the crew only after the bet.
  const jo = await enter((await invite()).link, better);
  const mine = { marketId, outcome: 0, reason: 'mine' };
  await assert.rejects(jo.client.studio.markets.resolve(mine), refusedWith('forbidden'));
  await assert.rejects(
    jo.client.studio.markets.void({ marketId, reason: 'no' }),
    refusedWith('forbidden'),
  );
  await mina.client.studio.markets.resolve(mine);
  const wrong = { marketId, outcome: 1, tCapUs: null };
  await assert.rejects(
    jo.client.studio.markets.correct({ ...wrong, reason: 'mine after all' }),
    refusedWith('forbidden'),
  );
  const { accounts } = await mina.client.studio.moderation.effect(wrong);
  assert.deepEqual(
    accounts.map(({ subject, changeMinor }) => [subject, changeMinor]),
    [
      [better.subject, 200],
      [ann.subject, -200],
    ],
  );
  await mina.client.studio.markets.correct({ ...wrong, reason: 'the other goal' });
  const told = await ann.take('market', ({ id, winner }) => id === marketId && winner === 1);
  assert.equal(told.reason, 'Corrected by a moderator: the other goal');
  const card = await mina.client.studio.moderation.card({ subject: better.subject });
  assert.deepEqual(
    card.bets.map(({ result, paidMinor }) => [result, paidMinor]),
    [['WON', 200]],
  );
});

test('an act asked for again by its id over a new connection is answered, not done again', async () => {
  const secret = random(32);
  const first = await enter((await invite('moderator', 1, 10, 'Mina')).link, await join(secret));
  const { subject } = first.viewer;
  const noteId = newId(random);
  await first.client.studio.moderation.note({ noteId, subject, text: 'knows the rules' });
  await first.client.studio.moderation.note({ noteId, subject, text: 'knows the rules' });
  const { notes } = await first.client.studio.moderation.card({ subject });
  assert.deepEqual(
    notes.map(({ text, author }) => [text, author]),
    [['knows the rules', 'Mina']],
  );
  const call = { type: 'call', room: 'chat', operation: 'say', id: `${newId(random)}:1` };
  const clientId = newId(random);
  for (let time = 0; time < 2; time++) {
    const port = studio.connect('owner');
    const replied = new Promise((resolve) => {
      port.onMessage((message) => {
        const { type } = message as { type: string };
        if (type === 'reply' || type === 'fail') resolve(type);
      });
    });
    port.send({ type: 'hello', version: 1, clientId });
    port.send({ ...call, args: { text: 'once and for all', replyTo: 0 } });
    assert.equal(await replied, 'reply');
    port.close();
  }
  const lines = await studio.owner.studio.chat.list({
    beforeNumber: null,
    limit: 50,
    heldOnly: false,
  });
  assert.equal(lines.filter(({ text }) => text === 'once and for all').length, 1);
});

test('long messages pass whole, in pieces', async () => {
  const crew = await enter((await invite('coHost')).link);
  // Spaces before a file of templates: 120 KB that say something only as a whole.
  const { json } = await crew.client.studio.markets.exportTemplates({});
  const { imported } = await crew.client.studio.markets.importTemplates({
    json: json.padStart(120_000),
  });
  assert.equal(imported, JSON.parse(json).templates.length);
});

test('whoever is of the crew comes back without a link, but only with the same key', async () => {
  const secret = random(32);
  const first = await enter((await invite()).link, await join(secret));
  await first.client.studio.people.show({});
  const { subject } = first.viewer;
  first.close();
  const again = await enter(null, await join(secret, subject));
  await again.client.studio.people.show({});
  assert.equal(again.refusals.length, 0);
  // Another key cannot be bound to that subject, so it is told nothing at all.
  const thief = new TestViewer(relay.url, studio.key.channelId, random(32), subject);
  open.push(thief);
  await thief.join();
  assert.equal((await thief.take('refused')).code, 'SUBJECT_BOUND');
  const stranger = await enter(null);
  await stranger.closed;
  assert.equal(stranger.refusals[0]?.code, 'NO_ROLE');
});

test('a role that is taken back ends the connection, and what waits is not done', async () => {
  const crew = await enter((await invite()).link);
  const { subject } = crew.viewer;
  await crew.client.studio.people.show({});
  const sentMs = performance.now();
  await studio.owner.studio.people.revokeRole({ subject, reason: 'thank you' });
  await crew.closed;
  await crew.viewer.closed;
  console.log(`cut off after ${(performance.now() - sentMs).toFixed(1)} ms`);
  assert.ok(crew.refusals.some(({ code }) => code === 'ROLE_REVOKED'));
  await assert.rejects(crew.client.studio.show.resumeBetting({}), refusedWith('unavailable'));
  const { entries } = await studio.owner.studio.moderation.audit({
    ...{ beforeSeq: null, limit: 50, words: 'thank you' },
  });
  assert.ok(
    entries.some(
      ({ act, target, role }) => act === 'role.revoked' && target === subject && role === 'owner',
    ),
  );
  const back = await enter(null, await join(secretOf(crew), subject));
  await back.closed;
  assert.equal(back.refusals[0]?.code, 'NO_ROLE');
});

test('what is under way when a role is taken back is done before that or not at all', async () => {
  const crew = await enter((await invite('moderator', 1, 10, 'Lea')).link);
  const { subject } = crew.viewer;
  const marketIds: string[] = [];
  while (marketIds.length < 12) marketIds.push(await openMarket());
  const asked = marketIds.map((marketId) =>
    crew.client.studio.markets.resolve({ marketId, outcome: 0, reason: 'I saw it' }),
  );
  const settled = Promise.allSettled(asked);
  await asked[0];
  await studio.owner.studio.people.revokeRole({ subject, reason: 'in the midst of it' });
  const answered = (await settled).filter(({ status }) => status === 'fulfilled').length;
  await crew.viewer.closed;
  const { entries } = await studio.owner.studio.moderation.audit({
    ...{ beforeSeq: null, limit: 100, words: '' },
  });
  const revoked = entries.find((one) => one.act === 'role.revoked' && one.target === subject);
  assert.equal(revoked?.reason, 'in the midst of it');
  const hers = entries.filter(({ name, act }) => name === 'Lea' && act === 'market.resolved');
  assert.ok(hers.length >= answered && answered > 0, `${hers.length} done, ${answered} answered`);
  assert.ok(hers.every(({ seq }) => seq < revoked.seq));
  const { markets = [] } = studio.owner.state() ?? {};
  const decided = markets.filter(({ id, state }) => marketIds.includes(id) && state === 'RESOLVED');
  assert.equal(decided.length, hers.length, 'nothing is done without its row');
  console.log(`${hers.length} of ${marketIds.length} acts were done before it`);
  for (const marketId of marketIds.slice(hers.length)) {
    await studio.owner.studio.markets.void({ marketId, reason: 'over' });
  }
});

function secretOf(crew: RemoteCrew): Uint8Array {
  return new Uint8Array(Buffer.from(crew.viewer.key.secretKey, 'hex'));
}

test('an invitation works as often as it says, until it is taken back', async () => {
  const { link, inviteId } = await invite('moderator', 2);
  for (let taken = 0; taken < 2; taken++) {
    const crew = await enter(link);
    await crew.client.studio.people.show({});
  }
  const third = await enter(link);
  await third.closed;
  assert.equal(third.refusals[0]?.code, 'INVITE_OVER');
  const crewBefore = (await studio.owner.studio.people.show({})).members.length;
  await studio.owner.studio.people.revokeInvite({ inviteId, withRoles: true });
  const { members } = await studio.owner.studio.people.show({});
  assert.equal(members.length, crewBefore - 2);

  const other = await invite();
  await studio.owner.studio.people.revokeInvite({ inviteId: other.inviteId, withRoles: false });
  const late = await enter(other.link);
  await late.closed;
  assert.equal(late.refusals[0]?.code, 'INVITE_OVER');
});

test('an invitation that somebody changed, or saw on its way, opens nothing', async () => {
  const { link } = await invite('moderator', 5);
  const promoted = link.replace('.moderator.', '.coHost.');
  const more = link.replace('.5.', '.50.');
  // Who sees the wire has all but the secret behind the last dot.
  const seen = `${link.slice(0, link.lastIndexOf('.') + 1)}${randomHex(32)}`;
  for (const forged of [promoted, more, seen]) {
    assert.notEqual(forged, link);
    const crew = await enter(forged);
    await crew.closed;
    assert.equal(crew.refusals[0]?.code, 'BAD_INVITE', forged);
  }
});

test('a relay that changes, repeats or invents a piece ends the line, and nothing is done', async () => {
  const forgeries = [
    (frame: Frame) => ({ ...frame, bytes: flipped(frame.bytes) }),
    (frame: Frame) => ({ ...frame, number: frame.number + 1n }),
    (frame: Frame) => ({ ...frame, isLast: !frame.isLast }),
    (frame: Frame) => ({ ...frame, mac: flipped(frame.mac) }),
  ];
  for (const forge of forgeries) {
    const viewer = await join();
    const { link } = await invite();
    const send = viewer.send.bind(viewer);
    let forged = 0;
    let isArmed = false;
    viewer.send = (message) => {
      if (message.case !== 'staffFrame' || !isArmed) return send(message);
      forged++;
      return send({ case: 'staffFrame', value: create(StaffFrameSchema, forge(message.value)) });
    };
    const crew = await enter(link, viewer);
    await crew.client.studio.people.show({});
    isArmed = true;
    const before = studio.calls.length;
    await crew.client.studio.show.resumeBetting({}).catch(() => {});
    await crew.closed;
    assert.ok(forged > 0);
    assert.deepEqual(crew.refusals[0]?.code, 'LINE_BROKEN');
    assert.equal(studio.calls.length, before);
  }
});

test('a piece that is sent again ends the line', async () => {
  const viewer = await join();
  const send = viewer.send.bind(viewer);
  let isArmed = false;
  viewer.send = (message) => {
    send(message);
    if (message.case === 'staffFrame' && isArmed) send(message);
  };
  const crew = await enter((await invite()).link, viewer);
  isArmed = true;
  await crew.client.studio.show.resumeBetting({}).catch(() => {});
  await crew.closed;
  assert.equal(crew.refusals[0]?.code, 'LINE_BROKEN');
});

type Frame = { number: bigint; bytes: Uint8Array; isLast: boolean; mac: Uint8Array };

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.with(0, (bytes[0] ?? 0) ^ 1);
}

const POLICY = {
  policy: {} as never,
  reason: 'not mine to set',
};
