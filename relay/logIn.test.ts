// Proves log-ins with a real issuer (oidc-provider) on loopback: a guest signs in and stays the same
// subject of the ledger, and whatever is forged, ended, used, another channel's or another browser's
// is refused. The browser is played by hand, so that each step can be tampered with.

import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { create } from '@bufbuild/protobuf';
import { GuestTokenRequestSchema, PeopleSchema } from '../core/wire/gen/facts_pb.js';
import { GuestTokens, TOKEN_SECONDS } from './guestTokens.ts';
import type { Relay } from './relay.ts';
import {
  random,
  randomHex,
  removeFolder,
  startTestRelay,
  TestStudio,
  TestViewer,
  temporaryFolder,
} from './testing/harness.ts';

type Provider = { callback(): (request: unknown, response: unknown) => void };
type ProviderClass = new (issuer: string, settings: object) => Provider;

const folder = temporaryFolder();
const SECRET = 'a secret of the client';
let relay: Relay;
let issuer: Server;
let studio: TestStudio;
let issuerUrl = '';

before(async () => {
  // The issuer must know where the relay is, and the relay where the issuer is.
  issuer = createServer();
  await new Promise<void>((done) => issuer.listen(0, '127.0.0.1', done));
  issuerUrl = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`;
  relay = await startTestRelay({
    dataFolder: folder,
    openId: { issuer: issuerUrl, clientId: 'relay', clientSecret: SECRET },
  });
  // The package has no types of its own.
  const name: string = 'oidc-provider';
  const { Provider } = (await import(name)) as { Provider: ProviderClass };
  const provider = new Provider(issuerUrl, {
    clients: [
      {
        client_id: 'relay',
        client_secret: SECRET,
        redirect_uris: [`${relay.url}/login/callback`],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { profile: ['preferred_username'] },
    findAccount: (_context: unknown, id: string) => ({
      accountId: id,
      claims: async () => ({ sub: id, preferred_username: `${id} of the show` }),
    }),
    pkce: { required: () => true },
    cookies: { keys: ['only for this test'] },
  });
  issuer.on('request', provider.callback());
  studio = new TestStudio(relay.url);
  await studio.ready();
});

after(async () => {
  studio.close();
  await relay.close();
  issuer.closeAllConnections();
  issuer.close();
  removeFolder(folder);
});

async function guest(channelId = studio.channelId) {
  const viewer = await new TestViewer(relay.url, channelId).join();
  const { token, canSignIn } = await viewer.take('guestToken');
  assert.equal(canSignIn, true);
  return { viewer, token };
}

function start(token: string, more: { channelId?: string; origin?: string } = {}) {
  const { channelId = studio.channelId, origin } = more;
  return fetch(`${relay.url}/login/${channelId}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, ...(origin ? { Origin: origin } : {}) },
  });
}

/** A browser by hand: it keeps cookies by path, follows, and fills in the issuer's forms. */
class HandBrowser {
  readonly #cookies = new Map<string, string>();

  keep(response: Response): void {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      this.#cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
  }

  async get(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { ...init.headers, Cookie: cookie };
    const response = await fetch(url, { ...init, headers, redirect: 'manual' });
    this.keep(response);
    return response;
  }

  /** Up to the first answer that is neither a form nor a way to one; `stop` ends it earlier. */
  async logIn(url: string, account: string, stop: (url: string) => boolean): Promise<string> {
    let next = url;
    for (let step = 0; step < 20; step++) {
      if (stop(next)) return next;
      const response = await this.get(next);
      const location = response.headers.get('location');
      if (location !== null) {
        next = new URL(location, next).href;
        continue;
      }
      const page = await response.text();
      const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1];
      assert.ok(prompt, `no form at ${next}: ${response.status} ${page.slice(0, 200)}`);
      const posted = await this.get(next, {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ prompt, login: account, password: 'any' }).toString(),
      });
      next = new URL(posted.headers.get('location') ?? '', next).href;
    }
    throw new Error('The log-in went in circles');
  }
}

const isCallback = (url: string) => url.startsWith(`${relay.url}/login/callback`);

test('a guest signs in and stays the same subject; the studio hears a name and a hash', async () => {
  const { viewer, token } = await guest();
  const begun = await start(token, { origin: relay.url });
  assert.equal(begun.status, 200);
  const browser = new HandBrowser();
  browser.keep(begun);
  const { url } = (await begun.json()) as { url: string };
  assert.ok(url.startsWith(issuerUrl));
  assert.match(url, /code_challenge_method=S256/);
  const callback = await browser.logIn(url, 'anna', isCallback);
  const back = await browser.get(callback);
  assert.equal(back.status, 303, await back.text());
  assert.equal(back.headers.get('location'), `/s/${studio.channelId}`);
  const told = await studio.take('signedIn');
  assert.equal(told.subject, viewer.subject);
  assert.equal(told.name, 'anna of the show');
  assert.match(told.identity, /^[0-9a-f]{64}$/);
  assert.doesNotMatch(told.identity, /anna/);
  // The same way back a second time: the cookie is gone, and the issuer's code is used up.
  assert.equal((await browser.get(callback)).status, 400);
  viewer.close();
});

