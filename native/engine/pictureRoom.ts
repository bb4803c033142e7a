// The owner's choice of picture, joined to what carries it out: kept as `picture` in settings.json,
// which a person may edit too, given to capture and to the uplink's governor. Encoders of the
// machine are tried here one after the other, long after the start, and one that has not made a
// picture is never chosen.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CancelTimer } from '../../core/base/clock.ts';
import {
  type Encoder,
  type EncoderTrial,
  FIRST_PICTURE_CHOICE,
  HARDWARE_ENCODERS,
  type HardwareEncoder,
  type PictureChoice,
  type PictureState,
  pictureChoiceSchema,
} from '../../core/contract/picture.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { SourceState } from '../../core/contract/state.ts';
import { type PictureTarget, pictureTargetOf } from '../../core/media/pictureTarget.ts';
import type { Capture } from '../capture/capture.ts';
import type { EngineSurroundings } from '../engine.ts';
import { ffmpegView } from '../ffmpeg/abilities.ts';
import { HARDWARE_TITLES, tryHardwareEncoder } from '../ffmpeg/hardwareEncoders.ts';
import { hasFfmpeg } from '../ffmpeg/resolve.ts';
import { keepSetting, SETTINGS_FILE } from './keptSettings.ts';

/** The show has begun by then, and its first pictures are out. */
const TRIALS_AFTER_MS = 10_000;

export type PictureRoom = {
  handlers: Handlers['picture'];
  /** Begins, unless it is under way; the state tells what came of it. */
  tryEncoders(): void;
  close(): void;
};

export type PictureRoomOptions = {
  configuration: { dataFolder: string; bitsPerSecondMax: number | null };
  around: Pick<EngineSurroundings, 'ffmpeg' | 'timers' | 'logger' | 'onHelper'>;
  capture: Pick<Capture, 'setPicture' | 'setBitrate' | 'onState'>;
  onChange(picture: PictureState): void;
  /** What is wished for where the path allows it. @returns what the path allows now */
  setMost(bitsPerSecond: number): number;
  /** Tries one encoder; a test has its own. */
  tryEncoder?: typeof tryHardwareEncoder;
};

/** Reads the choice and gives it to capture; trials follow by themselves. */
export async function openPictureRoom(options: PictureRoomOptions): Promise<PictureRoom> {
  const room = new Room(options, await keptChoice(options.configuration.dataFolder));
  room.start();
  return room;
}

class Room implements PictureRoom {
  readonly handlers: Handlers['picture'];
  readonly #options: PictureRoomOptions;
  readonly #trials = new Map<HardwareEncoder, EncoderTrial>();
  #choice: PictureChoice;
  #target: PictureTarget;
  #cancelTrials: CancelTimer = () => {};
  #isTrying = false;
  #isClosed = false;

  constructor(options: PictureRoomOptions, choice: PictureChoice) {
    this.#options = options;
    this.#choice = choice;
    for (const encoder of HARDWARE_ENCODERS) {
      this.#trials.set(encoder, { encoder, state: 'waiting', reason: '' });
    }
    this.#target = this.#wanted();
    this.handlers = {
      choose: ({ choice: chosen }) => this.#choose(chosen),
      tryEncoders: () => this.tryEncoders(),
    };
  }

  start(): void {
    const { capture, around } = this.#options;
    this.#apply(false);
    capture.onState((source) => this.#sourceChanged(source));
    this.#cancelTrials = around.timers.after(TRIALS_AFTER_MS, () => void this.#tryAll());
  }

  tryEncoders(): void {
    void this.#tryAll();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTrials();
  }

  async #choose(choice: PictureChoice): Promise<void> {
    const refusal = this.#refusalOf(choice.encoder);
    if (refusal !== '') throw new RpcError('refused', refusal);
    await keepSetting(this.#options.configuration.dataFolder, { picture: choice });
    this.#choice = choice;
    this.#apply(false);
  }

  #refusalOf(encoder: Encoder): string {
    if (encoder === 'x264') return '';
    const trial = this.#trials.get(encoder);
    if (!trial || trial.state === 'waiting') {
      return `${HARDWARE_TITLES[encoder]} has not been tried yet; it is tried within a minute.`;
    }
    if (trial.state !== 'refused') return '';
    return `${HARDWARE_TITLES[encoder]} cannot be used: ${trial.reason}.`;
  }

