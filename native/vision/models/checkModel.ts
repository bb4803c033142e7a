// Opens a model once, as the studio would, and tells how that went: for the command line. It blocks
// its thread, and a provider's driver may end the process, so the studio never calls it.

import { openBallSession } from './ballSession.ts';
import type { Model } from './manifest.ts';
import { openPoseSession } from './poseSession.ts';
import type { Trial } from './providers.ts';
import { PROVIDER_LADDER, type Provider } from './runtime.ts';
import { openSession } from './session.ts';

/**
 * @param names of providers that may be tried beside the CPU
 * @throws Error with a sentence that names the field and what was expected
 */
export async function checkModel(
  model: Model,
  names: readonly string[],
): Promise<{ provider: Provider; medianMs: number; refusals: Trial[] }> {
  const allowed = PROVIDER_LADDER.filter((provider) => names.includes(provider));
  const session = await openAsUsed(model, allowed);
  const { provider, medianMs, refusals } = session;
  await session.close();
  return { provider, medianMs, refusals };
}

function openAsUsed(model: Model, allowed: Provider[]) {
  if (model.layout === 'crops') return openBallSession(model);
  const open = model.layout === 'heatmaps' ? openPoseSession : openSession;
  return open(model, { allowed });
}
