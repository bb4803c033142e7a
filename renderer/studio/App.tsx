// The control room: header, docks, program, events and the status bar. It stays as it was when the
// connection is lost, with a sentence on top, because the show goes on without this page.

import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { translated } from '../ui/sentences.ts';
import { text } from '../ui/texts.ts';
import { Palette } from './commands/Palette.tsx';
import { useCommandKeys } from './commands/useCommandKeys.ts';
import { Dialogs } from './Dialogs.tsx';
import { DockZone } from './docks/DockZone.tsx';
import { FirstRun } from './firstRun/FirstRun.tsx';
import { Header } from './Header.tsx';
import { Program } from './Program.tsx';
import { Said } from './Secret.tsx';
import { StatusBar } from './StatusBar.tsx';
import { retryConnection, usePage } from './store.ts';
import { Toasts } from './Toasts.tsx';

export function App() {
  const state = usePage((page) => page.state);
  const connection = usePage((page) => page.connection);
  useCommandKeys();
  if (connection.state === 'refused') {
    return (
      <main className="fullPage">
        <h1>{text('studio.refused')}</h1>
        <p>{translated(connection.message)}</p>
        <Button onClick={() => location.reload()}>{text('studio.wayOut.reload')}</Button>
      </main>
    );
  }
  if (state === null) {
    return (
      <main className="fullPage" aria-busy="true">
        <p>{text('studio.connecting')}</p>
        <Connection />
      </main>
    );
  }
  return (
    <div className="studio" data-connected={connection.state === 'connected'}>
      <Header state={state} />
      <div className="studio-notices" aria-live="polite">
        <Connection />
        {state.notices.map((notice) => (
          <Notice key={notice.id} severity={notice.severity}>
            <Said>{notice.text}</Said>
          </Notice>
        ))}
      </div>
      <DockZone place="left" state={state} />
      <Program state={state} />
      <DockZone place="right" state={state} />
      <DockZone place="below" state={state} />
      <StatusBar state={state} />
      <Toasts />
      <FirstRun state={state} />
      <Dialogs state={state} />
      <Palette state={state} />
    </div>
  );
}

function Connection() {
  const connection = usePage((page) => page.connection);
  if (connection.state !== 'lost') return null;
  const seconds = Math.max(1, Math.round(connection.retryMs / 1000));
  return (
    <Notice
      severity="warn"
      action={
        <Button size="dense" onClick={retryConnection}>
          {text('studio.wayOut.tryNow')}
        </Button>
      }
    >
      {text('studio.lost', { seconds })} {text('studio.wayOut.startAgain')}
    </Notice>
  );
}
