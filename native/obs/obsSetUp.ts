// Sets OBS up to stream here, and gives back what it had. Before anything is changed, what is there
// is read and handed to whoever keeps it, so that a crash in between loses no stream key. What
// cannot be done is said with what to do by hand instead, and the rest is done all the same.

import { z } from 'zod';
import { type ObsConnection, ObsRefused } from './obsDoor.ts';

/** The browser source's name in OBS; it is ours, so that we may remove it again. */
export const OVERLAY_NAME = 'Morphine Studio overlay';
/** The first OBS that streams by WHIP. */
export const WHIP_FROM_MAJOR = 30;
/** No B-frames, no look-ahead, and a key frame every two seconds at 30 pictures a second. */
const X264_SETTINGS = 'bframes=0 tune=zerolatency keyint=60';
/** The page is made for this: OBS's own rules for pages that are not would only be in the way. */
const OVERLAY_CSS = '';
const OUTPUT_IS_RUNNING = 500;

const settingsSchema = z.record(z.string(), z.json());
const parameterSchema = z.object({
  category: z.string(),
  name: z.string(),
  /** Null: it stood at its default. */
  value: z.string().nullable(),
});

export const obsBeforeSchema = z.object({
  service: z.object({ type: z.string(), settings: settingsSchema }),
  parameters: z.array(parameterSchema),
  /** The scene that we put our browser source into; null: none. */
  overlayScene: z.string().nullable(),
});
/** What OBS had before; holds its stream key. */
export type ObsBefore = z.infer<typeof obsBeforeSchema>;

export type ObsTargets = {
  whip: { url: string; token: string };
  /** Absent: this studio takes no RTMP. */
  rtmp?: { url: string; key: string } | undefined;
  /** The page that shows the markets over the picture; empty: there is none yet. */
  overlayUrl: string;
};

export type ObsSetUpDone = { way: 'rtmp' | 'whip'; note: string };

/** The overlay, beside the viewers' page at the same relay; it needs no key of the picture. */
export function overlayUrlOf(viewerUrl: string): string {
  if (!URL.canParse(viewerUrl)) return '';
  const url = new URL(viewerUrl);
  if (!url.pathname.startsWith('/s/')) return '';
  return `${url.origin}/overlay/${url.pathname.slice('/s/'.length)}`;
}

/** OBS cannot be set up now; the message says what to do first. */
export class ObsNotSettable extends Error {}

/**
 * Points OBS at this studio.
 *
 * @param keep called with what was there before anything is changed
 * @throws ObsNotSettable, ObsRefused, ObsAway
 */
export async function setUpObs(
  obs: ObsConnection,
  version: string,
  targets: ObsTargets,
  keep: (before: ObsBefore) => Promise<void>,
): Promise<ObsSetUpDone> {
  const status = await obs.call('GetStreamStatus');
  if (status.outputActive) throw new ObsNotSettable('OBS is streaming. Stop it first.');
  const isWhip = Number.parseInt(version, 10) >= WHIP_FROM_MAJOR;
  if (!isWhip && !targets.rtmp) {
    throw new ObsNotSettable(`OBS ${version} cannot stream by WHIP. Update it to OBS 30 or later.`);
  }
  const service = await obs.call('GetStreamServiceSettings');
  const encoder = await readEncoder(obs);
  const scene = (await obs.call('GetCurrentProgramScene')).currentProgramSceneName;
  const hasOverlay = targets.overlayUrl !== '' && (await takesBrowserSource(obs));
  await keep({
    service: {
      type: service.streamServiceType,
      settings: settingsSchema.parse(service.streamServiceSettings),
    },
    parameters: encoder.before,
    overlayScene: hasOverlay ? scene : null,
  });
  try {
    await obs.call('SetStreamServiceSettings', serviceOf(isWhip, targets));
  } catch (error) {
    if (!(error instanceof ObsRefused) || error.code !== OUTPUT_IS_RUNNING) throw error;
    throw new ObsNotSettable('OBS is streaming. Stop it first.');
  }
  for (const { category, name, value } of encoder.wanted) {
    await setParameter(obs, category, name, value);
  }
  if (hasOverlay) await addOverlay(obs, scene, targets.overlayUrl);
  const notes = [encoder.note];
  if (targets.overlayUrl !== '' && !hasOverlay) {
    notes.push('This OBS has no browser source, so the markets are not shown in its picture.');
  }
  return { way: isWhip ? 'whip' : 'rtmp', note: notes.filter((note) => note !== '').join(' ') };
}

