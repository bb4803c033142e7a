// Proves with a real ledger and a real relay that a text which was erased here is erased there: the
// relay is told when it is next reached, its raw file holds the text no more, and the ledger asks
// no more once that was confirmed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { silentLogger } from '../../core/base/logger.ts';
import {
  bind,
  closeAll,
  connect,
  isCopied,
  newFolder,
  newKey,
  play,
  reached,
  ship,
  startMachine,
  startRelay,
} from '../../relay/testing/machine.ts';
import { eraseSubject } from '../ledger/personal/erase.ts';
import { tellErasures, textSourceOf } from './textCopies.ts';

after(closeAll);

test('what is erased here is erased at the relay, byte by byte, and confirmed', async () => {
  const dataFolder = newFolder();
  const relay = await startRelay({ dataFolder });
  const stored = () =>
    ['witness.sqlite', 'witness.sqlite-wal']
      .map((name) => readFileSync(join(dataFolder, name), 'latin1'))
      .join('');
  const key = await newKey();
  const machine = await startMachine(key);
  await play(machine, 3);
  const subject = await bind(machine, 2);
  const act = { commandId: 'ban-1', actor: 'owner', role: 'owner' as const, atUs: 300 };
  await machine.client.setBan({ ...act, subject, isBanned: true, reason: 'Shouted at everybody.' });
  const socket = connect(relay, key, machine);
  await reached(ship(socket, machine), isCopied);
  assert.match(stored(), /Shouted at everybody/);
  assert.match(stored(), /"title"/);

  assert.equal(eraseSubject(machine.store.database, subject)?.texts, 1);
  assert.equal(machine.store.erasuresUntold.all(9).length, 1);
  const confirmed = new Promise<void>((resolve) => {
    const texts = textSourceOf(machine.client);
    const erasuresTold = async (hashes: readonly string[]) => {
      await texts.erasuresTold(hashes);
      resolve();
    };
    tellErasures({ socket, texts: { ...texts, erasuresTold }, logger: silentLogger });
  });
  await confirmed;
  assert.deepEqual(machine.store.erasuresUntold.all(9), []);
  assert.doesNotMatch(stored(), /Shouted at everybody/);
  assert.match(stored(), /"title"/);
});
