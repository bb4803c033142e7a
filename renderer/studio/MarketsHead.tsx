// The head of the markets dock: a new market, templates and rules, and the hand brake for all
// betting. When nobody may bet, the reason stands here for as long as it lasts.

import { Pause, Play, Plus, SlidersHorizontal } from 'lucide-react';
import type { StudioState } from '../../core/contract/state.ts';
import { Button, IconButton } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { DockActions } from './docks/DockFrame.tsx';
import { closeForm, openDialog, openForm, useOpened } from './opened.ts';
import { ReasonForm } from './ReasonForm.tsx';
import { ask, studio, usePage } from './store.ts';

export function MarketsHead({ state }: { state: StudioState }) {
  const isSuspending = useOpened(({ form }) => form?.name === 'suspendBetting');
  const { bettingSuspended, suspendedByHand } = state.show;
  const role = usePage((page) => page.role);
  return (
    <>
      <DockActions>
        {role === 'moderator' || role === 'coHost' ? null : (
          <>
            <Button size="dense" onClick={() => openDialog({ name: 'newMarket' })}>
              <Plus size={14} aria-hidden="true" />
              {text('studio.markets.new')}
            </Button>
            <IconButton
              size="dense"
              name={text('studio.markets.manage')}
              onClick={() => openDialog({ name: 'manage', part: 'templates' })}
            >
              <SlidersHorizontal size={14} aria-hidden="true" />
            </IconButton>
          </>
        )}
        {suspendedByHand === '' ? (
          <IconButton
            size="dense"
            name={text('studio.markets.suspend')}
            onClick={() => openForm({ name: 'suspendBetting' })}
          >
            <Pause size={14} aria-hidden="true" />
          </IconButton>
        ) : null}
      </DockActions>
      <div className="marketsNotices">
        {isSuspending ? (
          <ReasonForm
            label={text('studio.markets.suspendWhy')}
            effect={text('studio.markets.suspendEffect')}
            submit={text('studio.markets.suspendNow')}
            act={(reason) => studio.show.suspendBetting({ reason })}
            onDone={closeForm}
          />
        ) : null}
        {bettingSuspended === '' || bettingSuspended === suspendedByHand ? null : (
          <Notice severity="warn">
            {text('studio.markets.suspended', { reason: translated(bettingSuspended) })}
          </Notice>
        )}
        {suspendedByHand === '' ? null : (
          <Notice
            severity="warn"
            action={
              <Button size="dense" onClick={() => ask(studio.show.resumeBetting({}))}>
                <Play size={14} aria-hidden="true" />
                {text('studio.markets.resume')}
              </Button>
            }
          >
            {text('studio.markets.suspendedByHand', { reason: suspendedByHand })}
          </Notice>
        )}
      </div>
    </>
  );
}
