// A whole studio state and handlers for tests: what a page sees of a live show, without a show.
// Used by tests only; it must stay valid under the contract's own schema (a test parses it).

import { OBS_OFF } from '../../core/contract/obs.ts';
import { NOBODY_YET } from '../../core/contract/people.ts';
import {
  FIRST_PICTURE_CHOICE,
  HARDWARE_ENCODERS,
  type PictureState,
} from '../../core/contract/picture.ts';
import { FIRST_RECORDING_SETTINGS, NO_RECORDING } from '../../core/contract/recording.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { MarketView, Readings, StudioState } from '../../core/contract/state.ts';
import { CALM_SCENE } from '../../core/contract/visionState.ts';
import { FIRST_POLICY } from '../../core/ledger/policy.ts';

export function sampleMarket(id: string, changes: Partial<MarketView> = {}): MarketView {
  return {
    id,
    templateId: 'goal-30',
    title: 'Goal in the next 30 s?',
    outcomes: [
      { label: 'Yes', poolMinor: 410, bettors: 12 },
      { label: 'No', poolMinor: 252, bettors: 7 },
    ],
    state: 'OPEN',
    opensAtUs: 1_000_000_000,
    lockAtUs: 1_014_000_000,
    horizonAtUs: 1_030_000_000,
    deadlineAtUs: 1_060_000_000,
    guardMs: 500,
    winner: null,
    reason: '',
    decidedCaptureUs: 0,
    rulesHash: 'a'.repeat(64),
    voidedBets: 0,
    paidMinor: 0,
    ...changes,
  };
}

export function sampleState(): StudioState {
  const source = {
    url: 'demo:',
    title: 'Demo match',
    state: 'live' as const,
    reason: '',
    width: 1280,
    height: 720,
    framesPerSecond: 30,
    hasSound: true,
  };
  return {
    show: {
      state: 'ready',
      title: 'Friday five-a-side',
      liveSinceUs: 0,
      channelId: 'c'.repeat(32),
      viewerUrl: `http://127.0.0.1:47801/s/${'c'.repeat(32)}`,
      bettingSuspended: '',
      suspendedByHand: '',
    },
    source,
    sources: [
      { url: 'demo:', title: 'Demo match' },
      { url: 'camera:', title: 'Camera' },
    ],
    relay: {
      state: 'connected',
      url: 'http://127.0.0.1:47801',
      reason: '',
      viewers: 128,
      isOurs: true,
    },
    picture: samplePicture(),
    handover: { state: 'off', reason: '', whipUrl: '', whepUrl: '' },
    obs: OBS_OFF,
    destinations: [],
    people: NOBODY_YET,
    recording: { ...NO_RECORDING, settings: FIRST_RECORDING_SETTINGS },
    vision: {
      ...{ state: 'running', reason: '', model: 'demo-nano', provider: 'cpu', pack: 'football' },
      ...{ scene: CALM_SCENE, places: { state: 'still', reason: '' } },
    },
    ledger: {
      state: 'running',
      reason: '',
      seq: 812,
      hash: 'b'.repeat(64),
      notCopied: 0,
      betsNotCopied: 0,
      commitsPerSecond: 640,
    },
    templates: [
      {
        id: 'goal-30',
        title: 'Goal in the next 30 s?',
        outcomes: ['Yes', 'No'],
        suggestOn: 'kickOff',
        decideOn: { type: 'goal', subject: null, minimumConfidence: 0.8, outcome: 0 },
        otherwise: 1,
        betWindowSeconds: 14,
        horizonSeconds: 30,
        deadlineSeconds: 60,
        guardMs: 500,
        opening: 'ask',
      },
    ],
    policy: FIRST_POLICY,
    suggestions: [],
    markets: [],
    events: [],
    notices: [],
  };
}

/** A machine without an encoder of its own, and an ffmpeg that lacks one thing. */
export function samplePicture(): PictureState {
  const reasons = {
    nvenc: 'no NVIDIA driver is installed here (Cannot load libcuda.so.1)',
    qsv: 'no Intel graphics driver answers here (Error initializing an internal MFX session)',
    amf: 'this ffmpeg (5.1.9) was built without h264_amf',
    videotoolbox: 'this ffmpeg (5.1.9) was built without h264_videotoolbox',
    vaapi: '',
  };
  return {
    ...{ choice: FIRST_PICTURE_CHOICE, bitsPerSecond: 2_500_000, encoder: 'x264', reason: '' },
    trials: HARDWARE_ENCODERS.map((encoder) => {
      const reason = reasons[encoder];
      return { encoder, state: reason === '' ? 'untried' : 'refused', reason };
    }),
    ffmpeg: {
      ...{ path: '/usr/bin/ffmpeg', reason: '', origin: 'system', version: '5.1.9' },
      has: ['https', 'rtmps', 'rtsp', 'hls', 'exactTimes'],
      lacks: ['srt'],
      protocols: ['file', 'hls', 'http', 'https', 'rtmp', 'rtmps', 'rtsp', 'tcp', 'tls', 'udp'],
      encoders: ['h264_nvenc', 'h264_qsv', 'h264_vaapi', 'libx264'],
    },
  };
}

