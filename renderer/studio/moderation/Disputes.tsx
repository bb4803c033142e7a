// What waits for people: markets on which witnesses disagree, those that nobody could decide, and
// decisions that can still be corrected. Each with what vision knew at the deciding frame, its
// evidence, and the same controls as in the markets dock.

import { useEffect, useState } from 'react';
import type { MarketView, StudioState } from '../../../core/contract/state.ts';
import { MarketCard } from '../../ui/MarketCard.tsx';
import { text } from '../../ui/texts.ts';
import { EvidenceButton } from '../Evidence.tsx';
import { MarketControls } from '../MarketControls.tsx';
import { said } from '../marketWords.ts';
import { PastMarket } from '../PastMarket.tsx';
import { clock, studio } from '../store.ts';
import { useNowUs } from '../useNowUs.ts';

/** How the reason of a suspension begins when witnesses disagree. */
const DISPUTED = 'Disputed: ';

type Why = 'disputed' | 'undecided' | 'correctable';
type Dispute = { market: MarketView; why: Why };

/** Most urgent first: who has money in a market that stands still waits longest. */
export function disputesIn({ markets, policy }: StudioState): Dispute[] {
  const nowUs = clock.nowUs();
  const found: Dispute[] = [];
  for (const market of markets) {
    const why = whyOf(market, policy?.disputeSeconds ?? 0, nowUs);
    if (why) found.push({ market, why });
  }
  const rank: Record<Why, number> = { disputed: 0, undecided: 1, correctable: 2 };
  return found.sort((one, other) => rank[one.why] - rank[other.why]);
}

function whyOf(market: MarketView, disputeSeconds: number, nowUs: number | null): Why | null {
  const { state, suspended = '', horizonAtUs, resolvedAtUs } = market;
  if (state === 'OPEN' || state === 'LOCKED') {
    if (suspended.startsWith(DISPUTED)) return 'disputed';
    return state === 'LOCKED' && nowUs !== null && nowUs > horizonAtUs ? 'undecided' : null;
  }
  if (state !== 'RESOLVED' || resolvedAtUs === undefined || nowUs === null) return null;
  return nowUs < resolvedAtUs + disputeSeconds * 1_000_000 ? 'correctable' : null;
}

export function Disputes({ state }: { state: StudioState }) {
  const nowUs = useNowUs();
  const disputes = disputesIn(state);
  if (disputes.length === 0) {
    return <p className="moderation-empty">{text('studio.mod.noDisputes')}</p>;
  }
  return (
    <ul className="disputes">
      {disputes.map(({ market, why }) => (
        <li key={market.id} className="dispute" data-why={why}>
          <span className="dispute-why">{text(`studio.mod.why.${why}`)}</span>
          {why === 'correctable' ? (
            <ul>
              <PastMarket market={market} policy={state.policy} nowUs={nowUs} />
            </ul>
          ) : (
            <MarketCard market={said(market)} nowUs={nowUs}>
              <MarketControls market={market} nowUs={nowUs} />
              <EvidenceButton marketId={market.id} title={market.title} />
            </MarketCard>
          )}
          <Known captureUs={market.decidedCaptureUs || market.horizonAtUs} />
        </li>
      ))}
    </ul>
  );
}

/** What vision knew at a moment, fetched when somebody wants to see it. */
function Known({ captureUs }: { captureUs: number }) {
  const [isOpen, setIsOpen] = useState(false);
  const [lines, setLines] = useState<string[] | null>(null);
  useEffect(() => {
    if (!isOpen) return;
    let isHere = true;
    studio.facts
      .at({ captureUs })
      .then((known) => isHere && setLines(known.lines))
      .catch(() => isHere && setLines([]));
    return () => {
      isHere = false;
    };
  }, [isOpen, captureUs]);
  return (
    <details className="known" onToggle={(toggle) => setIsOpen(toggle.currentTarget.open)}>
      <summary>{text('studio.mod.known')}</summary>
      {lines === null ? null : lines.length === 0 ? (
        <p>{text('studio.mod.knownNone')}</p>
      ) : (
        <pre className="evidence-facts">{lines.join('\n')}</pre>
      )}
    </details>
  );
}
