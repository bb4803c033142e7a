// What is prepared between shows: templates, who may not bet, the rules for everybody, the relay,
// an engine beside it, OBS and ways out. One dialog with seven parts; the arrow keys go from part
// to part.

import type { ReactNode } from 'react';
import type { StudioState } from '../../core/contract/state.ts';
import { text } from '../ui/texts.ts';
import { HandoverPanel } from './HandoverPanel.tsx';
import { Modal } from './Modal.tsx';
import { ObsPanel } from './ObsPanel.tsx';
import { OutwardPanel } from './OutwardPanel.tsx';
import { MANAGE_PARTS, type ManagePart, openDialog } from './opened.ts';
import { Policies } from './Policies.tsx';
import { RelayPanel } from './RelayPanel.tsx';
import { TemplateList } from './TemplateList.tsx';
import { Viewers } from './Viewers.tsx';

const TABS = {
  templates: 'studio.manage.templates',
  viewers: 'studio.manage.viewers',
  policy: 'studio.manage.policy',
  relay: 'studio.manage.relay',
  handover: 'studio.handover.tab',
  obs: 'studio.obs.tab',
  outward: 'studio.outward.tab',
} as const;

type ManageProps = { state: StudioState; part: ManagePart; onClose: () => void };

export function Manage({ state, part, onClose }: ManageProps) {
  const setPart = (next: ManagePart) => openDialog({ name: 'manage', part: next });
  const content: Record<ManagePart, () => ReactNode> = {
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
          const next =
            MANAGE_PARTS[
              (MANAGE_PARTS.indexOf(part) + step + MANAGE_PARTS.length) % MANAGE_PARTS.length
            ] ?? part;
          setPart(next);
          document.getElementById(`tab-${next}`)?.focus();
        }}
      >
        {MANAGE_PARTS.map((one) => (
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
