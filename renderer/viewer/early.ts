// Entry of the viewer page: asks for the picture, and only then runs the page itself, whose code
// keeps a processor busy for longer than a picture takes to arrive. Imports a few lines only. It
// runs while the page is still being read, so its element may not be there yet.

import { realTimers } from '../../core/base/clock.ts';
import {
  canPlayH264,
  httpSignalling,
  openWhepConnection,
  type WhepConnection,
} from '../ui/whepConnection.ts';
import { askedTransport, channelOfPath } from './address.ts';
import { showFirstPicture } from './firstPicture.ts';
import { openSeal } from './seal.ts';

/** The page itself waits for the first frame no longer than this, ms. */
const HEAD_START_MS = 600;

function openFirst(): WhepConnection | null {
  const channel = channelOfPath(location.pathname);
  const isStream = askedTransport(location.search) === 'websocket';
  if (channel === null || isStream || !canPlayH264()) return null;
  try {
    const signalling = httpSignalling(`${location.origin}/whep/${channel}`);
    return openWhepConnection({ signalling, hasAnalytics: true });
  } catch {
    // The page itself tries again, and says what is wrong.
    return null;
  }
}

async function videoElement(): Promise<HTMLVideoElement> {
  if (document.readyState === 'loading') {
    await new Promise((done) => document.addEventListener('DOMContentLoaded', done));
  }
  const video = document.querySelector('video');
  if (!video) throw new Error('The page has no video element');
  return video;
}

const seal = openSeal(location.hash);
const connection = openFirst();
const video = await videoElement();
const monotonicMs = () => performance.now();
const first = connection && showFirstPicture({ video, connection, monotonicMs });
// A hidden page presents nothing.
if (first && !document.hidden) {
  const late = new Promise<void>((done) => realTimers.after(HEAD_START_MS, done));
  await Promise.race([first.settled, late]);
}
const { startPage } = await import('./main.tsx');
await startPage({ video, first, seal });
