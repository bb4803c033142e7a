// Proves that a page which loses its line resumes by number: over random news and drops it ends with
// exactly what a page has that never lost it, hears each number once and none that it heard before,
// and gets all that stands when what it missed is too old. The channel is the relay's and the line
// is the page's own (factsSocket.ts); then the same over the real relay with a studio's line.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { ManualTime } from '../core/base/clock.ts';
import {
  CaptionSchema,
  ChallengeSchema,
  ChatGoneSchema,
  ChatListSchema,
  ChatMessageSchema,
  FromViewerSchema,
  GameEventSchema,
  MarketListSchema,
  MarketSchema,
  RoomRulesSchema,
  Show_State,
  ShowSchema,
  type ToViewer,
  ToViewerSchema,
  WelcomeSchema,
} from '../core/wire/gen/facts_pb.js';
import {
  type FactsLineEvents,
  FactsSocket,
  type ViewerWord,
} from '../renderer/viewer/factsSocket.ts';
import { Channel } from './channel.ts';
import { KeptNews } from './keptNews.ts';
import { NO_SPAN } from './nodes/span.ts';
import type { Relay } from './relay.ts';
import {
  removeFolder,
  startTestRelay,
  TestStudio,
  TestViewer,
  temporaryFolder,
} from './testing/harness.ts';

const ID = 'c'.repeat(32);
type Word = ToViewer['message'];
const bytesOf = (message: Word, number = 0n) =>
  toBinary(ToViewerSchema, create(ToViewerSchema, { message, number }));

/** Lines of all pages. */
let lineCount = 0;

/** What a page would show of the words that it was told. */
class Page {
  show = '';
  rules = 0;
  readonly markets = new Map<string, string>();
  readonly events = new Set<string>();
  readonly chat = new Set<bigint>();
  captions = 0;
  words = 0;
  resumed = 0;
  #line: { events: FactsLineEvents; number: bigint } | null = null;
  readonly #channel: Channel;
  readonly #time: ManualTime;
  readonly #greeting: () => Word[];
  readonly socket: FactsSocket;

  constructor(channel: Channel, time: ManualTime, greeting: () => Word[]) {
    this.#channel = channel;
    this.#time = time;
    this.#greeting = greeting;
    this.socket = new FactsSocket({
      channel: ID,
      device: {
        subject: ID,
        hello: async () => ({ version: 1, publicKey: '', subject: ID, signature: '' }),
      },
      timers: time,
      monotonicMs: () => time.nowUs() / 1000,
      openLine: (events) => this.#open(events),
      onState: (facts) => {
        if (facts.state === 'welcome' && facts.isResumed) this.resumed++;
      },
      onWord: (word) => this.#take(word),
      onPong: () => {},
    });
  }

  /** As the relay's session does it, without the signature. */
  #open(events: FactsLineEvents) {
    const line = { events, number: -1n };
    const id = `v${++lineCount}`;
    this.#line = line;
    const tell = (bytes: Uint8Array) => {
      const { number } = fromBinary(ToViewerSchema, bytes);
      if (number > 0n) {
        assert.ok(number > line.number, `${number} after ${line.number}`);
        line.number = number;
      }
      events.onMessage(bytes);
    };
    queueMicrotask(() => tell(bytesOf({ case: 'challenge', value: create(ChallengeSchema) })));
    return {
      send: (bytes: Uint8Array) => {
        const { message } = fromBinary(FromViewerSchema, bytes);
        if (message.case !== 'hello') return;
        const { news } = this.#channel;
        const { resumeFeed, resumeNumber } = message.value;
        const missed = news.since(resumeFeed, Number(resumeNumber));
        const resumed = missed !== null;
        // What it heard on lines before is not told again.
        line.number = resumed ? resumeNumber : -1n;
        const { feed } = news;
        const value = create(WelcomeSchema, { feed, number: BigInt(news.number), resumed });
        tell(bytesOf({ case: 'welcome', value }));
        const nobody = { subject: ID, publicKey: '', address: '', hasResumed: resumed };
        const hears = { end: () => {}, send: tell, sendAnalytics: () => {}, isDisplay: false };
        this.#channel.viewerCame({ id, ...nobody, ...hears }, missed);
        if (!resumed) for (const word of this.#greeting()) tell(bytesOf(word));
      },
      close: () => {
        const viewer = this.#channel.viewers.get(id);
        if (viewer) this.#channel.viewerWent(viewer);
      },
    };
  }

  drop(): void {
    this.#line?.events.onClose();
    this.#line = null;
  }

