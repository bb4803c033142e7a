// Proves the small pure parts of people by properties with a printed seed: nobody chats more often
// than the limits say, invitations and lines of the crew hold against any change, names and texts
// come out safe.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { newId, toHex } from '../base/ids.ts';
import { channelIdOf, keyPairOf } from '../wire/signing.ts';
import { CHAT_BURST, CHAT_PER_SECOND, ChatPace } from './chatPace.ts';
import { cleanName, cleanText, handlesIn } from './chatText.ts';
import {
  inviteFragment,
  isInviteProved,
  proveInvite,
  readFragment,
  readInvite,
  signInvite,
} from './invite.ts';
import {
  isOpenedByChannel,
  joinLine,
  LineBroken,
  newEphemeral,
  type Piece,
  signOpened,
} from './staffLine.ts';

const seed = Number(process.env.MORPHINE_SEED ?? 20_261_121);
const runs = { seed, numRuns: 200 };
console.log(`seed ${seed}`);

const random = (length: number) => new Uint8Array(randomBytes(length));
const channel = keyPairOf(random(32));
const channelId = channelIdOf(channel.publicKey);

test('in any stretch of time nobody says more than burst and rate, nor breaks slow mode', () => {
  const tries = fc.array(
    fc.record({ gapMs: fc.integer({ min: 0, max: 4_000 }), text: fc.string({ minLength: 1 }) }),
    { minLength: 1, maxLength: 120 },
  );
  fc.assert(
    fc.property(tries, fc.constantFrom(0, 0, 3, 10), (list, slowSeconds) => {
      let nowMs = 1_000_000;
      const pace = new ChatPace(nowMs);
      const saidMs: number[] = [];
      for (const { gapMs, text } of list) {
        nowMs += gapMs;
        if (pace.say(text, nowMs, slowSeconds) === null) saidMs.push(nowMs);
      }
      for (const [from, fromMs] of saidMs.entries()) {
        for (const [to, toMs] of saidMs.entries()) {
          if (to < from) continue;
          const most = CHAT_BURST + ((toMs - fromMs) / 1000) * CHAT_PER_SECOND;
          assert.ok(to - from + 1 <= most + 1e-6, `${to - from + 1} in ${toMs - fromMs} ms`);
          if (to === from + 1) assert.ok(toMs - fromMs >= slowSeconds * 1000);
        }
      }
    }),
    runs,
  );
});

function invitation() {
  const own = keyPairOf(random(32));
  const invite = {
    inviteId: newId(random),
    channelId,
    role: 'moderator' as const,
    uses: 3,
    expiresMs: 1_800_000_000_000,
    inviteKey: own.publicKey,
  };
  return { invite, own, text: signInvite(invite, channel.secretKey) };
}

test('an invitation reads as it was signed, and not after any change of a character', () => {
  const { invite, own, text } = invitation();
  assert.deepEqual(readInvite(text, channel.publicKey), invite);
  assert.equal(readInvite(text, keyPairOf(random(32)).publicKey), null);
  const fragment = inviteFragment(text, own.secretKey);
  assert.deepEqual(readFragment(`#${fragment}`), { invite: text, inviteSecret: own.secretKey });
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.constantFrom(...'0123456789abcdefg.'), (at, letter) => {
      const changed = text.slice(0, at) + letter + text.slice(at + 1);
      if (changed !== text) assert.equal(readInvite(changed, channel.publicKey), null);
    }),
    { ...runs, numRuns: 60 },
  );
  fc.assert(
    fc.property(fc.string({ maxLength: 700 }), (any) => {
      assert.equal(readInvite(any, channel.publicKey), null);
      readFragment(any);
    }),
    runs,
  );
});

test('taking an invitation is for one device', () => {
  const { invite, own, text } = invitation();
  const taker = { subject: newId(random), publicKey: keyPairOf(random(32)).publicKey };
  const proof = proveInvite(text, own.secretKey, taker) ?? '';
  assert.equal(isInviteProved(invite, proof, taker), true);
  const other = { ...taker, publicKey: keyPairOf(random(32)).publicKey };
  assert.equal(isInviteProved(invite, proof, other), false);
  assert.equal(isInviteProved(invite, proof, { ...taker, subject: newId(random) }), false);
  assert.equal(proveInvite(text, toHex(random(32)), taker), null, 'the halves of two links');
});

