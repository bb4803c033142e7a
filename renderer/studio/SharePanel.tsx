// The link to watch, to copy or to point a phone at. Closes on Escape and when the focus leaves it.

import { Check, Copy } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { encode } from 'uqr';
import { Button } from '../ui/Button.tsx';
import { text } from '../ui/texts.ts';
import { SecretPart } from './Secret.tsx';
import { copyShareLink } from './shareLink.ts';

export function SharePanel({ url, onClose }: { url: string; onClose: () => void }) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => panel.current?.querySelector('button')?.focus(), []);
  async function copy(): Promise<void> {
    setCopied((await copyShareLink()) ? 'yes' : 'failed');
  }
  return (
    <div
      ref={panel}
      className="sharePanel card"
      role="dialog"
      aria-label={text('studio.header.share')}
      onKeyDown={(key) => {
        if (key.key === 'Escape') onClose();
      }}
    >
      {url === '' ? (
        <p>{text('studio.share.none')}</p>
      ) : (
        <>
          <p>{text('studio.share.title')}</p>
          <SecretPart>
            <QrCode words={url} />
            <input
              className="field"
              readOnly
              value={url}
              aria-label={text('studio.header.share')}
              onFocus={(focus) => focus.target.select()}
            />
          </SecretPart>
        </>
      )}
      <div className="dialog-actions">
        {url === '' ? null : (
          <Button look="primary" onClick={copy}>
            {copied === 'yes' ? <Check size={16} /> : <Copy size={16} />}
            {text(copied === 'yes' ? 'studio.share.copied' : 'studio.share.copy')}
          </Button>
        )}
        <Button onClick={onClose}>{text('common.close')}</Button>
      </div>
      {copied === 'failed' ? <p role="alert">{text('studio.share.notCopied')}</p> : null}
    </div>
  );
}

function QrCode({ words }: { words: string }) {
  const { data, size } = encode(words, { border: 2 });
  let path = '';
  data.forEach((row, y) => {
    row.forEach((isDark, x) => {
      if (isDark) path += `M${x} ${y}h1v1h-1z`;
    });
  });
  return (
    <svg className="qrCode" viewBox={`0 0 ${size} ${size}`} shapeRendering="crispEdges" role="img">
      <title>{text('studio.share.qr')}</title>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
