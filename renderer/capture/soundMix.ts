// Several sounds as one track, each at its own level of one: a microphone above a game.

export type SoundMix = { track: MediaStreamTrack | undefined; close(): void };

/** Adds tracks up; none of them is stopped by close(). */
export function createSoundMix(tracks: readonly MediaStreamTrack[]): SoundMix {
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
  const sum = context.createMediaStreamDestination();
  for (const track of tracks) {
    context.createMediaStreamSource(new MediaStream([track])).connect(sum);
  }
  return { track: sum.stream.getAudioTracks()[0], close: () => void context.close() };
}