/** Gives back what OBS had. @throws ObsNotSettable, ObsRefused, ObsAway */
export async function undoObs(obs: ObsConnection, before: ObsBefore): Promise<void> {
  const status = await obs.call('GetStreamStatus');
  if (status.outputActive) throw new ObsNotSettable('OBS is streaming. Stop it first.');
  await obs.call('SetStreamServiceSettings', {
    streamServiceType: before.service.type,
    streamServiceSettings: before.service.settings,
  });
  for (const { category, name, value } of before.parameters) {
    await setParameter(obs, category, name, value);
  }
  if (before.overlayScene === null) return;
  await obs.call('RemoveInput', { inputName: OVERLAY_NAME }).catch((error: unknown) => {
    // Its owner may have removed it already.
    if (!(error instanceof ObsRefused)) throw error;
  });
}

function serviceOf(isWhip: boolean, { whip, rtmp }: ObsTargets) {
  if (isWhip || !rtmp) {
    const settings = { service: 'WHIP', server: whip.url, bearer_token: whip.token };
    return { streamServiceType: 'whip_custom', streamServiceSettings: settings };
  }
  const settings = { server: rtmp.url, key: rtmp.key, use_auth: false, bwtest: false };
  return { streamServiceType: 'rtmp_custom', streamServiceSettings: settings };
}

type Parameter = z.infer<typeof parameterSchema>;

/** Only OBS's simple output with x264 can be changed from outside. */
async function readEncoder(
  obs: ObsConnection,
): Promise<{ before: Parameter[]; wanted: Parameter[]; note: string }> {
  const read = async (category: string, name: string): Promise<Parameter> => {
    const { parameterValue } = await obs.call('GetProfileParameter', {
      ...{ parameterCategory: category, parameterName: name },
    });
    return { category, name, value: parameterValue };
  };
  const byHand =
    'In OBS set B-frames to 0, tune to zerolatency and the key-frame interval to 2 s yourself.';
  if ((await read('Output', 'Mode')).value === 'Advanced') {
    return { before: [], wanted: [], note: `OBS's output is set to Advanced. ${byHand}` };
  }
  const encoder = (await read('SimpleOutput', 'StreamEncoder')).value ?? 'x264';
  if (!encoder.startsWith('x264')) {
    const note = `OBS encodes with ${encoder}: set its B-frames to 0, its tuning to low latency.`;
    return { before: [], wanted: [], note };
  }
  const wanted = [
    { category: 'SimpleOutput', name: 'UseAdvanced', value: 'true' },
    { category: 'SimpleOutput', name: 'x264Settings', value: X264_SETTINGS },
  ];
  const before: Parameter[] = [];
  for (const { category, name } of wanted) before.push(await read(category, name));
  return { before, wanted, note: '' };
}

async function setParameter(
  obs: ObsConnection,
  parameterCategory: string,
  parameterName: string,
  value: string | null,
): Promise<void> {
  // The protocol takes null, which removes the parameter; the library's types forgot it.
  const parameterValue = value as string;
  await obs.call('SetProfileParameter', { parameterCategory, parameterName, parameterValue });
}

async function takesBrowserSource(obs: ObsConnection): Promise<boolean> {
  const { inputKinds } = await obs.call('GetInputKindList', { unversioned: true });
  return inputKinds.includes('browser_source');
}

async function addOverlay(obs: ObsConnection, sceneName: string, url: string): Promise<void> {
  const { baseWidth: width, baseHeight: height } = await obs.call('GetVideoSettings');
  const inputSettings = { url, width, height, css: OVERLAY_CSS };
  const { inputs } = await obs.call('GetInputList');
  if (inputs.some(({ inputName }) => inputName === OVERLAY_NAME)) {
    await obs.call('SetInputSettings', { inputName: OVERLAY_NAME, inputSettings });
    return;
  }
  await obs.call('CreateInput', {
    ...{ sceneName, inputName: OVERLAY_NAME, inputKind: 'browser_source' },
    inputSettings,
  });
}