  /** Until it is there again. */
  async settled(): Promise<void> {
    for (let at = 0; !this.socket.isWelcome; at++) {
      assert.ok(at < 50, 'it comes back');
      this.#time.advance(100);
      await new Promise(setImmediate);
    }
  }

  #take(word: ViewerWord): void {
    this.words++;
    if (word.case === 'show') this.show = word.value.title;
    else if (word.case === 'roomRules') this.rules = word.value.slowSeconds;
    else if (word.case === 'caption') this.captions++;
    else if (word.case === 'market') this.markets.set(word.value.id, word.value.title);
    else if (word.case === 'markets') {
      this.markets.clear();
      for (const { id, title } of word.value.markets) this.markets.set(id, title);
    } else if (word.case === 'event') this.events.add(word.value.id);
    else if (word.case === 'events') for (const { id } of word.value.events) this.events.add(id);
    else if (word.case === 'chat') this.chat.add(word.value.number);
    else if (word.case === 'chatGone') for (const one of word.value.numbers) this.chat.delete(one);
    else if (word.case === 'chatList') {
      this.chat.clear();
      for (const { number } of word.value.messages) this.chat.add(number);
    }
  }

  facts() {
    const { show, rules, markets, chat } = this;
    return { show, rules, markets: [...markets].sort(), chat: [...chat].sort() };
  }
}

type Step =
  | { kind: 'show' | 'rules' | 'event' | 'caption' | 'chat'; value: number }
  | { kind: 'market' | 'gone' | 'markets'; value: number }
  | { kind: 'drop' | 'back'; value: number };

/** The studio's words, and what it says to who did not resume. */
class Studio {
  readonly chat = new Set<bigint>();
  rules = 0;
  events = 0;
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  greeting(): Word[] {
    const messages = [...this.chat].map((number) => create(ChatMessageSchema, { number }));
    return [
      { case: 'chatList', value: create(ChatListSchema, { messages }) },
      { case: 'roomRules', value: create(RoomRulesSchema, { slowSeconds: this.rules }) },
    ];
  }

  say({ kind, value }: Step): void {
    const word = this.#wordOf(kind, value);
    if (word) this.#channel.deliver([], create(ToViewerSchema, { message: word }));
  }

  #wordOf(kind: Step['kind'], value: number): Word | null {
    const text = `${kind} ${value}`;
    switch (kind) {
      case 'show':
        return { case: 'show', value: create(ShowSchema, { title: text, state: Show_State.LIVE }) };
      case 'rules':
        this.rules = value;
        return { case: 'roomRules', value: create(RoomRulesSchema, { slowSeconds: value }) };
      case 'event': {
        // Far apart, so that none is taken for another told again.
        const id = `e${++this.events}`;
        const captureUs = BigInt(this.events) * 60_000_000n;
        return { case: 'event', value: create(GameEventSchema, { id, type: 'goal', captureUs }) };
      }
      case 'caption':
        return { case: 'caption', value: create(CaptionSchema, { text, showMs: 1 }) };
      case 'chat': {
        const number = BigInt(this.chat.size + value * 1_000);
        this.chat.add(number);
        return { case: 'chat', value: create(ChatMessageSchema, { number, text }) };
      }
      case 'gone': {
        const numbers = [...this.chat].slice(0, 1);
        for (const number of numbers) this.chat.delete(number);
        return { case: 'chatGone', value: create(ChatGoneSchema, { numbers }) };
      }
      case 'market':
        return { case: 'market', value: marketOf(value % 5, text) };
      case 'markets': {
        const markets = [marketOf(value % 5, text), marketOf((value + 1) % 5, text)];
        return { case: 'markets', value: create(MarketListSchema, { markets }) };
      }
      default:
        return null;
    }
  }
}

const marketOf = (number: number, title: string) =>
  create(MarketSchema, { id: `m${number}`, title });

const kinds = ['show', 'rules', 'event', 'caption', 'chat', 'market', 'gone', 'markets'] as const;
const step = fc.record({
  kind: fc.constantFrom<Step['kind']>(...kinds, ...kinds, 'drop', 'drop', 'back', 'back'),
  value: fc.nat({ max: 50 }),
});

