// What a user interface sees before anything has answered.

import { OBS_OFF } from '../../core/contract/obs.ts';
import { NOBODY_YET } from '../../core/contract/people.ts';
import { NO_PICTURE_YET } from '../../core/contract/picture.ts';
import { FIRST_RECORDING_SETTINGS, NO_RECORDING } from '../../core/contract/recording.ts';
import type { StudioState, Template } from '../../core/contract/state.ts';
import { CALM_SCENE, NO_PLACES } from '../../core/contract/visionState.ts';
import type { ShowPart } from './show.ts';

/** The first snapshot of an engine's life. */
export function initialState(options: {
  show: ShowPart;
  source: string;
  relayUrl: string;
  isRelayOurs?: boolean;
  templates: readonly Template[];
  /** Sentences that stand on top from the start. */
  complaints: readonly string[];
}): StudioState {
  return {
    show: options.show,
    source: {
      url: options.source,
      title: options.source,
      state: 'connecting',
      reason: '',
      width: 0,
      height: 0,
      framesPerSecond: 0,
      hasSound: false,
    },
    sources: knownSources(options.source),
    relay: {
      ...{ state: 'connecting', url: options.relayUrl, reason: '', viewers: 0 },
      ...(options.isRelayOurs ? { isOurs: true } : {}),
    },
    picture: NO_PICTURE_YET,
    handover: { state: 'off', reason: '', whipUrl: '', whepUrl: '' },
    obs: OBS_OFF,
    destinations: [],
    people: NOBODY_YET,
    recording: { ...NO_RECORDING, settings: FIRST_RECORDING_SETTINGS },
    vision: {
      ...{ state: 'starting', reason: '', model: '', provider: '', pack: '' },
      ...{ scene: CALM_SCENE, places: NO_PLACES },
    },
    ledger: {
      ...{ state: 'starting', reason: '', seq: 0, hash: '', notCopied: 0, betsNotCopied: 0 },
      commitsPerSecond: 0,
    },
    templates: [...options.templates],
    policy: null,
    suggestions: [],
    markets: [],
    events: [],
    notices: options.complaints.map((text, index) => ({
      id: `start-${index}`,
      severity: 'warn',
      text,
    })),
  };
}

/** What can be switched to: the built-in ones and whatever was named on the command line. */
function knownSources(chosen: string): StudioState['sources'] {
  const builtIn = [
    { url: 'demo:', title: 'Demo match' },
    { url: 'camera:', title: 'Camera' },
    { url: 'screen:', title: 'Screen' },
    { url: 'window:', title: 'Window' },
    { url: 'rtmp:', title: 'OBS (RTMP)' },
    { url: 'whip:', title: 'OBS (WHIP)' },
  ];
  const isBuiltIn = builtIn.some((source) => source.url === chosen);
  return isBuiltIn ? builtIn : [...builtIn, { url: chosen, title: titleOf(chosen) }];
}

function titleOf(url: string): string {
  const isFile = url.startsWith('file:');
  return isFile ? (url.split(/[\\/]/).at(-1) ?? url).replace(/^file:/, '') : url;
}
