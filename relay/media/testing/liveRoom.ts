// For tests: a media room whose HTTP is a function call, and a real studio that publishes into it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { realTimers } from '../../../core/base/clock.ts';
import { silentLogger } from '../../../core/base/logger.ts';
import { createPublisher, type Publisher } from '../../../native/publish/publisher.ts';
import { playTestVideo, type TestVideo, testClock } from '../../../native/webrtc/testVideo.ts';
import {
  createMediaRoom,
  type MediaRequest,
  type MediaResponse,
  type MediaRoom,
  type MediaRoomOptions,
} from '../mediaRoom.ts';

export const TOKEN = 'a-good-token';
export const OTHER_TOKEN = 'of-another-channel';
export const SDP = { 'content-type': 'application/sdp' };
export const AUTHORISED = { ...SDP, authorization: `Bearer ${TOKEN}` };
export const FRAGMENT = { ...AUTHORISED, 'content-type': 'application/trickle-ice-sdpfrag' };

const PEER = { iceServers: [], bindAddress: '127.0.0.1' };

export type TestRoom = {
  room: MediaRoom;
  /** What the room told of its channels, oldest first. */
  states: string[];
  ask(
    method: string,
    path: string,
    body?: string,
    headers?: MediaRequest['headers'],
  ): Promise<MediaResponse>;
  /** fetch, straight into the room. */
  fetch: typeof fetch;
};

/** A room that knows the channels `abc` and `def`. */
export function openTestRoom(more: Partial<MediaRoomOptions> = {}): TestRoom {
  const states: string[] = [];
  const room = createMediaRoom({
    clock: testClock,
    timers: realTimers,
    random: (length) => randomBytes(length),
    logger: silentLogger,
    peer: PEER,
    isKnownChannel: (channel) => channel === 'abc' || channel === 'def',
    isPublisherAllowed: (_channel, given) => given === TOKEN,
    isOfAnotherChannel: (_channel, given) => given === OTHER_TOKEN,
    onMediaState: (_channel, state) => states.push(state),
    onViewerCount: () => {},
    postsPerMinuteMax: 1_000_000,
    sessionActsMax: 10_000_000,
    ...more,
  });
  const ask: TestRoom['ask'] = async (method, path, body = '', headers = {}) => {
    const remoteAddress = '192.0.2.1';
    const response = await room.handle({ method, path, headers, body, remoteAddress });
    assert.ok(response, `${method} ${path} is answered`);
    return response;
  };
  return {
    room,
    states,
    ask,
    fetch: async (input, init) => {
      const headers = Object.fromEntries(new Headers(init?.headers ?? {}));
      const path = new URL(String(input)).pathname;
      const body = init?.body;
      const answered = await ask(
        init?.method ?? 'GET',
        path,
        typeof body === 'string' ? body : '',
        headers,
      );
      const lines = Object.entries(answered.headers).map(([k, v]): [string, string] => [
        k,
        String(v),
      ]);
      const withBody = answered.status !== 204;
      return new Response(withBody ? answered.body : null, {
        status: answered.status,
        headers: lines,
      });
    },
  };
}

export type TestStudio = {
  publisher: Publisher;
  player: ReturnType<typeof playTestVideo>;
  close(): Promise<void>;
};

/** A studio that publishes into `abc` until it is closed. */
export function openTestStudio(video: TestVideo, of: TestRoom): TestStudio {
  const publisher = createPublisher({
    clock: testClock,
    timers: realTimers,
    random: (length) => randomBytes(length),
    logger: silentLogger,
    fetch: of.fetch,
    peer: PEER,
    requestKeyFrame: () => {},
  });
  const player = playTestVideo(video, testClock, (unit) => publisher.push(unit));
  publisher.startUplink({ url: 'http://relay.test/whip/abc', token: TOKEN });
  return {
    publisher,
    player,
    async close() {
      player.stop();
      await publisher.close();
    },
  };
}
