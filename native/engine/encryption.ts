// End-to-end encryption of the show, where its owner chose it: the secret of the link, its key
// changes, and whom it may be promised. The secret is kept in the data folder (mode 0600) and goes
// into links behind the #, which no browser sends to a relay. Never in a log.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { fromHex, type RandomBytes, toHex } from '../../core/base/ids.ts';
import {
  SEAL_KEY_INDEX_MAX,
  SEAL_SECRET_LENGTH,
  sealFragment,
} from '../../core/media/frameSeal.ts';
import { FrameSealer, nextSecret, type SealSecret } from '../publish/encryption/frameSealer.ts';
import { createPoster, type Poster, type PosterOptions } from '../publish/poster.ts';
import type { Publisher } from '../publish/publisher.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import { replaceFile } from './replaceFile.ts';
import type { Show } from './show.ts';

const FILE = 'encryption.json';
const schema = z.strictObject({
  version: z.literal(1),
  isOn: z.boolean(),
  secret: z.string().regex(/^[0-9a-f]{64}$/),
  keyIndex: z.number().int().min(1).max(SEAL_KEY_INDEX_MAX),
});

/** Why it cannot be switched now, in a sentence. */
export class EncryptionRefused extends Error {}

export type Encryption = {
  isOn(): boolean;
  /** The link that opens the show: with the key behind its # while it is sealed. */
  linkOf(viewerUrl: string): string;
  /** @throws EncryptionRefused */
  set(isOn: boolean): Promise<void>;
  /**
   * Another key. Open pages follow by themselves, and the old link still works; with a new link
   * they do not, and whoever shall watch on needs it.
   *
   * @throws EncryptionRefused
   */
  changeKey(withNewLink: boolean): Promise<void>;
};

/** The encryption of this show; whoever shares its link has the newest one. */
export function openShowEncryption(joined: {
  configuration: { dataFolder: string };
  around: { random: RandomBytes };
  publisher: Pick<Publisher, 'setSealer'>;
  show: Show;
  socket: Pick<StudioSocket, 'registered'>;
}): Promise<Encryption> {
  const { configuration, around, publisher, show, socket } = joined;
  const viewerUrl = () => socket.registered?.viewerUrl ?? '';
  const opened = openEncryption({
    ...{ dataFolder: configuration.dataFolder, random: around.random, publisher, viewerUrl },
    isLive: () => show.isLive(),
    async onChange() {
      const { linkOf, isOn } = await opened;
      show.setViewerUrl(linkOf(viewerUrl()), isOn());
    },
  });
  return opened;
}

/** A preview of the link; the relay gets none of a show that is sealed. */
export function openPoster(
  around: Omit<PosterOptions, 'isLive' | 'send'>,
  socket: Pick<StudioSocket, 'sendPoster'>,
  isOpen: () => boolean,
): Poster {
  const send: PosterOptions['send'] = (picture) => socket.sendPoster(picture);
  return createPoster({ ...around, isLive: isOpen, send });
}

export async function openEncryption(options: {
  dataFolder: string;
  random: RandomBytes;
  publisher: Pick<Publisher, 'setSealer'>;
  isLive(): boolean;
  /** Where viewers watch; empty while no relay answered. */
  viewerUrl(): string;
  /** It was switched, or the link is another one. */
  onChange(): void | Promise<void>;
}): Promise<Encryption> {
  const { dataFolder, random, publisher } = options;
  const path = join(dataFolder, FILE);
  const kept = await read(path);
  let isOn = kept?.isOn ?? false;
  let now: SealSecret = kept
    ? { secret: fromHex(kept.secret), keyIndex: kept.keyIndex }
    : freshSecret(random);
  const steer = () => publisher.setSealer(isOn ? new FrameSealer(now, random) : null);
  const keep = async () => {
    const file = { version: 1, isOn, secret: toHex(now.secret), keyIndex: now.keyIndex };
    await replaceFile(path, `${JSON.stringify(file)}\n`);
  };
  if (isOn) steer();
  return {
    isOn: () => isOn,
    linkOf: (url) =>
      isOn && url !== '' ? `${url}#${sealFragment(now.secret, now.keyIndex)}` : url,
    async set(wanted) {
      if (wanted === isOn) return;
      if (options.isLive()) {
        throw new EncryptionRefused('End the show first: pages that are open would see nothing.');
      }
      if (wanted) requireSecureContext(options.viewerUrl());
      isOn = wanted;
      await keep();
      steer();
      await options.onChange();
    },
    async changeKey(withNewLink) {
      if (!isOn) throw new EncryptionRefused('The show is not sealed; there is no key to change.');
      now = withNewLink ? freshSecret(random) : nextSecret(now);
      await keep();
      steer();
      await options.onChange();
    },
  };
}

function freshSecret(random: RandomBytes): SealSecret {
  return { secret: random(SEAL_SECRET_LENGTH), keyIndex: 1 };
}

/** Browsers open nothing on pages of plain HTTP, except on the same machine. */
function requireSecureContext(viewerUrl: string): void {
  const url = URL.parse(viewerUrl);
  if (url === null) throw new EncryptionRefused('No relay answers yet. Try again when it does.');
  const isHere = ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);
  if (url.protocol === 'https:' || isHere) return;
  throw new EncryptionRefused(
    'The link is plain HTTP, and there browsers decrypt nothing. Give the relay a certificate.',
  );
}

async function read(path: string) {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return null;
  }
}
