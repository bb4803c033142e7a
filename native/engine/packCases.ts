// Keeps a decided market as a case for its sport pack: the clip that the evidence holds, what has
// to be seen in it by what stands decided now, and who said so. One file in `cases/` of the data
// folder, unsealed, because it is made to be tried and handed on. It sends nothing anywhere.

import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CASE_ENDING, CASE_FORMAT, type PackCase } from '../../core/contract/packCases.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Caller } from '../../core/contract/rpcCalls.ts';
import type { LedgerClient } from '../ledger/client.ts';
import type { LedgerMarket } from '../ledger/protocol.ts';
import type { EvidenceRoom } from '../recording/evidence.ts';
import type { Evidence } from '../recording/sealedFile.ts';
import type { VisionClient } from '../vision/client.ts';
import { actorOf } from './peopleHandlers.ts';
import { replaceFile } from './replaceFile.ts';

/** Where a machine named the moment, its picture is meant; people are slower. */
const BY_MACHINE_US = 100_000;
const BY_PEOPLE_US = 500_000;
/** What was no such event must not be one around there either. */
const AROUND_US = 1_000_000;
const CASES_MAX = 1_000;

export type PackCasesOptions = {
  dataFolder: string;
  evidence: Pick<EvidenceRoom, 'decisions'>;
  ledger: Pick<LedgerClient, 'market'>;
  vision: Pick<VisionClient, 'choice'>;
  wallMs(): number;
};

export type PackCases = {
  /** @throws RpcError `refused`: the sentence says why this market makes no case. */
  keep(caller: Caller, marketId: string): Promise<{ file: string }>;
};

export function createPackCases(options: PackCasesOptions): PackCases {
  const { dataFolder, evidence, ledger, vision, wallMs } = options;
  const folder = join(dataFolder, 'cases');
  return {
    async keep(caller, marketId) {
      const market = await ledger.market(marketId);
      if (!market) throw new RpcError('notFound', 'There is no such market.');
      const choice = vision.choice();
      const pack = choice?.pack;
      if (!pack) throw new RpcError('refused', 'No game is chosen, so there is no pack to try.');
      const decisions = await evidence.decisions(marketId);
      const made = caseOf(market, decisions);
      if (typeof made === 'string') throw new RpcError('refused', made);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const known = await readdir(folder);
      if (known.length >= CASES_MAX) {
        throw new RpcError('refused', `${CASES_MAX} cases are kept; move some of ${folder} away.`);
      }
      const file = `${pack}-${marketId.slice(0, 12)}${CASE_ENDING}`;
      const role = caller.role === 'owner' || caller.role === 'coHost' ? caller.role : 'moderator';
      const kept: PackCase = {
        ...{ format: CASE_FORMAT, version: 1, pack },
        said: { role, actor: actorOf(caller).actor, reason: market.reason, atMs: wallMs() },
        ...(choice?.places ? { places: choice.places } : {}),
        ...made,
      };
      await replaceFile(join(folder, file), `${JSON.stringify(kept)}\n`);
      return { file };
    },
  };
}

type FromEvidence = Pick<PackCase, 'title' | 'was' | 'expect' | 'material'>;

/** What of a market can be asked of a pack; a sentence when nothing can. */
export function caseOf(
  market: Pick<LedgerMarket, 'title' | 'state' | 'winner' | 'outcomes' | 'rules'>,
  decisions: readonly Evidence[],
): FromEvidence | string {
  const { title, state, winner, outcomes, rules } = market;
  if (state !== 'RESOLVED' || winner === null) {
    return 'This market stands void: that says nothing of the picture.';
  }
  if (!rules?.decideOn) return 'Only people decide this market: there is no rule of a pack to try.';
  const [first] = decisions;
  const shown = decisions.findLast(({ meta }) => meta.said === 'person') ?? first;
  if (!first || !shown || shown.clip.length === 0) {
    return 'No picture of this decision is kept, so there is nothing to try.';
  }
  const { outcome, type, subject, minimumConfidencePermille } = rules.decideOn;
  const happens = winner === outcome;
  const { said, captureUs, fromUs: clipFromUs } = shown.meta;
  if (happens && said === 'clock') {
    return 'Nobody said which moment shows it: correct it once more and name the moment.';
  }
  const nearUs = said === 'person' ? BY_PEOPLE_US : BY_MACHINE_US;
  const aroundUs = happens ? nearUs : AROUND_US;
  const isWhole = !happens && said === 'clock';
  const fromUs = isWhole ? clipFromUs : Math.max(0, captureUs - aroundUs);
  const wasSaid = first.meta.said === 'event' ? `${type} at ${first.meta.captureUs}` : `no ${type}`;
  const was = first.meta.said === 'person' ? 'a person decided' : `the picture said: ${wasSaid}`;
  return {
    title: `${title} ${outcomes[winner]?.label ?? ''}`.trim().slice(0, 120),
    was,
    expect: {
      ...{ type, subject, minimumConfidence: minimumConfidencePermille / 1000, happens },
      ...{ fromUs, toUs: captureUs + aroundUs },
    },
    material: { kind: 'clip', base64: Buffer.from(shown.clip).toString('base64') },
  };
}
