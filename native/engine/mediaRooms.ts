// The rooms of the media plane, built and given what each needs: capture, publisher, the uplink's
// governor, vision's client, the sound meter, the log of facts. What flows between them is
// engine.ts's business, never this file's.

import { lowerLayersOf } from '../../core/media/feed.ts';
import { createCapture } from '../capture/capture.ts';
import { createSoundMeter } from '../capture/soundMeter.ts';
import type { SourceAddresses } from '../capture/sourceAddresses.ts';
import type { EngineSurroundings } from '../engine.ts';
import { createPublisher } from '../publish/publisher.ts';
import { createVisionClient } from '../vision/client.ts';
import type { EngineConfiguration } from './configuration.ts';
import { createFactLog } from './factLog.ts';
import type { IngestDoor } from './ingestDoor.ts';
import { isRelayHere, peerOptionsOf } from './relayReach.ts';
import { createUplinkGovernor } from './uplinkGovernor.ts';

export type MediaRooms = ReturnType<typeof openMediaRooms>;
type IngestWays = Pick<IngestDoor, 'whip' | 'rtmp' | 'srt'>;

/** The media plane: it may drop, and it never waits. */
export function openMediaRooms(
  configuration: EngineConfiguration,
  around: EngineSurroundings,
  demoAnchorUs: number,
  { whip, rtmp, srt, addresses }: IngestWays & { addresses: SourceAddresses },
) {
  const { clock, timers, random, logger } = around;
  const capture = createCapture({
    ...{ addresses, whip, rtmp, ...(srt && { srt }), clock, timers },
    ...{ ffmpeg: around.ffmpeg, onHelper: around.onHelper },
    logger: logger.with({ part: 'capture' }),
    callerFolder: configuration.callerFolder,
    seed: configuration.seed,
    demoAnchorUs,
    demoWorkerUrl: around.demoWorkerUrl,
    lowerLayers: lowerLayersOf(configuration.layers),
    isElastic: !isRelayHere(configuration),
    videoClockOffset: configuration.videoClockOffset,
    audioClockOffset: configuration.audioClockOffset,
  });
  // To the relay while live, to the studio's own preview always.
  const publisher = createPublisher({
    clock,
    timers,
    random,
    logger: logger.with({ part: 'publish' }),
    fetch: around.fetch,
    peer: peerOptionsOf(configuration),
    requestKeyFrame: () => capture.requestKeyFrame(),
    // A relay on this machine has no path to be weak: late reports are those of a busy processor.
    onUplinkReport: (report) => void (isRelayHere(configuration) || governor.report(report)),
  });
  const uplinkSentences: ((sentence: string) => void)[] = [];
  const governor = createUplinkGovernor({
    clock,
    logger: logger.with({ part: 'uplink' }),
    setBitrate: (bitsPerSecond) => capture.setBitrate(bitsPerSecond),
    limitLayers: (bitsPerSecond) => publisher.limitLayers(bitsPerSecond),
    onWeak(sentence) {
      for (const run of uplinkSentences) run(sentence);
    },
  });
  const vision = createVisionClient({ timers, logger: logger.with({ part: 'vision' }) });
  // How loud it is goes to vision beside the picture: highlights are found in it, too.
  const soundMeter = createSoundMeter({
    ...{ ffmpeg: around.ffmpeg, timers, onHelper: around.onHelper },
    logger: logger.with({ part: 'sound' }),
    onHeard: (heard) => vision.signal(heard),
    onPcm: (pcm) => capture.sound.heard(pcm),
  });
  const factLog = createFactLog({
    ...{ timers, logger: logger.with({ part: 'facts' }) },
    dataFolder: configuration.dataFolder,
  });
  const onUplinkWeak = (run: (sentence: string) => void) => void uplinkSentences.push(run);
  const { setMost } = governor;
  return { capture, publisher, vision, factLog, soundMeter, onUplinkWeak, setMost };
}
