// OBS from the studio's page: connected by address and password, set up in one click and given
// back, started, stopped, its scenes and its dropped frames. The password goes out once and is
// never read back; the token for setting it up by hand is fetched when that part is opened.

import { useEffect, useState } from 'react';
import type { IngestView } from '../../core/contract/ingest.ts';
import type { ObsFound, ObsState } from '../../core/contract/obs.ts';
import { Button } from '../ui/Button.tsx';
import { Figure } from '../ui/Figure.tsx';
import { Notice, type Severity } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import { Field, TextField } from './Field.tsx';
import { Said, Secret, SecretPart } from './Secret.tsx';
import { ask, attempt, studio } from './store.ts';
import { useVeil } from './streamerMode.ts';

const SEVERITIES: Record<ObsState['state'], Severity> = {
  off: 'info',
  connecting: 'info',
  connected: 'info',
  absent: 'warn',
  wrongPassword: 'warn',
  tooOld: 'warn',
};

export function ObsPanel({ obs }: { obs: ObsState }) {
  const { state, version, reason } = obs;
  const veil = useVeil();
  return (
    <div className="marketForm">
      <p>{text('studio.obs.what')}</p>
      <div data-testid="obs-state" data-state={state} role="status">
        <Notice severity={SEVERITIES[state]}>
          {text(`studio.obs.state.${state}`, { version, reason: veil(reason) })}
        </Notice>
      </div>
      {state === 'connected' ? (
        <Connected obs={obs} />
      ) : (
        <SecretPart>
          <ConnectForm obs={obs} />
        </SecretPart>
      )}
      <SecretPart>
        <ByHand />
      </SecretPart>
    </div>
  );
}

function ConnectForm({ obs }: { obs: ObsState }) {
  const [address, setAddress] = useState(obs.address);
  const [password, setPassword] = useState('');
  const [found, setFound] = useState<ObsFound | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  useEffect(() => {
    studio.obs.find({}).then(
      (known) => {
        setFound(known);
        setAddress((typed) => (typed === '' ? `127.0.0.1:${known.port}` : typed));
      },
      () => {
        // The page says by itself when the studio is away.
      },
    );
  }, []);
  async function connect(): Promise<void> {
    setIsAsking(true);
    const refusal = await attempt(studio.obs.connect({ address: address.trim(), password }));
    setIsAsking(false);
    setFault(refusal);
    if (refusal === null) setPassword('');
  }
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void connect();
      }}
    >
      {found === null ? null : <p>{text(foundWords(found))}</p>}
      <TextField
        label={text('studio.obs.address')}
        hint={text('studio.obs.addressHint')}
        value={address}
        onValue={setAddress}
        maxLength={300}
        autoComplete="off"
        spellCheck={false}
      />
      <TextField
        label={text('studio.obs.password')}
        hint={text('studio.obs.passwordHint')}
        fault={fault === obs.reason ? null : fault}
        type="password"
        value={password}
        onValue={setPassword}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
      />
      <div className="dialog-actions">
        {obs.state === 'off' ? null : (
          <Button onClick={() => void ask(studio.obs.disconnect({}))}>
            {text('studio.obs.disconnect')}
          </Button>
        )}
        <Button look="primary" type="submit" disabled={isAsking}>
          {text('studio.obs.connect')}
        </Button>
      </div>
    </form>
  );
}

function foundWords({ isInstalled, isServerOn }: ObsFound) {
  if (!isInstalled) return 'studio.obs.notFound';
  return isServerOn === false ? 'studio.obs.foundOff' : 'studio.obs.found';
}

function Connected({ obs }: { obs: ObsState }) {
  return (
    <>
      <p>
        {text(obs.setUp === 'none' ? 'studio.obs.setUpEffect' : `studio.obs.isSetUp.${obs.setUp}`)}
      </p>
      {obs.setUpNote === '' ? null : <Notice severity="warn">{obs.setUpNote}</Notice>}
      <div className="dialog-actions">
        {obs.setUp === 'none' ? null : (
          <Button onClick={() => void ask(studio.obs.undo({}))}>{text('studio.obs.undo')}</Button>
        )}
        <Button
          look={obs.setUp === 'none' ? 'primary' : 'plain'}
          onClick={() => void ask(studio.obs.setUp({}))}
        >
          {text(obs.setUp === 'none' ? 'studio.obs.setUp' : 'studio.obs.setUpAgain')}
        </Button>
      </div>
      <Field
        label={text('studio.obs.scene')}
        control={(ids) => (
          <select
            className="field"
            {...ids}
            value={obs.scene}
            onChange={({ target }) => void ask(studio.obs.showScene({ scene: target.value }))}
          >
            {obs.scenes.map((scene) => (
              <option key={scene}>{scene}</option>
            ))}
          </select>
        )}
      />
      {obs.isStreaming ? <Figures obs={obs} /> : null}
      <div className="dialog-actions">
        <Secret>
          <DockLink />
        </Secret>
        <Button onClick={() => void ask(studio.obs.disconnect({}))}>
          {text('studio.obs.disconnect')}
        </Button>
        <StreamButton isStreaming={obs.isStreaming} />
      </div>
    </>
  );
}