export function sampleReadings(changes: Partial<Readings> = {}): Readings {
  return {
    mediaUs: 1_000_000_000,
    framesPerSecond: 30,
    kilobitsPerSecond: 2510,
    framesDropped: 0,
    viewerDelayMs: 24,
    visionMs: 31,
    betMs: 4,
    cpuPercent: 22,
    memoryMegabytes: 310,
    viewers: 128,
    ...changes,
  };
}

/** Handlers that refuse everything; a test replaces what it is about. */
export function refusingHandlers(): Handlers {
  const refuse = () => {
    throw new RpcError('wrongState', 'This test has no such thing.');
  };
  return {
    ingest: { show: refuse, renewWhipToken: refuse, renewRtmpKey: refuse },
    picture: { choose: refuse, tryEncoders: refuse },
    mixer: { set: refuse, levels: refuse },
    firstRun: { measure: refuse, stop: refuse, finish: refuse },
    obs: {
      ...{ find: refuse, connect: refuse, disconnect: refuse, setUp: refuse, undo: refuse },
      ...{ start: refuse, stop: refuse, showScene: refuse, dockLink: refuse },
    },
    show: {
      goLive: refuse,
      end: refuse,
      rename: refuse,
      suspendBetting: refuse,
      resumeBetting: refuse,
    },
    sources: {
      select: refuse,
      setPaused: refuse,
      seek: refuse,
      skip: refuse,
      setSystemSound: refuse,
    },
    markets: {
      openSuggestion: refuse,
      dismissSuggestion: refuse,
      open: refuse,
      lock: refuse,
      resolve: refuse,
      void: refuse,
      correct: refuse,
      extend: refuse,
      create: refuse,
      suspend: refuse,
      resume: refuse,
      saveTemplate: refuse,
      removeTemplate: refuse,
      exportTemplates: refuse,
      importTemplates: refuse,
      setOpening: refuse,
      history: refuse,
    },
    history: { bets: refuse, markets: refuse },
    viewers: { list: refuse, setBan: refuse, setStaff: refuse },
    policy: { set: refuse },
    models: {
      list: refuse,
      accept: refuse,
      download: refuse,
      stop: refuse,
      import: refuse,
      remove: refuse,
      retry: refuse,
      installCuda: refuse,
    },
    game: {
      ...{ show: refuse, choosePack: refuse, setPlaces: refuse, putZone: refuse },
      ...{ removeZone: refuse, calibrate: refuse, proposeCourt: refuse },
    },
    games: { connect: refuse, disconnect: refuse, show: refuse },
    facts: { at: refuse },
    people: {
      ...{ show: refuse, invite: refuse, revokeInvite: refuse, revokeRole: refuse },
      ...{ warn: refuse, timeOut: refuse, ban: refuse, lift: refuse, setShield: refuse },
      ...{ configure: refuse, signals: refuse },
    },
    chat: { list: refuse, say: refuse, remove: refuse, judge: refuse },
    relay: { show: refuse, pair: refuse, forget: refuse, checkLink: refuse },
    destinations: { add: refuse, setOn: refuse, remove: refuse },
    encryption: { set: refuse, changeKey: refuse },
    handover: { set: refuse, clear: refuse },
    recording: {
      ...{ start: refuse, stop: refuse, configure: refuse, saveClip: refuse, clips: refuse },
      ...{ readClip: refuse, removeClip: refuse },
    },
    moderation: {
      ...{ audit: refuse, card: refuse, note: refuse, removeNote: refuse },
      ...{ setSlow: refuse, effect: refuse },
    },
    breakIt: { show: refuse, run: refuse },
    evidence: { show: refuse, keepCase: refuse, read: refuse },
    fairness: { before: refuse, after: refuse },
    timeline: { events: refuse, moment: refuse },
    reports: { list: refuse, read: refuse },
    preview: { watch: refuse, leave: refuse },
    viewersPicture: { watch: refuse, leave: refuse },
    frames: { recent: refuse },
  };
}