test('who dropped and resumed has what a page has that never did', async (context) => {
  let resumed = 0;
  const seed = Number(process.env.SEED ?? Date.now() % 2_147_483_647);
  context.diagnostic(`SEED=${seed}`);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
      const time = new ManualTime(1_000_000);
      const channel = new Channel(ID, time, NO_SPAN, 'f'.repeat(32));
      const studio = new Studio(channel);
      const steady = new Page(channel, time, () => studio.greeting());
      const shaky = new Page(channel, time, () => studio.greeting());
      await steady.settled();
      await shaky.settled();
      for (const one of steps) {
        if (one.kind === 'drop') shaky.drop();
        else if (one.kind === 'back') await shaky.settled();
        else studio.say(one);
      }
      await shaky.settled();
      assert.deepEqual(shaky.facts(), steady.facts());
      assert.deepEqual([...shaky.events].sort(), [...steady.events].sort());
      assert.ok(shaky.captions <= steady.captions);
      resumed += shaky.resumed;
      for (const page of [steady, shaky]) page.socket.close();
    }),
    { numRuns: 60, seed },
  );
  assert.ok(resumed > 20, `${resumed} returns were resumed`);
});

const chat = (number: number): Word => ({
  case: 'chat',
  value: create(ChatMessageSchema, { number: BigInt(number), text: 'x'.repeat(50) }),
});

test('what is too old, from the future or of another feed cannot be resumed', () => {
  const news = new KeptNews('feed', { max: 10, bytesMax: 100_000 });
  const first = news.number;
  assert.deepEqual(news.since('feed', first), []);
  for (let at = 1; at <= 10; at++) news.take(chat(at));
  assert.equal(news.since('feed', first)?.length, 10);
  assert.equal(news.since('feed', news.number - 3)?.length, 3);
  news.take(chat(11));
  assert.equal(news.since('feed', first), null, 'one of them is gone');
  assert.equal(news.since('feed', first + 1)?.length, 10);
  assert.equal(news.since('feed', 0), null, 'nothing was heard');
  assert.equal(news.since('feed', news.number + 1), null);
  assert.equal(news.since('other', news.number), null);
  assert.equal(news.since('', 0), null);
});

test('bytes are bounded, and what replaces itself takes one place', () => {
  const news = new KeptNews('feed', { max: 1_000, bytesMax: 1_000 });
  const first = news.number;
  for (let at = 0; at < 500; at++) {
    news.take({ case: 'show', value: create(ShowSchema, { title: `${at}`.repeat(20) }) });
  }
  assert.equal(news.since('feed', first)?.length, 1, 'a long absence is short to tell');
  for (let at = 1; at <= 100; at++) news.take(chat(at));
  assert.equal(news.since('feed', first), null);
  const kept = news.since('feed', news.number - 10);
  assert.equal(kept?.length, 10);
  assert.ok((kept ?? []).reduce((sum, bytes) => sum + bytes.length, 0) <= 1_000);
});

const folder = temporaryFolder();
let relay: Relay;
before(async () => {
  relay = await startTestRelay({ dataFolder: folder });
});
after(async () => {
  await relay.close();
  removeFolder(folder);
});

test('over the real relay: a viewer that names its number hears what it missed, and no more', async () => {
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const say = (message: Word) => {
    const value = { viewerIds: [], message: create(ToViewerSchema, { message }) };
    studio.send({ case: 'deliver', value: { $typeName: 'morphine.facts.v1.Deliver', ...value } });
  };
  const stays = await new TestViewer(relay.url, studio.channelId).join();
  const goes = new TestViewer(relay.url, studio.channelId);
  await goes.hello();
  const { feed, resumed } = await goes.take('welcome');
  assert.equal(resumed, false);
  say(chat(1));
  const { number } = await goes.inbox.take(({ message }) => message.case === 'chat');
  goes.close();
  await goes.closed;
  say(chat(2));
  say(chat(3));
  await stays.take('chat', (said) => said.number === 3n);
  const back = new TestViewer(relay.url, studio.channelId);
  await back.hello({ feed, number });
  assert.equal((await back.take('welcome')).resumed, true);
  const joined = await studio.take('viewerJoined', (viewer) => viewer.subject === back.subject);
  assert.equal(joined.resumed, true, 'the studio greets nobody who knows it all');
  say(chat(4));
  await back.take('chat', (said) => said.number === 4n);
  const numbers = back.inbox.all.flatMap(({ message }) =>
    message.case === 'chat' ? [Number(message.value.number)] : [],
  );
  assert.deepEqual(numbers, [2, 3, 4]);
  assert.ok(!back.inbox.all.some(({ message }) => message.case === 'markets'), 'no full state');
  for (const bad of [
    { feed, number: 999_999n },
    { feed: 'e'.repeat(32), number },
    { feed, number: 2n ** 64n - 1n },
  ]) {
    const lost = new TestViewer(relay.url, studio.channelId);
    await lost.hello(bad);
    assert.equal((await lost.take('welcome')).resumed, false);
    await lost.take('markets');
    lost.close();
  }
  for (const one of [stays, back]) one.close();
  studio.close();
});