function StreamButton({ isStreaming }: { isStreaming: boolean }) {
  const run = () => (isStreaming ? studio.obs.stop({}) : studio.obs.start({}));
  return (
    <Button look="primary" onClick={() => void ask(run())}>
      {text(isStreaming ? 'studio.obs.stop' : 'studio.obs.start')}
    </Button>
  );
}

function Figures({ obs }: { obs: ObsState }) {
  const count = obs.framesDropped;
  return (
    <p data-testid="obs-figures">
      {text('studio.obs.rate')}{' '}
      <Figure>{text('studio.obs.kilobits', { count: obs.kilobitsPerSecond })}</Figure>
      {' · '}
      {text('studio.obs.dropped')}{' '}
      <Figure>{text('studio.obs.of', { count, total: obs.framesTotal })}</Figure>
    </p>
  );
}

function DockLink() {
  const [isCopied, setIsCopied] = useState(false);
  async function copy(): Promise<void> {
    const { url } = await studio.obs.dockLink({});
    await navigator.clipboard.writeText(url);
    setIsCopied(true);
  }
  return (
    <Button title={text('studio.obs.dockHint')} onClick={() => void copy().catch(() => {})}>
      {text(isCopied ? 'studio.obs.copied' : 'studio.obs.dock')}
    </Button>
  );
}

function ByHand() {
  const [ingest, setIngest] = useState<IngestView | null>(null);
  const show = (asked: Promise<IngestView>) =>
    void asked.then(setIngest, () => {
      // The page says by itself when the studio is away.
    });
  return (
    <details
      onToggle={({ currentTarget }) => {
        if (currentTarget.open) show(studio.ingest.show({}));
      }}
    >
      <summary>{text('studio.obs.byHand')}</summary>
      {ingest === null ? null : (
        <>
          <p>{text('studio.obs.rtmpHint')}</p>
          <Copied label={text('studio.obs.server')} value={ingest.rtmp.url} />
          <Copied
            label={text('studio.obs.streamKey')}
            hint={text('studio.obs.tokenHint')}
            value={ingest.rtmp.key}
            isSecret
          />
          <Button
            title={text('studio.obs.renewKeyHint')}
            onClick={() => show(studio.ingest.renewRtmpKey({}))}
          >
            {text('studio.obs.renewKey')}
          </Button>
          {ingest.srt ? (
            <>
              <p>{text('studio.obs.srtHint')}</p>
              <Copied
                label={text('studio.obs.server')}
                hint={text('studio.obs.tokenHint')}
                value={ingest.srt}
                isSecret
              />
            </>
          ) : (
            <p>
              <Said>{ingest.srtReason ?? ''}</Said>
            </p>
          )}
          <p>{text('studio.obs.byHandHint')}</p>
          <Copied label={text('studio.obs.server')} value={ingest.whip.url} />
          <Copied
            label={text('studio.obs.token')}
            hint={text('studio.obs.tokenHint')}
            value={ingest.whip.token}
            isSecret
          />
          <Button onClick={() => show(studio.ingest.renewWhipToken({}))}>
            {text('studio.obs.renew')}
          </Button>
        </>
      )}
    </details>
  );
}

type CopiedProps = { label: string; value: string; isSecret?: boolean; hint?: string };

function Copied({ label, value, isSecret, hint }: CopiedProps) {
  return (
    <Field
      label={label}
      {...(hint ? { hint } : {})}
      control={(ids) => (
        <div className="copiedRow">
          <input
            className="field"
            {...ids}
            readOnly
            type={isSecret ? 'password' : 'text'}
            value={value}
            onFocus={({ target }) => target.select()}
          />
          <Button
            aria-label={`${text('studio.obs.copy')}: ${label}`}
            onClick={() => void navigator.clipboard.writeText(value).catch(() => {})}
          >
            {text('studio.obs.copy')}
          </Button>
        </div>
      )}
    />
  );
}
