// Takes in a person's own ONNX file: its path on the studio's computer, and its manifest entry.

import { useState } from 'react';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { text } from '../../ui/texts.ts';
import { Field, TextField } from '../Field.tsx';
import { attempt, studio } from '../store.ts';

export function ModelImport({ look }: { look: () => Promise<void> }) {
  const [path, setPath] = useState('');
  const [json, setJson] = useState('');
  const [told, setTold] = useState<{ words: string; isRefusal: boolean } | null>(null);
  async function send(): Promise<void> {
    const call = studio.models.import({ path: path.trim(), json });
    const refusal = await attempt(call);
    if (refusal !== null) {
      setTold({ words: refusal, isRefusal: true });
      return;
    }
    const { id } = await call;
    setTold({ words: text('studio.models.imported', { id }), isRefusal: false });
    setPath('');
    setJson('');
    await look();
  }
  return (
    <form
      className="models-part models-import"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (path.trim() !== '') send();
      }}
    >
      <h3>{text('studio.models.import')}</h3>
      <TextField
        label={text('studio.models.path')}
        hint={text('studio.models.pathHint')}
        maxLength={1000}
        autoComplete="off"
        spellCheck={false}
        value={path}
        onValue={setPath}
      />
      <Field
        label={text('studio.models.json')}
        hint={text('studio.models.jsonHint')}
        control={(ids) => (
          <textarea
            {...ids}
            className="field models-json"
            rows={5}
            spellCheck={false}
            value={json}
            onChange={(change) => setJson(change.target.value)}
          />
        )}
      />
      {told === null ? null : (
        <Notice severity={told.isRefusal ? 'stop' : 'info'}>{told.words}</Notice>
      )}
      <div className="models-importAct">
        <Button look="primary" type="submit" disabled={path.trim() === ''}>
          {text('studio.models.importNow')}
        </Button>
      </div>
    </form>
  );
}