function lines() {
  const device = newEphemeral(random);
  const studio = newEphemeral(random);
  const terms = { channelId, subject: newId(random), deviceEphemeral: device.publicKey };
  const one = joinLine('device', device, terms, studio.publicKey);
  const other = joinLine('studio', studio, terms, studio.publicKey);
  assert.ok(one && other);
  return { one, other, terms, studio };
}

test('any messages pass whole both ways, and no wrong sequence of pieces does', () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 9_000 }), { minLength: 1, maxLength: 5 });
  const tamper = fc.record({ at: fc.nat(), how: fc.nat(5), bit: fc.nat(7) });
  fc.assert(
    fc.property(messages, tamper, (list, { at, how, bit }) => {
      const { one, other } = lines();
      const pieces: Piece[] = [];
      for (const message of list) {
        const sent = one.seal(message);
        pieces.push(...sent);
        const whole = sent.map((piece) => other.open(piece)).at(-1);
        assert.deepEqual(Buffer.from(whole ?? []), Buffer.from(message));
        const [answer] = other.seal(new Uint8Array([1]));
        assert.ok(answer && one.open(answer));
      }
      // The next piece is anything but the next one.
      const [next] = one.seal(new Uint8Array([7, 7, 7]));
      assert.ok(next);
      const old = pieces[at % pieces.length];
      const flip = (bytes: Uint8Array) => bytes.with(0, (bytes[0] ?? 0) ^ (1 << bit));
      const wrong = [
        old,
        { ...next, bytes: flip(next.bytes) },
        { ...next, mac: flip(next.mac) },
        { ...next, isLast: false },
        { ...next, number: next.number + 1n },
        other.seal(new Uint8Array([7, 7, 7]))[0],
      ][how];
      assert.ok(wrong);
      assert.throws(() => other.open(wrong), LineBroken);
      assert.throws(() => other.open(next), LineBroken, 'a broken line stays broken');
    }),
    { ...runs, numRuns: 80 },
  );
});

test('a line is the channel’s own only with its key, for these terms', () => {
  const { terms, studio } = lines();
  const opened = { ephemeralKey: studio.publicKey, role: 'moderator' };
  const signature = signOpened(terms, opened, channel.secretKey);
  const whole = { ...opened, signature, channelKey: channel.publicKey };
  assert.equal(isOpenedByChannel(terms, whole), true);
  assert.equal(isOpenedByChannel(terms, { ...whole, role: 'owner' }), false);
  const relay = keyPairOf(random(32));
  const forged = signOpened(terms, opened, relay.secretKey);
  const middle = { ...whole, signature: forged, channelKey: relay.publicKey };
  assert.equal(isOpenedByChannel(terms, middle), false);
  assert.equal(isOpenedByChannel({ ...terms, subject: newId(random) }, whole), false);
  // Keys of small order give a secret that everybody knows.
  assert.equal(
    joinLine('studio', studio, { ...terms, deviceEphemeral: '0'.repeat(64) }, studio.publicKey),
    null,
  );
});

test('texts and names come out on one line, without what turns or hides other text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (any) => {
      for (const text of [cleanText(any), cleanName(any)]) {
        assert.doesNotMatch(text, /[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
        assert.equal(text, text.trim());
        assert.equal(text.isWellFormed(), true);
      }
      assert.equal(cleanText(cleanText(any)), cleanText(any));
      assert.ok([...cleanName(any)].length <= 25);
      assert.ok(handlesIn(any).length <= 8);
    }),
    { ...runs, numRuns: 1_000 },
  );
  assert.equal(cleanName('<b>Anna</b> \u202eeel@'), 'bAnna/b eel');
  assert.deepEqual(handlesIn('@Anna and @Anna, @李雷 @x'), ['anna', '李雷']);
});
