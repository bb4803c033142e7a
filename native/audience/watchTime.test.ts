// Proves that points vest by watching alone: with a clock that we move and a real ledger, a minute
// counts only while the show is live, the relay sends the picture to somebody and the page reports
// frames; never more often than once a minute, and to no more people than pictures go out to.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { LedgerRefusal } from '../../core/ledger/refusal.ts';
import { act, hexId, hexKey, newFolder, rulesAt, startLedger } from '../ledger/testLedger.ts';
import { WatchTime } from './watchTime.ts';

const START_US = 1_000_000_000;
const ANN = hexId(0xa);
const BOB = hexId(0xb);
const folders: { remove(): void }[] = [];
after(() => {
  for (const folder of folders) folder.remove();
});

async function begin(subjects = [ANN]) {
  const folder = newFolder();
  folders.push(folder);
  const own = await startLedger(folder.path);
  const time = new ManualTime(START_US);
  for (const [at, subject] of subjects.entries()) {
    const publicKey = hexKey(at + 1);
    await own.client.bindSubject({ subject, publicKey, isStaff: false, atUs: time.nowUs() });
  }
  // All but 100 of the welcome is lost, so that there is room for more.
  const rules = rulesAt(time.nowUs());
  await own.client.openMarket({ ...act('m', 'open', time.nowUs()), rules, reason: '' });
  for (const [at, subject] of subjects.entries()) {
    const bet = { betId: hexId(0x100 + at), subject, marketId: 'm', outcome: 0, amountMinor: 900 };
    await own.client.placeBet({ ...bet, arrivedUs: time.nowUs() });
  }
  const betId = hexId(0x999);
  const publicKey = hexKey(0x99);
  const foe = hexId(0xf);
  await own.client.bindSubject({ subject: foe, publicKey, isStaff: false, atUs: time.nowUs() });
  const against = { betId, subject: foe, marketId: 'm', outcome: 1, amountMinor: 1 };
  await own.client.placeBet({ ...against, arrivedUs: time.nowUs() });
  await own.client.resolveMarket({
    ...act('m', 'resolve', time.nowUs() + 1),
    outcome: 1,
    reason: 'No goal.',
    evidence: null,
  });
  const given: { subject: string; grantedMinor: number; atUs: number }[] = [];
  const state = { isLive: true };
  const asked: number[] = [];
  const watch = new WatchTime({
    ledger: {
      vest(args) {
        asked.push(args.atUs);
        return own.client.vest(args);
      },
    },
    clock: time,
    timers: time,
    isLive: () => state.isLive,
    onGiven: (subject, _balance, grantedMinor) =>
      given.push({ subject, grantedMinor, atUs: time.nowUs() }),
  });
  return {
    ...{ time, watch, given, state, asked, client: own.client },
    /** So many seconds go by, with a report of each subject every 2 s. */
    async pass(seconds: number, framesPerSecond = 30, of = subjects) {
      for (let at = 0; at < seconds; at += 2) {
        for (const subject of of) watch.reported(subject, framesPerSecond);
        time.advance(2_000);
        // What was asked of the ledger is answered before time goes on.
        await own.client.head();
      }
    },
    close() {
      watch.close();
      own.close();
    },
  };
}

test('a watched minute gives what the policy says, and the balance follows', async () => {
  const own = await begin();
  own.watch.relayTold({ isGoing: true, readers: 1 });
  await own.pass(58);
  assert.deepEqual(own.given, []);
  await own.pass(10);
  assert.deepEqual(
    own.given.map(({ subject, grantedMinor }) => [subject, grantedMinor]),
    [[ANN, 10]],
  );
  assert.equal((await own.client.balance(ANN)).availableMinor, 110);
  await own.pass(600);
  const gaps = own.asked.slice(1).map((atUs, at) => atUs - (own.asked[at] ?? 0));
  assert.ok(gaps.length >= 8 && gaps.every((gapUs) => gapUs > 60_000_000), `${gaps}`);
  assert.equal(own.given.length, own.asked.length, 'the ledger gave for every minute asked for');
  own.close();
});

test('nothing is given without live, without a picture, without frames, or with gaps', async () => {
  const own = await begin();
  const reader = { isGoing: true, readers: 1 };
  await own.pass(130);
  own.watch.relayTold(reader);
  await own.pass(130, 0);
  own.state.isLive = false;
  await own.pass(130);
  own.state.isLive = true;
  own.watch.relayTold({ isGoing: false, readers: 1 });
  await own.pass(130);
  own.watch.relayTold({ isGoing: true, readers: 0 });
  await own.pass(130);
  assert.deepEqual(own.asked, []);
  // What was watched before counts no longer than two minutes of it.
  own.watch.left(ANN);
  own.time.advance(300_000);
  own.watch.relayTold(reader);
  for (let at = 0; at < 60; at++) {
    own.watch.reported(ANN, 30);
    own.time.advance(7_000);
  }
  assert.deepEqual(own.asked, [], 'a report every 7 s is not watching');
  own.close();
});

test('claims beyond the pictures that go out are given nothing', async () => {
  const own = await begin([ANN, BOB]);
  own.watch.relayTold({ isGoing: true, readers: 1 });
  await own.pass(124);
  assert.ok(own.given.length <= 2 && own.given.length >= 1, JSON.stringify(own.given));
  const perMinute = own.given.filter(({ atUs }) => atUs < START_US + 120_000_000).length;
  assert.equal(perMinute, 1);
  own.close();
});

test('who may be given nothing is not asked about again before the next minute', async () => {
  const own = await begin();
  own.client.vest = () => Promise.reject(new LedgerRefusal('STAFF_MAY_NOT_BET'));
  own.watch.relayTold({ isGoing: true, readers: 1 });
  await own.pass(100);
  assert.deepEqual([own.asked.length, own.given], [1, []]);
  own.close();
});

test('a ledger that is away is asked again for the same minute', async () => {
  const own = await begin();
  const { vest } = own.client;
  let failures = 2;
  own.client.vest = (args) => {
    if (failures-- > 0) return Promise.reject(new Error('The ledger is away'));
    return vest(args);
  };
  own.watch.relayTold({ isGoing: true, readers: 1 });
  await own.pass(90);
  assert.equal(own.asked.length, 3);
  assert.deepEqual(
    own.given.map(({ grantedMinor }) => grantedMinor),
    [10],
  );
  own.close();
});
