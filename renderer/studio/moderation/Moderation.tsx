// The moderators' panel: chat, what waits for a decision, the crew and the log of all acts, under
// one row that tightens everything. The same in the studio and on the crew's own page; what a role
// may not do is not shown, and the studio refuses it anyway.

import { Shield, ShieldAlert, Timer } from 'lucide-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { text } from '../../ui/texts.ts';
import { DockActions } from '../docks/DockFrame.tsx';
import { ask, studio } from '../store.ts';
import { AuditLog } from './AuditLog.tsx';
import { ChatPanel } from './ChatPanel.tsx';
import { CrewPanel } from './CrewPanel.tsx';
import { Disputes, disputesIn } from './Disputes.tsx';
import './moderation.css';

const PARTS = ['chat', 'disputes', 'crew', 'log'] as const;
type Part = (typeof PARTS)[number];

export function Moderation({ state }: { state: StudioState }) {
  const [part, setPart] = useState<Part>('chat');
  const waiting = disputesIn(state).filter(({ why }) => why !== 'correctable').length;
  const content: Record<Part, () => ReactNode> = {
    chat: () => <ChatPanel people={state.people} />,
    disputes: () => <Disputes state={state} />,
    crew: () => <CrewPanel people={state.people} />,
    log: () => <AuditLog />,
  };
  return (
    <div className="moderation">
      <Tightening state={state} />
      <div
        className="tabs tabs-dense"
        role="tablist"
        aria-label={text('studio.mod')}
        onKeyDown={(key) => {
          const step = key.key === 'ArrowRight' ? 1 : key.key === 'ArrowLeft' ? -1 : 0;
          if (step === 0) return;
          const next = PARTS[(PARTS.indexOf(part) + step + PARTS.length) % PARTS.length] ?? part;
          setPart(next);
          document.getElementById(`moderation-tab-${next}`)?.focus();
        }}
      >
        {PARTS.map((one) => (
          <button
            key={one}
            id={`moderation-tab-${one}`}
            type="button"
            role="tab"
            className="tab"
            aria-selected={one === part}
            aria-controls="moderation-part"
            tabIndex={one === part ? 0 : -1}
            onClick={() => setPart(one)}
          >
            {text(`studio.mod.${one}`)}
            <Count
              of={one === 'chat' ? state.people.heldCount : one === 'disputes' ? waiting : 0}
            />
          </button>
        ))}
      </div>
      <div
        id="moderation-part"
        role="tabpanel"
        aria-labelledby={`moderation-tab-${part}`}
        className="moderation-part"
      >
        {content[part]()}
      </div>
    </div>
  );
}

function Count({ of }: { of: number }) {
  return of === 0 ? null : <span className="tab-count">{of}</span>;
}

const SLOW_SECONDS = [0, 3, 5, 10, 30, 60, 120] as const;

/** The shield and slow mode: one act each. */
function Tightening({ state }: { state: StudioState }) {
  const { isShielded, slowSeconds: held } = state.people;
  // What was asked for is shown until the studio says what holds.
  const [asked, setAsked] = useState<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what holds has changed.
  useEffect(() => setAsked(null), [held]);
  const slowSeconds = asked ?? held;
  const known = SLOW_SECONDS.some((seconds) => seconds === slowSeconds);
  const choices = known ? SLOW_SECONDS : [...SLOW_SECONDS, slowSeconds];
  return (
    <>
      <DockActions>
        <Button
          size="dense"
          look={isShielded ? 'stop' : 'plain'}
          aria-pressed={isShielded}
          title={text('studio.mod.shieldHint')}
          onClick={() => ask(studio.people.setShield({ isOn: !isShielded }))}
        >
          {isShielded ? <ShieldAlert size={14} /> : <Shield size={14} />}
          {text('studio.mod.shield')}
        </Button>
        <label className="moderation-slow" title={text('studio.mod.slow')}>
          <Timer size={14} aria-hidden="true" />
          <span className="visuallyHidden">{text('studio.mod.slow')}</span>
          <select
            className="field field-dense"
            value={slowSeconds}
            onChange={async (change) => {
              const seconds = Number(change.target.value);
              setAsked(seconds);
              if (!(await ask(studio.moderation.setSlow({ seconds })))) setAsked(null);
            }}
          >
            {choices.map((seconds) => (
              <option key={seconds} value={seconds}>
                {seconds === 0
                  ? text('studio.mod.slowOff')
                  : text('studio.mod.slowSeconds', { seconds })}
              </option>
            ))}
          </select>
        </label>
      </DockActions>
      {isShielded ? <Notice severity="warn">{text('studio.mod.shieldOn')}</Notice> : null}
    </>
  );
}
