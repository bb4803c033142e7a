// One story: what was broken, what came back when, and whether the books are what they were. Only
// what was measured is said.

import { Figure } from '../../ui/Figure.tsx';
import { pointsText } from '../../ui/figures.ts';
import { StateDot, type StateTone } from '../../ui/StateDot.tsx';
import { text } from '../../ui/texts.ts';
import { Said } from '../Secret.tsx';
import type { BooksCompared, Measured } from './breakMeasure.ts';
import type { BreakStory } from './breakStories.ts';

const TONES: Record<BreakStory['state'], StateTone> = {
  begun: 'warn',
  over: 'go',
  late: 'stop',
  refused: 'stop',
};

export function BreakStoryCard(props: { story: BreakStory; isNewest?: boolean }) {
  const { story, isNewest = false } = props;
  const { act, state, measured } = story;
  return (
    <section
      className="breakStory"
      aria-label={text(`studio.break.${act}`)}
      aria-live={isNewest ? 'polite' : 'off'}
      data-testid={isNewest ? 'break-story' : undefined}
      data-state={state}
      data-act={act}
    >
      <header>
        <h3>{text(`studio.break.${act}`)}</h3>
        <StateDot tone={TONES[state]}>{text(`studio.break.state.${state}`)}</StateDot>
      </header>
      {story.reason === '' ? null : (
        <p>
          <Said>{story.reason}</Said>
        </p>
      )}
      {measured ? <Marks measured={measured} /> : null}
      {measured && state !== 'refused' ? <Facts story={story} measured={measured} /> : null}
      {story.books ? <BooksLine books={story.books} /> : null}
    </section>
  );
}

type Mark = { atMs: number; words: string };

/** In the order in which they happened. */
function marksOf(measured: Measured): Mark[] {
  const { deed, loss } = measured;
  const at = (atMs: number | null, words: string): Mark[] =>
    atMs === null ? [] : [{ atMs, words }];
  const tornBytes = deed?.tornBytes ?? 0;
  const torn = text('studio.break.torn', { bytes: pointsText(tornBytes) });
  const leftOut = text('studio.break.leftOut', { bytes: pointsText(deed?.leftOutBytes ?? 0) });
  return [
    ...at(measured.endedMs, text('studio.break.gone', { pid: deed?.pid ?? 0 })),
    ...at(tornBytes > 0 ? measured.endedMs : null, torn),
    ...at(measured.pageLostMs, text('studio.break.pageLost')),
    ...at(measured.backMs, text('studio.break.back', { pid: deed?.nextPid ?? 0 })),
    ...at((deed?.leftOutBytes ?? 0) > 0 ? measured.backMs : null, leftOut),
    ...at(measured.pageBackMs, text('studio.break.pageBack')),
    ...at(measured.bettingPausedMs, text('studio.break.paused')),
    ...at(measured.bettingOpenMs, text('studio.break.open')),
    ...at(loss ? 0 : null, lossWords(loss)),
  ].sort((one, other) => one.atMs - other.atMs);
}

function lossWords(loss: Measured['loss']): string {
  if (!loss) return '';
  const { lost, sent, sentAgain } = loss;
  return text('studio.break.lost', {
    ...{ lost: pointsText(lost), sent: pointsText(sent), again: pointsText(sentAgain) },
  });
}

/** 1 100 ms as "+1.1 s". */
const secondsText = (ms: number) => `+${(ms / 1000).toFixed(1)} s`;

function Marks({ measured }: { measured: Measured }) {
  return (
    <ol>
      {marksOf(measured).map(({ atMs, words }) => (
        <li key={words}>
          <Figure charactersMin={7}>{secondsText(atMs)}</Figure>
          <span>{words}</span>
        </li>
      ))}
    </ol>
  );
}

/** A pause of the picture that nobody sees, ms. */
const UNSEEN_MS = 400;

function Facts({ story, measured }: { story: BreakStory; measured: Measured }) {
  const { viewersFewest, viewersNow, pictureStoodMs, isPictureMoving } = measured;
  const { viewersBefore } = story;
  const picture = !isPictureMoving
    ? 'studio.break.stands'
    : pictureStoodMs < UNSEEN_MS
      ? 'studio.break.neverStood'
      : 'studio.break.stood';
  const viewers = viewersFewest >= viewersBefore ? 'stayed' : 'cameBack';
  const values = { before: viewersBefore, fewest: viewersFewest, now: viewersNow };
  return (
    <ul>
      <li data-fact="picture" data-stood={pictureStoodMs}>
        {text(picture, { seconds: (pictureStoodMs / 1000).toFixed(1) })}
      </li>
      <li data-fact="viewers">{text(`studio.break.${viewers}`, values)}</li>
    </ul>
  );
}

function BooksLine({ books }: { books: BooksCompared }) {
  const { pointsBefore, pointsAfter, granted, moved, row, isWhole, isRowSame } = books;
  const sign = (points: number) => `${points < 0 ? '−' : '+'}${pointsText(Math.abs(points))}`;
  return (
    <p className="breakStory-books" data-whole={isWhole} data-before={pointsBefore}>
      {text(isWhole ? 'studio.break.books' : 'studio.break.booksNot', {
        ...{ before: pointsText(pointsBefore), after: pointsText(pointsAfter) },
      })}
      {granted === 0 ? '' : ` ${text('studio.break.granted', { points: sign(granted) })}`}
      {moved === 0 ? '' : ` ${text('studio.break.moved', { points: sign(moved) })}`}{' '}
      {text(isRowSame ? 'studio.break.row' : 'studio.break.rowNot', { row: pointsText(row) })}
    </p>
  );
}
