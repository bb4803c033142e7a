// The page of tests/otherClients.test.ts: other people's WHIP and WHEP clients from npm, unchanged,
// behind a few functions that the test calls. Nothing of them is in the product.

import { WebRTCPlayer } from '@eyevinn/webrtc-player';
import { WHIPClient } from '@eyevinn/whip-web-client';
import { WHEPClient } from 'whip-whep/whep.js';
import { WHIPClient as OtherWhipClient } from 'whip-whep/whip.js';

export type Seen = { frames: number; width: number; audioPackets: number; state: string };

export type OtherClients = {
  /** Eyevinn's client publishes the fake camera; resolves with the session's address. */
  publish(endpoint: string, token: string): Promise<string>;
  unpublish(): Promise<void>;
  /** whip-whep's WHIP client publishes the fake camera. */
  publishByWhipWhep(endpoint: string, token: string): Promise<void>;
  unpublishByWhipWhep(): Promise<void>;
  /** Eyevinn's player. */
  playByEyevinn(endpoint: string): Promise<void>;
  stopEyevinn(): Promise<void>;
  /** whip-whep's WHEP client. */
  playByWhipWhep(endpoint: string): Promise<void>;
  stopWhipWhep(): Promise<void>;
  /** Figures of the newest receiving connection of a client. */
  seen(): Promise<Seen>;
  /** What the clients themselves called an error. */
  errors: string[];
};

const errors: string[] = [];
const complain = console.error.bind(console);
console.error = (...words: unknown[]) => {
  errors.push(words.map(String).join(' '));
  complain(...words);
};

// The figures of clients that hide their connection.
const peers: RTCPeerConnection[] = [];
const Original = window.RTCPeerConnection;
window.RTCPeerConnection = class extends Original {
  constructor(configuration?: RTCConfiguration) {
    super(configuration);
    peers.push(this);
  }
};

function newVideo(): HTMLVideoElement {
  const video = document.createElement('video');
  video.autoplay = true;
  video.muted = true;
  video.playsInline = true;
  document.body.append(video);
  return video;
}

const camera = () => navigator.mediaDevices.getUserMedia({ audio: true, video: true });

let publisher: WHIPClient | undefined;
let otherPublisher: OtherWhipClient | undefined;
let player: WebRTCPlayer | undefined;
let viewer: WHEPClient | undefined;

const clients: OtherClients = {
  errors,
  async publish(endpoint, token) {
    publisher = new WHIPClient({ endpoint, opts: { iceServers: [], authkey: token } });
    await publisher.ingest(await camera());
    return publisher.getResourceUrl();
  },
  async unpublish() {
    await publisher?.destroy();
  },
  async publishByWhipWhep(endpoint, token) {
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const stream = await camera();
    for (const track of stream.getTracks()) {
      peer.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
    }
    otherPublisher = new OtherWhipClient();
    await otherPublisher.publish(peer, endpoint, token);
  },
  async unpublishByWhipWhep() {
    await otherPublisher?.stop();
  },
  async playByEyevinn(endpoint) {
    player = new WebRTCPlayer({ video: newVideo(), type: 'whep', iceServers: [] });
    await player.load(new URL(endpoint));
  },
  async stopEyevinn() {
    await player?.unload();
    player?.destroy();
  },
  async playByWhipWhep(endpoint) {
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const stream = new MediaStream();
    newVideo().srcObject = stream;
    peer.ontrack = ({ track }) => stream.addTrack(track);
    peer.addTransceiver('audio', { direction: 'recvonly' });
    peer.addTransceiver('video', { direction: 'recvonly' });
    viewer = new WHEPClient();
    await viewer.view(peer, endpoint, '');
  },
  async stopWhipWhep() {
    await viewer?.stop();
  },
  async seen() {
    const peer = peers.at(-1);
    const seen: Seen = { frames: 0, width: 0, audioPackets: 0, state: '' };
    if (!peer) return seen;
    seen.state = peer.connectionState;
    for (const report of (await peer.getStats()).values()) {
      if (report.type !== 'inbound-rtp') continue;
      if (report.kind === 'video') {
        seen.frames = report.framesDecoded ?? 0;
        seen.width = report.frameWidth ?? 0;
      } else seen.audioPackets = report.packetsReceived ?? 0;
    }
    return seen;
  },
};

Object.assign(window, { clients });
