// Viewers without a screen: real WebRTC connections that receive, decrypt and report as browsers do,
// and look at what they got for a sample of them only, so that many fit one core. The same program
// serves the relay (WHEP) and the peer (Janus' HTTP API).

import { randomUUID } from 'node:crypto';
import nodeDataChannel from 'node-datachannel';
import { realTimers } from '../../core/base/clock.ts';
import { isRtcp, parseRtp, sequenceDistance } from '../../core/media/rtp.ts';
import {
  addTrack,
  closePeer,
  describeAudio,
  describeVideo,
  gatheredDescription,
  openPeer,
  type PeerConnection,
  type Track,
} from '../../native/webrtc/peer.ts';
import { withoutCandidates } from '../../native/webrtc/sdp.ts';
import type { CrowdFigures, ToCrowd } from './messages.ts';

const [bindAddress = '127.0.0.1', detail = ''] = process.argv.slice(2);
/** Every tenth viewer is looked at; a witness looks at all of its few. */
const SAMPLE_OF = detail === 'witness' ? 1 : 10;
const H264 = 'profile-level-id=42e01f;packetization-mode=1;level-asymmetry-allowed=1';
/** Connections made at a time. */
const AT_ONCE = 6;
/** A lost handshake is tried again after 1, 2, 4 … s by the library; a new one is quicker. */
const JOIN_MS_MAX = 5_000;
const TRIES = 4;
const REQUEST_MS_MAX = 30_000;
const options = { iceServers: [], bindAddress };

type Viewer = { peer: PeerConnection; tracks: Track[]; leave(): void };
const viewers: Viewer[] = [];
const handlers: unknown[] = [];
let packets = 0;
let holes = 0;
let connected = 0;
let joinsFailed = 0;
/** When the direct reader got a packet, by what names the packet. */
const directAt = new Map<string, number>();
let addedMs: number[] = [];

const patience = () => AbortSignal.timeout(REQUEST_MS_MAX);
const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/** Reports as a receiver does: receiver reports and a bitrate bound, by the library. */
function report(track: Track): void {
  const session = new nodeDataChannel.RtcpReceivingSession();
  handlers.push(session);
  track.setMediaHandler(session);
}

function look(track: Track, isDirect: boolean): void {
  let last: number | undefined;
  track.onMessage((packet) => {
    const header = isRtcp(packet) ? undefined : parseRtp(packet);
    if (!header) return;
    packets++;
    const distance = last === undefined ? 1 : sequenceDistance(last, header.sequence);
    if (distance > 1) holes += distance - 1;
    if (distance < 0) holes--;
    last = distance > 0 ? header.sequence : last;
    if (detail === 'witness') compare(packet, header.timestamp, isDirect);
  });
}

/** The relay copies payloads, so their ends and timestamps name the same packet on both ways. */
function compare(packet: Buffer, timestamp: number, isDirect: boolean): void {
  const atMs = nowMs();
  const name = `${timestamp} ${packet.toString('latin1', packet.length - 12)}`;
  if (isDirect) {
    directAt.set(name, atMs);
    if (directAt.size > 2000) directAt.delete(directAt.keys().next().value ?? '');
    return;
  }
  const direct = directAt.get(name);
  if (direct !== undefined) addedMs.push(atMs - direct);
}

/** Resolves when connected; rejects, with the viewer gone, when that fails or takes too long. */
function opening(viewer: Viewer): Promise<void> {
  const { peer } = viewer;
  const open = new Promise<void>((resolve, reject) => {
    const give = (reason: string) => {
      const at = viewers.indexOf(viewer);
      if (at >= 0) viewers.splice(at, 1);
      viewer.leave();
      closePeer(peer);
      reject(new Error(reason));
    };
    const cancel = realTimers.after(JOIN_MS_MAX, () => give('A join took too long'));
    peer.onStateChange((state) => {
      if (state !== 'connected') return;
      cancel();
      connected++;
      resolve();
    });
  });
  // Whoever fails before it is awaited is told by the request that failed.
  open.catch(() => {});
  return open;
}

