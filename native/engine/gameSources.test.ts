// Proves that the door for games stays as the owner left it: the same port and secrets after a
// restart, shut when it was shut, a sentence when the port is taken; and that the files which a game
// reads open it.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { silentLogger } from '../../core/base/logger.ts';
import type { GameEvent } from '../../core/contract/events.ts';
import { gameSourcesSchema } from '../../core/contract/games.ts';
import { createGameSources, GameSourcesRefused } from './gameSources.ts';

const folder = await mkdtemp(join(tmpdir(), 'games-'));
after(() => rm(folder, { recursive: true }));

function open(events: GameEvent[] = []) {
  return createGameSources({
    ...{ dataFolder: folder, random: randomBytes, logger: silentLogger },
    ...{ clock: { nowUs: () => 5_000_000 }, wallMs: () => 1_790_000_000_000 },
    ...{ rtpTimestampOf: () => 0, onEvent: (event) => events.push(event), onCaption: () => {} },
  });
}

test('connected once, it is there again after a restart, with the same files', async () => {
  const events: GameEvent[] = [];
  const first = await open(events);
  assert.equal(first.view().isOpen, false);
  const view = gameSourcesSchema.parse(await first.connect(0));
  assert.ok(view.port > 0);
  const file = view.files.find(({ game }) => game === 'cs2');
  const uri = /"uri" "([^"]+)"/.exec(file?.text ?? '')?.[1] ?? '';
  const token = /"token" "([^"]+)"/.exec(file?.text ?? '')?.[1] ?? '';
  const post = (score: number) =>
    fetch(uri, {
      method: 'POST',
      body: JSON.stringify({
        provider: { appid: 730 },
        map: { phase: 'live', round: 1, team_ct: { score }, team_t: { score: 0 } },
        auth: { token },
      }),
    });
  assert.equal((await post(0)).status, 200);
  assert.equal((await post(1)).status, 200);
  assert.equal(events[0]?.subject, 'CT');
  await first.close();
  assert.equal((await stat(join(folder, 'gameSources.json'))).mode & 0o777, 0o600);

  const second = await open();
  await second.restore();
  assert.deepEqual({ ...second.view(), heard: null }, { ...view, heard: null });
  assert.equal((await second.disconnect()).isOpen, false);
  const third = await open();
  await third.restore();
  assert.equal(third.view().isOpen, false);
});

test('a port that is taken is refused with a sentence', async () => {
  const taken = createServer();
  await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
  const { port } = taken.address() as AddressInfo;
  const sources = await open();
  await assert.rejects(sources.connect(port), (cause) => {
    assert.ok(cause instanceof GameSourcesRefused);
    assert.match(cause.message, new RegExp(`Port ${port} on this machine cannot be opened`));
    return true;
  });
  assert.equal(sources.view().isOpen, false);
  taken.close();
});
