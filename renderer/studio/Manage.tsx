// What is prepared between shows: templates, who may not bet, the rules for everybody, the relay,
// an engine beside it, OBS and ways out. One dialog with seven parts; the arrow keys go from part
// to part.

import { type ReactNode, useState } from 'react';
import type { StudioState } from '../../core/contract/state.ts';
import { text } from '../ui/texts.ts';
import { HandoverPanel } from './HandoverPanel.tsx';
import { Modal } from './Modal.tsx';
import { ObsPanel } from './ObsPanel.tsx';
import { OutwardPanel } from './OutwardPanel.tsx';
import { Policies } from './Policies.tsx';
import { RelayPanel } from './RelayPanel.tsx';
import { TemplateList } from './TemplateList.tsx';
import { Viewers } from './Viewers.tsx';

const PARTS = ['templates', 'viewers', 'policy', 'relay', 'handover', 'obs', 'outward'] as const;
type Part = (typeof PARTS)[number];
const TABS = {
  templates: 'studio.manage.templates',
  viewers: 'studio.manage.viewers',
  policy: 'studio.manage.policy',
  relay: 'studio.manage.relay',
  handover: 'studio.handover.tab',
  obs: 'studio.obs.tab',
  outward: 'studio.outward.tab',
} as const;

export function Manage({ state, onClose }: { state: StudioState; onClose: () => void }) {
  const [part, setPart] = useState<Part>('templates');
  const content: Record<Part, () => ReactNode> = {
    templates: () => <TemplateList templates={state.templates} />,
    viewers: () => <Viewers />,
    policy: () => <Policies policy={state.policy} />,
    relay: () => <RelayPanel />,
    handover: () => <HandoverPanel handover={state.handover} />,
    obs: () => <ObsPanel obs={state.obs} />,
    outward: () => <OutwardPanel state={state} />,
  };
  return (
    <Modal title={text('studio.manage.title')} onClose={onClose}>
      <div
        className="tabs"
        role="tablist"
        aria-label={text('studio.manage.title')}
        onKeyDown={(key) => {
          const step = key.key === 'ArrowRight' ? 1 : key.key === 'ArrowLeft' ? -1 : 0;
          if (step === 0) return;
          const next = PARTS[(PARTS.indexOf(part) + step + PARTS.length) % PARTS.length] ?? part;
          setPart(next);
          document.getElementById(`tab-${next}`)?.focus();
        }}
      >
        {PARTS.map((one) => (
          <button
            key={one}
            id={`tab-${one}`}
            type="button"
            role="tab"
            className="tab"
            aria-selected={one === part}
            aria-controls="manage-part"
            tabIndex={one === part ? 0 : -1}
            onClick={() => setPart(one)}
          >
            {text(TABS[one])}
          </button>
        ))}
      </div>
      <div id="manage-part" role="tabpanel" aria-labelledby={`tab-${part}`} className="managePart">
        {content[part]()}
      </div>
    </Modal>
  );
}
