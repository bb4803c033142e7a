// Proves how the relay keeps what a studio decided about people: which network an address is of, that
// its hash says nothing without the channel's key, that times run out by the relay's own clock, and
// that guest tokens hold against ten thousand changes. Seeds are printed.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { PeopleSchema } from '../core/wire/gen/facts_pb.js';
import { GuestTokens } from './guestTokens.ts';
import { ChannelPeople, networkPrefix } from './people.ts';
import { random, randomHex } from './testing/harness.ts';

const seed = Number(process.env.MORPHINE_SEED ?? 20_261_121);
console.log(`seed ${seed}`);

const networkKey = randomHex(32);
const word = (changes: MessageInitShape<typeof PeopleSchema>) =>
  create(PeopleSchema, { networkKey, streamer: 'Anna', ...changes });

test('an address belongs to its /24 or /48, however it is written', () => {
  const rows: [string, string | null][] = [
    ['203.0.113.9', '4|203.0.113'],
    ['::ffff:203.0.113.200', '4|203.0.113'],
    ['2001:db8:7:1::5', '6|2001:db8:7'],
    ['2001:0DB8:0007:ffff:1:2:3:4', '6|2001:db8:7'],
    ['2001:db8::1', '6|2001:db8:0'],
    ['::1', '6|0:0:0'],
    ['fe80::1%eth0', '6|fe80:0:0'],
    ['64:ff9b::192.0.2.1', '6|64:ff9b:0'],
    ['', null],
    ['example.org', null],
    ['1.2.3', null],
  ];
  for (const [address, network] of rows) assert.equal(networkPrefix(address), network, address);
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      assert.match(
        networkPrefix(address) ?? '',
        /^(6\|([0-9a-f]{1,4}:){2}[0-9a-f]{1,4}|4\|[\d.]+)$/,
      );
    }),
    { seed, numRuns: 500 },
  );
});

test('one network has one name in a channel, and another in the next one', () => {
  const people = new ChannelPeople();
  assert.equal(people.networkOf('203.0.113.9'), '', 'no key, no name');
  people.apply(word({}), 0);
  const name = people.networkOf('203.0.113.9');
  assert.match(name, /^[0-9a-f]{32}$/);
  assert.equal(people.networkOf('203.0.113.77'), name);
  assert.notEqual(people.networkOf('203.0.114.9'), name);
  const other = new ChannelPeople();
  other.apply(word({ networkKey: randomHex(32) }), 0);
  assert.notEqual(other.networkOf('203.0.113.9'), name);
  people.setNetworkKey('not a key');
  assert.equal(people.networkOf('203.0.113.9'), name);
});

test('what holds ends by the relay’s clock, and a node that asks hears what is left', () => {
  const people = new ChannelPeople();
  people.apply(word({}), 0);
  const network = people.networkOf('203.0.113.9');
  const [muted, banned] = [randomHex(16), randomHex(16)];
  const barred = [
    { subject: muted, chatOnly: true, remainingMs: 5_000n, message: 'calm' },
    { subject: banned, message: 'gone' },
    { subject: banned, chatOnly: true, remainingMs: 9_000n, message: 'calm' },
    { network, remainingMs: 8_000n, message: 'raid' },
  ];
  people.apply(word({ barred }), 1_000_000);
  const asks = (subject: string, address: string, act: 'join' | 'move' | 'chat', atMs: number) =>
    people.refusal({ subject, address }, act, 1_000_000 + atMs * 1000)?.code ?? null;
  assert.equal(asks(muted, '', 'chat', 4_999), 'TIMED_OUT');
  assert.equal(asks(muted, '', 'chat', 5_000), null);
  assert.deepEqual([asks(muted, '', 'join', 0), asks(muted, '', 'move', 0)], [null, null]);
  for (const act of ['join', 'move', 'chat'] as const) {
    assert.equal(asks(banned, '', act, 10 ** 9), 'BANNED');
    assert.equal(asks(randomHex(16), '203.0.113.1', act, 7_999), 'BANNED');
    assert.equal(asks(randomHex(16), '203.0.113.1', act, 8_000), null);
  }
  const node = new ChannelPeople();
  const current = people.current(1_000_000 + 6_000_000);
  assert.ok(current);
  node.apply(current, 0);
  const there = (subject: string, address: string, atMs: number) =>
    node.refusal({ subject, address }, 'join', atMs * 1000)?.code ?? null;
  assert.equal(there(randomHex(16), '203.0.113.1', 1_999), 'BANNED');
  assert.equal(there(randomHex(16), '203.0.113.1', 2_000), null);
  assert.equal(there(banned, '', 10 ** 9), 'BANNED');
  // The next word replaces all of it.
  people.apply(word({}), 0);
  assert.equal(asks(banned, '', 'join', 0), null);
});

test('of ten thousand changed or made-up tokens none is taken', () => {
  const guest = { channelId: randomHex(16), subject: randomHex(16) };
  const tokens = new GuestTokens({ secret: randomHex(32), random, wallMs: () => 1_000 });
  const token = tokens.issue(guest, 'signIn');
  const change = fc.record({
    at: fc.nat(token.length - 1),
    by: fc.string({ maxLength: 3 }),
    made: fc.string({ maxLength: 100 }),
    how: fc.nat(3),
  });
  fc.assert(
    fc.property(change, ({ at, by, made, how }) => {
      const changed = how === 0 ? made : token.slice(0, at) + by + token.slice(at + (how % 2));
      if (changed === token) return;
      assert.ok('fault' in tokens.take(changed, 'signIn'), changed);
    }),
    { seed, numRuns: 10_000 },
  );
  assert.deepEqual(tokens.take(token, 'signIn'), { guest });
});
