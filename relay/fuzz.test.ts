// Proves that bytes that are almost right break no door of the relay: 10,000 cases each for what
// viewers, studios and nodes say, for tokens and RTCP, and requests on real connections. The seed is
// printed; a million each run with `npm run endurance -- --only wire`.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { createMediaRoom } from './media/mediaRoom.ts';
import { FUZZERS, fuzzHttp } from './testing/fuzz.ts';
import {
  removeFolder,
  startTestRelay,
  TestStudio,
  TestViewer,
  temporaryFolder,
} from './testing/harness.ts';

const CASES = 10_000;
const seed = Number(process.env.SEED ?? randomInt(2 ** 31));
const rejections: unknown[] = [];
process.on('unhandledRejection', (reason) => rejections.push(reason));

for (const [name, fuzz] of Object.entries(FUZZERS)) {
  test(`${name}: ${CASES} cases`, (context) => {
    const { accepted, refused } = fuzz(CASES, seed);
    context.diagnostic(`seed ${seed}: ${accepted} taken, ${refused} refused`);
    assert.equal(accepted + refused, CASES);
    assert.ok(refused > CASES / 20, 'most cases are bent');
    if (name !== 'tokens') assert.ok(accepted > CASES / 100, 'some are close enough to be read');
  });
}

test(`HTTP: ${CASES} requests, and the relay serves on`, async (context) => {
  const folder = temporaryFolder();
  const relay = await startTestRelay({ dataFolder: folder, createMedia: createMediaRoom });
  const studio = new TestStudio(relay.url);
  await studio.ready();
  const statuses = await fuzzHttp({ port: relay.port, channelId: studio.channelId }, CASES, seed);
  context.diagnostic(`seed ${seed}: ${JSON.stringify([...statuses].sort())}`);
  assert.equal(
    [...statuses.values()].reduce((sum, count) => sum + count, 0),
    CASES,
  );
  assert.ok((statuses.get(400) ?? 0) > CASES / 100);
  const viewer = await new TestViewer(relay.url, studio.channelId).join();
  viewer.close();
  studio.close();
  await relay.close();
  removeFolder(folder);
  assert.deepEqual(rejections, []);
});