test('what comes back to another browser, or changed, is refused', async () => {
  const { viewer, token } = await guest();
  const begun = await start(token);
  const browser = new HandBrowser();
  browser.keep(begun);
  const { url } = (await begun.json()) as { url: string };
  const callback = await browser.logIn(url, 'ben', isCallback);
  // Somebody is made to open the end of another's log-in.
  assert.equal((await new HandBrowser().get(callback)).status, 400);
  for (const change of ['state', 'code', 'iss']) {
    const changed = new URL(callback);
    changed.searchParams.set(change, 'made-up');
    const own = new HandBrowser();
    own.keep(begun);
    assert.equal((await own.get(changed.href)).status, 400, change);
  }
  const heard = studio.inbox.all.filter(({ message }) => message.case === 'signedIn');
  assert.ok(
    heard.every(
      ({ message }) => message.case === 'signedIn' && message.value.subject !== viewer.subject,
    ),
  );
  viewer.close();
});

test('tokens that are forged, used, of another channel or secret begin nothing', async () => {
  const { viewer, token } = await guest();
  assert.equal((await start('')).status, 401);
  assert.equal((await start('signIn.a.b.c')).status, 401);
  const parts = token.split('.');
  const others = parts.with(2, randomHex(16)).join('.');
  assert.equal((await start(others)).status, 401, 'another subject');
  const longer = parts.with(3, String(Number(parts[3]) + 1_000_000)).join('.');
  assert.equal((await start(longer)).status, 401, 'a longer life');
  assert.equal((await start(token, { origin: 'https://evil.example' })).status, 403);
  assert.equal((await start(token, { channelId: randomHex(16) })).status, 403, 'another channel');
  assert.equal((await start(token)).status, 401, 'used by the try before');
  viewer.send({ case: 'guestTokenRequest', value: create(GuestTokenRequestSchema) });
  const next = await viewer.take('guestToken');
  assert.notEqual(next.token, token);
  assert.equal((await start(next.token)).status, 200);
  assert.equal((await start(next.token)).status, 401, 'replayed');
  viewer.close();
});

test('a token ends, and belongs to its verb and its secret', () => {
  let nowMs = 1_000_000;
  const guests = { channelId: randomHex(16), subject: randomHex(16) };
  const tokens = new GuestTokens({ secret: 'one', random, wallMs: () => nowMs });
  const token = tokens.issue(guests, 'signIn');
  const strangers = new GuestTokens({ secret: 'two', random, wallMs: () => nowMs });
  assert.deepEqual(strangers.take(token, 'signIn'), { fault: 'forged' });
  const node = new GuestTokens({ secret: 'one', random, wallMs: () => nowMs });
  assert.deepEqual(node.take(token, 'other' as 'signIn'), { fault: 'wrongScope' });
  assert.deepEqual(node.take(token, 'signIn'), { guest: guests });
  assert.deepEqual(node.take(token, 'signIn'), { fault: 'used' });
  nowMs += TOKEN_SECONDS * 1000;
  assert.deepEqual(tokens.take(token, 'signIn'), { fault: 'expired' });
});

test('the privacy page names the streamer, what is kept and how long, in both languages', async () => {
  const address = `${relay.url}/privacy/${studio.channelId}`;
  const before = await (await fetch(address)).text();
  assert.match(before, new RegExp(studio.channelId));
  const people = create(PeopleSchema, {
    networkKey: randomHex(32),
    streamer: 'Anna <b>Lee</b>',
    contact: 'anna@example.org',
    appeal: 'Write & wait',
    minimumAge: 16,
    chatDays: 5,
    networkDays: 14,
  });
  studio.send({ case: 'people', value: people });
  studio.send({ case: 'ping', value: { $typeName: 'morphine.facts.v1.Ping', sentMs: 1 } });
  await studio.take('pong');
  const page = await fetch(address);
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8');
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  const text = await page.text();
  for (const part of [
    ...['Anna &lt;b&gt;Lee&lt;/b&gt;', 'anna@example.org', 'Write &amp; wait', '16 years'],
    ...['5 days', 'at most 14 days', 'If you sign in', 'no cash value'],
  ]) {
    assert.ok(text.includes(part), part);
  }
  assert.doesNotMatch(text, /<script|<b>/);
  const chinese = await (
    await fetch(address, { headers: { 'Accept-Language': 'zh-CN,zh;q=0.9,en;q=0.5' } })
  ).text();
  for (const part of ['lang="zh"', 'Anna &lt;b&gt;', '5 天', '14 天', '16 岁']) {
    assert.ok(chinese.includes(part), part);
  }
  assert.equal((await fetch(`${relay.url}/privacy/${randomHex(16)}`)).status, 404);
});

test('a relay without an issuer offers no log-in, and a bad issuer does not start', async () => {
  const own = temporaryFolder();
  const plain = await startTestRelay({ dataFolder: own });
  const other = new TestStudio(plain.url);
  await other.ready();
  assert.equal(
    (await fetch(`${plain.url}/login/${other.channelId}`, { method: 'POST' })).status,
    405,
  );
  other.close();
  await plain.close();
  const bad = { issuer: 'http://accounts.example', clientId: 'x', clientSecret: null };
  await assert.rejects(
    startTestRelay({ dataFolder: own, openId: bad }),
    /must be an https address/,
  );
  removeFolder(own);
});
