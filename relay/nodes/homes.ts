// Which nodes are there and at which of them a channel's studio is, kept in Redis. Whether a node
// lives is judged by Redis's own clock, so that no two machines' clocks are compared. Each claim of
// a channel gets a higher epoch, also after Redis lost everything: the newest registration wins
// everywhere, and what an older home still says is not heard.

import { z } from 'zod';
import { isId } from '../../core/wire/signing.ts';
import type { Redis } from '../redis.ts';

/** A node that has not been heard of for this long is gone, ms; it says so every second. */
export const NODE_LEASE_MS = 3_000;
/** A home is forgotten when nobody renewed it for this long, ms. */
const HOME_MS = 86_400_000;
/** A node that is gone is struck off the list after this, ms. */
const LISTED_MS = 60_000;

export type NodeFacts = {
  /** Where viewers of its studios find the pictures; no trailing slash. */
  url: string;
  /** Key that signs its marks: the same on all nodes. */
  relayKey: string;
};
export type KnownNode = NodeFacts & { id: string; ageMs: number };
export type Home = { node: string; url: string; epoch: number };

const nodeSchema = z.object({ url: z.url(), relayKey: z.string() });
const listSchema = z.array(z.tuple([z.string(), z.coerce.number(), z.string()]));
const homeSchema = z.tuple([z.string(), z.string(), z.coerce.number().int().nonnegative()]);

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;
const BEAT = `${NOW}
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %s', now, ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local all = redis.call('HGETALL', KEYS[1])
local found = {}
for i = 1, #all, 2 do
  local at, facts = string.match(all[i + 1], '^(%d+) (.*)$')
  local age = now - tonumber(at)
  if age > tonumber(ARGV[3]) then redis.call('HDEL', KEYS[1], all[i])
  else found[#found + 1] = { all[i], string.format('%d', age), facts } end
end
return found`;
const CLAIM = `${NOW}
local last = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0')
local epoch = string.format('%d', math.max(last, tonumber(ARGV[3]), now) + 1)
redis.call('HSET', KEYS[1], 'node', ARGV[1], 'url', ARGV[2], 'epoch', epoch)
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return epoch`;
const KEEP = `
local last = tonumber(redis.call('HGET', KEYS[1], 'epoch') or '0')
if last > tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], 'node', ARGV[1], 'url', ARGV[2], 'epoch', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`;
const RELEASE = `
if redis.call('HGET', KEYS[1], 'epoch') == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`;
const FIND = `
local home = redis.call('HMGET', KEYS[1], 'node', 'url', 'epoch')
if not home[1] then return nil end
return home`;
const LEAVE = `return redis.call('HDEL', KEYS[1], ARGV[1])`;

export class Homes {
  readonly #redis: Redis;
  readonly #prefix: string;
  readonly #node: string;
  readonly #facts: NodeFacts;

  constructor(redis: Redis, prefix: string, node: string, facts: NodeFacts) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#node = node;
    this.#facts = facts;
  }

  /** Says that this node lives; answers the nodes that said so lately, with their ages. */
  async beat(): Promise<KnownNode[]> {
    const values = [this.#node, JSON.stringify(this.#facts), String(LISTED_MS)];
    const found = await this.#redis.run(
      BEAT,
      [`${this.#prefix}:nodes`],
      [values[0] ?? '', values[1] ?? '', values[2] ?? ''],
    );
    const nodes: KnownNode[] = [];
    for (const [id, ageMs, text] of listSchema.parse(found)) {
      const facts = nodeSchema.safeParse(parsedJson(text));
      if (facts.success && isId(id)) nodes.push({ id, ageMs, ...facts.data });
    }
    return nodes;
  }

  /** The studio registered here. @returns the epoch of this claim */
  async claim(channelId: string, knownEpoch: number): Promise<number> {
    const values = [this.#node, this.#facts.url, String(knownEpoch), String(HOME_MS)];
    return z.coerce.number().parse(await this.#redis.run(CLAIM, [this.#key(channelId)], values));
  }

  /** Renews a claim. @returns false when another node has claimed the channel since */
  async keep(channelId: string, epoch: number): Promise<boolean> {
    const values = [this.#node, this.#facts.url, String(epoch), String(HOME_MS)];
    return (await this.#redis.run(KEEP, [this.#key(channelId)], values)) === 1;
  }

  async find(channelId: string): Promise<Home | null> {
    const found = await this.#redis.run(FIND, [this.#key(channelId)], []);
    const home = homeSchema.safeParse(found);
    if (!home.success) return null;
    const [node, url, epoch] = home.data;
    return { node, url, epoch };
  }

  async release(channelId: string, epoch: number): Promise<void> {
    await this.#redis.run(RELEASE, [this.#key(channelId)], [String(epoch)]);
  }

  async leave(): Promise<void> {
    await this.#redis.run(LEAVE, [`${this.#prefix}:nodes`], [this.#node]);
  }

  #key(channelId: string): string {
    return `${this.#prefix}:home:${channelId}`;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
