// The stages of the chosen frame in numbers: when each began after the picture was made, how long
// it took, and what is usual over all the frames. The waterfall says nothing that is not here.

import { Fragment } from 'react';
import { Figure } from '../../ui/Figure.tsx';
import { text } from '../../ui/texts.ts';
import { STAGE_COLOURS } from './waterfall.ts';
import { STAGES, type StageId, type StageShare, WAYS, type XrayFrame } from './xrayFrames.ts';

type StageTableProps = {
  frame: XrayFrame | undefined;
  shares: Record<StageId, StageShare>;
};

export function StageTable({ frame, shares }: StageTableProps) {
  return (
    <table className="xrayTable">
      <thead>
        <tr>
          <th scope="col">{text('studio.xray.stage')}</th>
          {(['start', 'took', 'typical', 'slow'] as const).map((column) => (
            <th key={column} scope="col">
              {text(`studio.xray.${column}`)}
            </th>
          ))}
        </tr>
      </thead>
      {WAYS.map((way) => (
        <tbody key={way}>
          <tr>
            <th className="xrayTable-way" colSpan={5} scope="rowgroup">
              {text(`studio.xray.way.${way}`)}
            </th>
          </tr>
          {STAGES.filter((stage) => stage.way === way).map(({ id }) => (
            <Stage key={id} id={id} frame={frame} share={shares[id]} />
          ))}
        </tbody>
      ))}
    </table>
  );
}

type StageProps = { id: StageId; frame: XrayFrame | undefined; share: StageShare };

function Stage({ id, frame, share }: StageProps) {
  const span = frame?.spans[id];
  return (
    <tr data-stage={id} title={text(`studio.xray.${id}.what`)}>
      <th scope="row">
        <span
          className="xrayTable-hue"
          aria-hidden="true"
          style={{ background: `var(${STAGE_COLOURS[id]})` }}
        />
        {text(`studio.xray.${id}`)}
      </th>
      {frame === undefined || span === undefined ? (
        <td className="xrayTable-none" colSpan={2}>
          {text('studio.xray.notMeasured')}
        </td>
      ) : (
        <Fragment>
          <td data-from-us={span.fromUs}>
            <Figure>+{msText(span.fromUs - frame.captureUs)}</Figure>
          </td>
          <td data-took-us={span.toUs - span.fromUs}>
            <Figure>{msText(span.toUs - span.fromUs)}</Figure>
          </td>
        </Fragment>
      )}
      <td>
        <Figure>{share.p50Us === null ? '–' : msText(share.p50Us)}</Figure>
      </td>
      <td>
        <Figure>{share.p95Us === null ? '–' : msText(share.p95Us)}</Figure>
      </td>
    </tr>
  );
}

/** Milliseconds without their unit: the column's foot names it. */
export function msText(us: number): string {
  const ms = us / 1000;
  return ms < 10 ? ms.toFixed(2) : ms.toFixed(1);
}