async function joinByWhep(whepUrl: string, isDirect = false): Promise<void> {
  const peer = openPeer('viewer', options);
  const video = describeVideo('0', 'RecvOnly');
  video.addH264Codec(102, H264);
  const audio = describeAudio('1', 'RecvOnly');
  audio.addOpusCodec(111);
  const tracks = [addTrack(peer, video), addTrack(peer, audio)];
  for (const track of tracks) report(track);
  if (viewers.length % SAMPLE_OF === 0 && tracks[0]) look(tracks[0], isDirect);
  const viewer: Viewer = { peer, tracks, leave: () => {} };
  viewers.push(viewer);
  const open = opening(viewer);
  peer.setLocalDescription('offer');
  const offer = withoutCandidates(await gatheredDescription(peer, realTimers.after));
  const response = await fetch(whepUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/sdp' },
    body: offer,
    signal: patience(),
  });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`WHEP ${response.status}: ${answer}`);
  const resource = new URL(response.headers.get('location') ?? '', response.url).href;
  viewer.leave = () => void fetch(resource, { method: 'DELETE' }).catch(() => {});
  peer.setRemoteDescription(answer, 'answer');
  await open;
}

type JanusEvent = { data?: { id: number }; jsep?: { type: string; sdp: string } };

async function joinByJanus(api: string): Promise<void> {
  const ask = async (path: string, body: object): Promise<JanusEvent> => {
    const text = JSON.stringify({ ...body, transaction: randomUUID() });
    const asked = fetch(api + path, { method: 'POST', body: text, signal: patience() });
    return (await asked).json() as Promise<JanusEvent>;
  };
  const session = `/${(await ask('', { janus: 'create' })).data?.id}`;
  const attach = { janus: 'attach', plugin: 'janus.plugin.streaming' };
  const handle = `${session}/${(await ask(session, attach)).data?.id}`;
  await ask(handle, { janus: 'message', body: { request: 'watch', id: 1 } });
  let jsep: JanusEvent['jsep'];
  while (!jsep) {
    const asked = await fetch(`${api}${session}?maxev=5`, { signal: patience() });
    const events: JanusEvent[] = [(await asked.json()) as JanusEvent | JanusEvent[]].flat();
    jsep = events.find((event) => event.jsep)?.jsep;
  }
  const peer = openPeer('viewer', options);
  const viewer: Viewer = { peer, tracks: [], leave: () => {} };
  const isSampled = viewers.length % SAMPLE_OF === 0;
  viewers.push(viewer);
  peer.onTrack((track) => {
    viewer.tracks.push(track);
    report(track);
    if (isSampled && track.type() === 'video') look(track, false);
  });
  const open = opening(viewer);
  // With the candidates in it our handshake would begin before Janus knows our answer.
  peer.setRemoteDescription(withoutCandidates(jsep.sdp), 'offer');
  const sdp = await gatheredDescription(peer, realTimers.after);
  const body = { request: 'start' };
  await ask(handle, { janus: 'message', body, jsep: { type: 'answer', sdp } });
  await started(api + session);
  for (const [, candidate = ''] of jsep.sdp.matchAll(/^a=(candidate:.*)\r$/gm)) {
    peer.addRemoteCandidate(candidate, '0');
  }
  viewer.leave = () => void ask(session, { janus: 'destroy' }).catch(() => {});
  await open;
}

/** Janus has taken the answer. */
async function started(session: string): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${session}?maxev=5`, { signal: patience() })).text();
    if (text.includes('starting') || text.includes('started')) return;
  }
}

async function join(count: number, one: () => Promise<void>): Promise<void> {
  let left = count;
  const run = async () => {
    while (left-- > 0) await withTries(one);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, run));
}

async function withTries(one: () => Promise<void>): Promise<void> {
  for (let left = TRIES; ; left--) {
    try {
      await one();
      return;
    } catch (cause) {
      if (left <= 1) throw cause;
      joinsFailed++;
    }
  }
}

/** Whoever came first goes first. */
function leave(count: number): void {
  for (const viewer of viewers.splice(0, count)) {
    viewer.leave();
    closePeer(viewer.peer);
    connected--;
  }
}

/** The receiving session knows how to ask for a key frame. */
function loseAll(): void {
  for (const { tracks } of viewers) tracks[0]?.requestKeyframe();
}

function mark(): void {
  packets = 0;
  holes = 0;
  addedMs = [];
}

async function take(message: ToCrowd): Promise<CrowdFigures> {
  if (message.ask === 'join') await join(message.count, () => joinByWhep(message.whepUrl));
  if (message.ask === 'joinPeer') await join(message.count, () => joinByJanus(message.api));
  if (message.ask === 'joinDirect') await joinByWhep(message.whepUrl, true);
  if (message.ask === 'leave') leave(message.count);
  if (message.ask === 'loseAll') loseAll();
  if (message.ask === 'mark') mark();
  return { connected, packets, holes, addedMs, joinsFailed };
}

process.on('message', (message: ToCrowd) => {
  take(message).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ failed: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: '' });