  /** With x264 in place of an encoder that has not proved itself. */
  #wanted(): PictureTarget {
    const { bitsPerSecondMax } = this.#options.configuration;
    const isProved = this.#refusalOf(this.#choice.encoder) === '';
    const encoder = isProved ? this.#choice.encoder : 'x264';
    return pictureTargetOf({ ...this.#choice, encoder }, bitsPerSecondMax);
  }

  #apply(isForNext: boolean): void {
    const { capture, setMost } = this.#options;
    this.#target = this.#wanted();
    capture.setPicture(this.#target, isForNext);
    const allowed = setMost(this.#target.bitsPerSecond);
    if (allowed < this.#target.bitsPerSecond) capture.setBitrate(allowed);
    this.#tell();
  }

  #tell(): void {
    if (this.#isClosed) return;
    this.#options.onChange({
      choice: this.#choice,
      bitsPerSecond: this.#target.bitsPerSecond,
      encoder: this.#target.encoder,
      reason: this.#refusalOf(this.#choice.encoder),
      trials: [...this.#trials.values()],
      ffmpeg: ffmpegView(this.#options.around.ffmpeg),
    });
  }

  async #tryAll(): Promise<void> {
    const { around } = this.#options;
    if (this.#isTrying || this.#isClosed) return;
    this.#isTrying = true;
    this.#cancelTrials();
    for (const encoder of HARDWARE_ENCODERS) {
      const reason = hasFfmpeg(around.ffmpeg)
        ? await this.#try(around.ffmpeg, encoder)
        : 'there is no ffmpeg';
      if (this.#isClosed) return;
      const state = reason === '' ? 'untried' : 'refused';
      this.#trials.set(encoder, { encoder, state, reason });
      around.logger.info('An encoder was tried', { encoder, state, reason });
      this.#tell();
    }
    this.#isTrying = false;
    if (this.#wanted().encoder !== this.#target.encoder) this.#apply(false);
  }

  /** With the size that it would carry: a card may bear one and not another. */
  #try(
    ffmpeg: Parameters<typeof tryHardwareEncoder>[0],
    encoder: HardwareEncoder,
  ): Promise<string> {
    const { around, configuration, tryEncoder = tryHardwareEncoder } = this.#options;
    const target = pictureTargetOf({ ...this.#choice, encoder }, configuration.bitsPerSecondMax);
    return tryEncoder(ffmpeg, encoder, target, around);
  }

  /** A card's encoder that carries pictures is seen; one that gave up is not asked again. */
  #sourceChanged({ state, madeBy }: SourceState): void {
    const { encoder } = this.#target;
    if (state !== 'live' || encoder === 'x264') return;
    const trial = this.#trials.get(encoder);
    if (madeBy === encoder && trial?.state === 'untried') {
      this.#trials.set(encoder, { ...trial, state: 'seen' });
      this.#tell();
    } else if (madeBy === 'x264') {
      const reason = 'it gave up while it carried the picture; x264 has taken over';
      this.#trials.set(encoder, { encoder, state: 'refused', reason });
      this.#apply(true);
    }
  }
}

/** What settings.json says; the first choice where it says nothing that can be read. */
async function keptChoice(dataFolder: string): Promise<PictureChoice> {
  try {
    const settings: unknown = JSON.parse(await readFile(join(dataFolder, SETTINGS_FILE), 'utf8'));
    if (typeof settings !== 'object' || settings === null || !('picture' in settings)) {
      return FIRST_PICTURE_CHOICE;
    }
    return pictureChoiceSchema.parse(settings.picture);
  } catch {
    return FIRST_PICTURE_CHOICE;
  }
}
