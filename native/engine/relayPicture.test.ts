// Proves when betting is suspended because the picture does not reach the relay: after it once did,
// at once, until it is back or the show has ended.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualTime } from '../../core/base/clock.ts';
import { relayPictureWatch } from './relayPicture.ts';
import { createShow, firstShow, SUSPENSIONS } from './show.ts';

function setUp() {
  const clock = new ManualTime();
  const channel = { title: '', channelId: 'c', isLive: true, liveSinceUs: 0, suspendedByHand: '' };
  const show = createShow({ clock, first: firstShow({ clock, ...channel }), onChange: () => {} });
  for (const reason of ['ledgerAway', 'pictureStalled'] as const) show.suspend(reason, false);
  const tell = relayPictureWatch(show);
  return { show, told: (mediaLive: boolean) => tell({ mediaLive }) };
}

test('a relay that loses the picture suspends betting until it is back', () => {
  const { show, told } = setUp();
  told(false);
  assert.equal(show.view().bettingSuspended, '', 'the uplink is still being opened');
  told(true);
  assert.equal(show.view().bettingSuspended, '');
  told(false);
  assert.equal(show.view().bettingSuspended, SUSPENSIONS.pictureLost);
  told(true);
  assert.equal(show.view().bettingSuspended, '');
});

test('after a show nothing is lost', () => {
  const { show, told } = setUp();
  told(true);
  show.end();
  told(false);
  show.goLive();
  told(false);
  assert.equal(show.view().bettingSuspended, '');
});
