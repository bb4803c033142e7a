// OBS, driven from the studio: connected and kept so, set up, started and stopped, its scenes and
// its dropped frames. It is another program of another pace: nothing of the show waits for it, and
// when it is away the room says so and tries again.

import type { CancelTimer, Timers } from '../../core/base/clock.ts';
import type { Logger } from '../../core/base/logger.ts';
import { OBS_OFF, type ObsFound, type ObsState } from '../../core/contract/obs.ts';
import { ObsAway, type ObsConnection, openObs } from './obsDoor.ts';
import { findObs, type ObsFilesAt } from './obsFiles.ts';
import { type ObsBefore, ObsNotSettable, type ObsTargets, setUpObs, undoObs } from './obsSetUp.ts';

const FIGURES_PERIOD_MS = 1_000;
const RETRY_MS_FIRST = 1_000;
const RETRY_MS_MAX = 10_000;

/** What is kept of OBS over restarts; holds its password and its own stream key. */
export type ObsKept = {
  address: string;
  password: string;
  setUp: 'none' | 'rtmp' | 'whip';
  before: ObsBefore | null;
};

export type ObsRoom = {
  state(): ObsState;
  find(): Promise<ObsFound>;
  /** Connects from now on, also after restarts. Rejects with ObsAway; it is then kept trying. */
  connect(address: string, password: string): Promise<void>;
  disconnect(): Promise<void>;
  /** These reject with ObsAway, ObsRefused or ObsNotSettable. */
  setUp(): Promise<void>;
  undo(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
  showScene(name: string): Promise<void>;
  close(): void;
};

export type ObsRoomOptions = {
  timers: Timers;
  logger: Logger;
  monotonicMs(): number;
  files: ObsFilesAt;
  kept: ObsKept | null;
  keep(kept: ObsKept | null): Promise<void>;
  targets(): ObsTargets;
  onChange(state: ObsState): void;
};

/** Opens the room; an OBS that was connected before is looked for again. */
export function createObsRoom(options: ObsRoomOptions): ObsRoom {
  const room = new Room(options);
  room.begin();
  return room;
}

class Room implements ObsRoom {
  readonly #options: ObsRoomOptions;
  #kept: ObsKept | null;
  #state: ObsState;
  #obs: ObsConnection | null = null;
  /** Counts connections: what an older one reports is not heard. */
  #attempt = 0;
  #retryMs = RETRY_MS_FIRST;
  #cancelRetry: CancelTimer = () => {};
  #cancelFigures: CancelTimer = () => {};
  #bytes = { count: 0, atMs: 0 };

  constructor(options: ObsRoomOptions) {
    this.#options = options;
    this.#kept = options.kept;
    this.#state = { ...OBS_OFF, ...this.#keptPart() };
  }

  begin(): void {
    if (this.#kept) this.#again(0);
  }

  state(): ObsState {
    return this.#state;
  }

  find(): Promise<ObsFound> {
    return findObs(this.#options.files);
  }

  async connect(address: string, password: string): Promise<void> {
    this.#letGo();
    const before = this.#kept?.before ?? null;
    this.#kept = { address, password, setUp: this.#kept?.setUp ?? 'none', before };
    await this.#options.keep(this.#kept);
    this.#retryMs = RETRY_MS_FIRST;
    await this.#open();
  }

  async disconnect(): Promise<void> {
    this.#letGo();
    // What OBS had before stays kept: it can still be given back after connecting again.
    this.#kept = this.#kept?.before ? { ...this.#kept, address: '', password: '' } : null;
    await this.#options.keep(this.#kept);
    this.#change({ ...OBS_OFF, ...this.#keptPart() });
  }

  async setUp(): Promise<void> {
    const obs = this.#connected();
    const done = await setUpObs(obs, this.#state.version, this.#options.targets(), (before) =>
      // A second set-up must not keep our own settings as what was there before.
      this.#keep({ before: this.#kept?.before ?? before }),
    );
    await this.#keep({ setUp: done.way });
    this.#change({ setUp: done.way, setUpNote: done.note });
  }

  async undo(): Promise<void> {
    const before = this.#kept?.before;
    if (!before)
      throw new ObsNotSettable('OBS was not set up from here; there is nothing to undo.');
    await undoObs(this.#connected(), before);
    await this.#keep({ setUp: 'none', before: null });
    this.#change({ setUp: 'none', setUpNote: '' });
  }

  async start(): Promise<void> {
    await this.#connected().call('StartStream');
  }

  async stop(): Promise<void> {
    await this.#connected().call('StopStream');
  }

  async showScene(sceneName: string): Promise<void> {
    await this.#connected().call('SetCurrentProgramScene', { sceneName });
  }

  close(): void {
    this.#letGo();
  }

  #connected(): ObsConnection {
    if (this.#obs) return this.#obs;
    throw new ObsAway('absent', 'OBS is not connected. Connect it first.');
  }

  async #open(): Promise<void> {
    const kept = this.#kept;
    if (!kept?.address) return;
    const attempt = ++this.#attempt;
    const isOld = () => attempt !== this.#attempt;
    if (this.#state.state === 'off') this.#change({ state: 'connecting', reason: '' });
    try {
      const obs = await openObs(
        { ...kept, timers: this.#options.timers },
        {
          onStreaming: (isStreaming) => void (isOld() || this.#change({ isStreaming })),
          onScene: (scene) => void (isOld() || this.#change({ scene })),
          onScenes: () => void (isOld() || this.#scenesChanged()),
          onClosed: () => void (isOld() || this.#lost()),
        },
      );
      if (isOld()) return obs.close();
      await this.#greet(obs).catch((error: unknown) => {
        obs.close();
        throw error;
      });
    } catch (error) {
      if (isOld()) return;
      const trouble = error instanceof ObsAway ? error : new ObsAway('absent', String(error));
      await this.#failed(trouble);
      throw trouble;
    }
  }

  async #greet(obs: ObsConnection): Promise<void> {
    const { obsVersion } = await obs.call('GetVersion');
    this.#retryMs = RETRY_MS_FIRST;
    const address = this.#kept?.address ?? '';
    const known = { ...(await this.#readScenes(obs)), ...(await this.#readFigures(obs)) };
    this.#obs = obs;
    this.#change({ ...known, state: 'connected', reason: '', address, version: obsVersion });
    this.#cancelFigures = this.#options.timers.every(FIGURES_PERIOD_MS, () => {
      this.#readFigures(obs).then(
        (figures) => void (this.#obs === obs && this.#change(figures)),
        () => {},
      );
    });
  }

  async #failed(trouble: ObsAway): Promise<void> {
    this.#drop();
    const { trouble: state, message } = trouble;
    const reason = state === 'absent' ? `${message} ${await this.#nextStep()}` : message;
    const address = this.#kept?.address ?? '';
    this.#change({ ...OBS_OFF, ...this.#keptPart(), state, reason, address });
    // A password does not mend itself, and OBS would count the attempts.
    if (state !== 'wrongPassword') this.#again(this.#retryMs);
    this.#retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2);
  }

  async #nextStep(): Promise<string> {
    const { isInstalled, isServerOn, port } = await this.find();
    if (!isInstalled) return 'OBS was not found on this computer: start it, or give its address.';
    if (isServerOn === false) {
      return 'Start OBS and switch on its server: Tools → WebSocket Server Settings.';
    }
    const own = this.#kept?.address.endsWith(`:${port}`);
    return own === false ? `Start OBS; its own port is ${port}.` : 'Start OBS.';
  }

  #lost(): void {
    this.#drop();
    const reason = 'OBS went away. It is connected again as soon as it is back.';
    this.#change({ ...OBS_OFF, ...this.#keptPart(), state: 'absent', reason });
    this.#again(this.#retryMs);
  }

  #again(waitMs: number): void {
    this.#cancelRetry();
    this.#cancelRetry = this.#options.timers.after(waitMs, () => {
      this.#open().catch(() => {});
    });
  }

  #letGo(): void {
    this.#attempt++;
    this.#cancelRetry();
    this.#drop();
  }

  #drop(): void {
    this.#cancelFigures();
    this.#obs?.close();
    this.#obs = null;
  }

  #scenesChanged(): void {
    const obs = this.#obs;
    if (!obs) return;
    this.#readScenes(obs).then(
      (scenes) => void (this.#obs === obs && this.#change(scenes)),
      () => {},
    );
  }

  async #readScenes(obs: ObsConnection): Promise<Pick<ObsState, 'scenes' | 'scene'>> {
    const list = await obs.call('GetSceneList');
    // OBS lists them from the last to the first.
    const scenes = list.scenes.map(({ sceneName }) => String(sceneName)).reverse();
    return { scenes, scene: list.currentProgramSceneName };
  }

  async #readFigures(obs: ObsConnection): Promise<Partial<ObsState>> {
    const status = await obs.call('GetStreamStatus');
    const atMs = this.#options.monotonicMs();
    const seconds = (atMs - this.#bytes.atMs) / 1000;
    const bytes = Math.max(0, status.outputBytes - this.#bytes.count);
    const isFirst = this.#bytes.atMs === 0 || status.outputBytes < this.#bytes.count;
    this.#bytes = { count: status.outputBytes, atMs };
    return {
      isStreaming: status.outputActive,
      framesDropped: Math.max(0, status.outputSkippedFrames),
      framesTotal: Math.max(0, status.outputTotalFrames),
      kilobitsPerSecond:
        status.outputActive && !isFirst && seconds > 0
          ? Math.round((bytes * 8) / 1000 / seconds)
          : 0,
    };
  }

  #keptPart(): Pick<ObsState, 'setUp' | 'address'> {
    return { setUp: this.#kept?.setUp ?? 'none', address: this.#kept?.address ?? '' };
  }

  async #keep(change: Partial<ObsKept>): Promise<void> {
    if (!this.#kept) return;
    this.#kept = { ...this.#kept, ...change };
    await this.#options.keep(this.#kept);
  }

  #change(change: Partial<ObsState>): void {
    const before = JSON.stringify(this.#state);
    this.#state = { ...this.#state, ...change };
    if (JSON.stringify(this.#state) === before) return;
    if (change.state) this.#options.logger.info('OBS changed', { state: change.state });
    this.#options.onChange(this.#state);
  }
}
