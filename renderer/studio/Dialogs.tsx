// The dialogs over the control room, whoever opened them.

import type { StudioState } from '../../core/contract/state.ts';
import { text } from '../ui/texts.ts';
import { ClipsDialog } from './Clips.tsx';
import { Manage } from './Manage.tsx';
import { MarketForm } from './MarketForm.tsx';
import { Modal } from './Modal.tsx';
import { ModelShelf } from './models/ModelShelf.tsx';
import { closeDialog, useOpened } from './opened.ts';
import { ReportDialog } from './report/ReportDialog.tsx';
import { Settings } from './settings/Settings.tsx';
import { Xray } from './xray/Xray.tsx';

export function Dialogs({ state }: { state: StudioState }) {
  const dialog = useOpened((opened) => opened.dialog);
  switch (dialog?.name) {
    case 'newMarket':
      return (
        <Modal title={text('studio.form.newMarket')} onClose={closeDialog}>
          <MarketForm kind="market" templates={state.templates} onDone={closeDialog} />
        </Modal>
      );
    case 'manage':
      return <Manage state={state} part={dialog.part} onClose={closeDialog} />;
    case 'models':
      return <ModelShelf onClose={closeDialog} />;
    case 'clips':
      return <ClipsDialog settings={state.recording.settings} />;
    case 'xray':
      return <Xray state={state} />;
    case 'report':
      return <ReportDialog />;
    case 'settings':
      return <Settings part={dialog.part} />;
    default:
      // The header draws its own.
      return null;
  }
}
