// Figures for the status bar and for scrapers. They are read twice a second from the rooms' own
// counters; nothing in the show depends on them.

import type { CancelTimer, MediaClock, Timers } from '../../core/base/clock.ts';
import { RecentFigures } from '../../core/base/recentFigures.ts';
import type { Readings } from '../../core/contract/state.ts';
import type { Audience } from '../audience/audience.ts';
import type { Capture } from '../capture/capture.ts';
import type { Publisher } from '../publish/publisher.ts';
import { READINGS_EVERY_MS } from '../serve/state.ts';
import { watchGpuUse } from '../telemetry/gpuUse.ts';
import type { StudioSocket } from '../upstream/studioSocket.ts';
import type { VisionStatus } from '../vision/client.ts';
import { Settling } from './settling.ts';
import type { StudioDoor } from './studioDoor.ts';

const VISION_WINDOW_US = 10_000_000;

export type ReadingsCollector = {
  /** Vision told the result of the frame captured then. */
  frameJudged(captureUs: number): void;
  /** Vision told how it is; scrapers read its stages and drops from the newest one. */
  visionChanged(status: VisionStatus): void;
  close(): void;
};

export function createReadingsCollector(rooms: {
  clock: MediaClock;
  timers: Timers;
  publisher: Publisher;
  capture: Capture;
  audience: Audience;
  socket: StudioSocket;
  door: StudioDoor;
}): ReadingsCollector {
  const { clock, publisher, capture, audience, socket, door } = rooms;
  const judged = new RecentFigures(VISION_WINDOW_US);
  const settling = new Settling();
  const observeVision = door.metrics.histogramMs(
    'frame_to_result',
    'Frame made -> result of vision known at the engine',
  );
  const processor = processorShare(clock);
  const cancel: CancelTimer = rooms.timers.every(READINGS_EVERY_MS, () => door.rpc.read(collect()));

  function collect(): Readings {
    const nowUs = clock.nowUs();
    const published = publisher.stats();
    const heard = audience.readings();
    if (published.framesPerSecond > 0) settling.saw('picture', nowUs);
    return {
      mediaUs: nowUs,
      framesPerSecond: round(published.framesPerSecond),
      kilobitsPerSecond: Math.round(published.kilobitsPerSecond),
      framesDropped: published.framesDropped + capture.counters().framesDropped,
      viewerDelayMs: heard.viewerDelayMs,
      visionMs: judged.percentile(0.95, nowUs),
      betMs: heard.betMs,
      cpuPercent: processor(),
      memoryMegabytes: Math.round(process.memoryUsage.rss() / 1_048_576),
      viewers: heard.viewers,
      roundTripMs: socket.roundTripUs === null ? null : round(socket.roundTripUs / 1000),
      gpuPercent: gpu.percent(),
      betsConfirmed: audience.counters.betsConfirmed,
      settling: settling.parts(nowUs),
    };
  }

  declareMetrics(rooms);
  let vision: VisionStatus | null = null;
  declareVisionMetrics(door.metrics, () => vision);
  const gpu = watchGpuUse({ timers: rooms.timers });
  door.metrics.gaugeBy(
    'gpu_use_percent',
    'Use of the busiest graphics processor of the machine; without a value where nobody tells it',
    'source',
    () => ({ [gpu.source() || 'not told']: gpu.percent() ?? Number.NaN }),
  );
  return {
    visionChanged(status) {
      vision = status;
    },
    frameJudged(captureUs) {
      const nowUs = clock.nowUs();
      const durationMs = (nowUs - captureUs) / 1000;
      judged.add(nowUs, durationMs);
      settling.saw('vision', nowUs);
      observeVision(durationMs);
    },
    close() {
      cancel();
      gpu.close();
    },
  };
}

function declareMetrics(rooms: {
  publisher: Publisher;
  capture: Capture;
  audience: Audience;
  door: StudioDoor;
}): void {
  const { metrics } = rooms.door;
  metrics.gauge('frames_per_second', 'Frames published in the last second', () =>
    round(rooms.publisher.stats().framesPerSecond),
  );
  metrics.gauge('published_kilobits_per_second', 'Media published, without retransmissions', () =>
    Math.round(rooms.publisher.stats().kilobitsPerSecond),
  );
  metrics.countBy('frames_dropped_total', 'Frames dropped since the start', 'queue', () => ({
    capture: rooms.capture.counters().framesDropped,
    publish: rooms.publisher.stats().framesDropped,
  }));
  metrics.gauge('viewers', 'Viewers connected for facts', () => rooms.audience.readings().viewers);
  metrics.countBy('bets_total', 'Bets since the start', 'answer', () => ({
    confirmed: rooms.audience.counters.betsConfirmed,
    refused: rooms.audience.counters.betsRefused,
    limited: rooms.audience.counters.betsLimited,
  }));
  metrics.gauge(
    'preview_readers',
    'Readers of the local preview',
    () => rooms.publisher.stats().previewCount,
  );
}

/** What vision's stages took and what it left out. */
function declareVisionMetrics(
  metrics: StudioDoor['metrics'],
  status: () => VisionStatus | null,
): void {
  metrics.gaugeBy(
    'vision_stage_milliseconds',
    'p95 of the last 10 s of each stage of vision',
    'stage',
    () => {
      const stages = Object.entries(status()?.stagesMs ?? {});
      return Object.fromEntries(stages.flatMap(([name, ms]) => (ms === null ? [] : [[name, ms]])));
    },
  );
  metrics.countBy('vision_pictures_total', 'Pictures since vision started', 'outcome', () => ({
    judged: status()?.framesJudged ?? 0,
    dropped: status()?.framesDropped ?? 0,
    withoutDetector: status()?.detectorSkipped ?? 0,
  }));
  metrics.gaugeBy(
    'vision_inference_milliseconds',
    'Inference of one picture when the model started',
    'model',
    () => {
      const running = status()?.models ?? [];
      return Object.fromEntries(running.map(({ id, medianMs }) => [id, medianMs ?? 0]));
    },
  );
}

/** Share of one core that this process used since the last call, percent. */
function processorShare(clock: MediaClock): () => number | null {
  let lastUs = clock.nowUs();
  let last = process.cpuUsage();
  return () => {
    const nowUs = clock.nowUs();
    const now = process.cpuUsage();
    const spentUs = now.user + now.system - last.user - last.system;
    const share = nowUs > lastUs ? (100 * spentUs) / (nowUs - lastUs) : null;
    lastUs = nowUs;
    last = now;
    return share === null ? null : round(share);
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
