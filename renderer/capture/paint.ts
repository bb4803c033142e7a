// How words and the market's card look inside the picture. Colours and letters are the tokens of
// the pages, so that a card in the picture is the card that viewers know. Sizes follow the box.

import type { MarketCardFacts } from '../../core/media/capturePort.ts';

type Box = { x: number; y: number; width: number; height: number };

function token(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function setLetters(paper: CanvasRenderingContext2D, size: number, weight = 500): void {
  paper.font = `${weight} ${size}px ${token('--font')}`;
  paper.textBaseline = 'middle';
}

/** Cuts words to a width, with an ellipsis where some are lost. */
function cut(paper: CanvasRenderingContext2D, words: string, width: number): string {
  if (paper.measureText(words).width <= width) return words;
  let kept = words;
  while (kept !== '' && paper.measureText(`${kept}…`).width > width) kept = kept.slice(0, -1);
  return `${kept}…`;
}

/** Words in one line on a dark plate, as high as the box. */
export function paintWords(paper: CanvasRenderingContext2D, box: Box, words: string): void {
  if (words.trim() === '') return;
  const padding = box.height * 0.25;
  setLetters(paper, box.height * 0.55, 650);
  const shown = cut(paper, words, box.width - 2 * padding);
  const width = Math.min(box.width, paper.measureText(shown).width + 2 * padding);
  plate(paper, { ...box, width });
  paper.fillStyle = token('--text-hi');
  paper.fillText(shown, box.x + padding, box.y + box.height / 2);
}

/** The open market: its question, and each outcome's part of the pool. */
export function paintMarket(
  paper: CanvasRenderingContext2D,
  box: Box,
  card: MarketCardFacts,
): void {
  const rows = card.outcomes.length + 1;
  const row = Math.min(box.height / rows, 56);
  const padding = row * 0.3;
  plate(paper, { ...box, height: row * rows + padding });
  setLetters(paper, row * 0.42, 650);
  paper.fillStyle = token('--text-hi');
  const inside = box.width - 2 * padding;
  paper.fillText(cut(paper, card.title, inside), box.x + padding, box.y + row / 2 + padding / 2);
  for (const [index, { label, sharePercent }] of card.outcomes.entries()) {
    const top = box.y + row * (index + 1) + padding / 2;
    paper.fillStyle = token('--surface-3');
    paper.fillRect(box.x + padding, top, inside, row * 0.82);
    paper.fillStyle = token(`--outcome-${index % 10}`);
    paper.globalAlpha = card.isOpen ? 1 : 0.5;
    paper.fillRect(box.x + padding, top + row * 0.7, (inside * sharePercent) / 100, row * 0.12);
    paper.globalAlpha = 1;
    setLetters(paper, row * 0.36);
    paper.fillStyle = token('--text-hi');
    const part = `${Math.round(sharePercent)} %`;
    const partWidth = paper.measureText(part).width;
    const middle = top + row * 0.38;
    const labelWidth = inside - partWidth - 3 * padding;
    paper.fillText(cut(paper, label, labelWidth), box.x + 2 * padding, middle);
    paper.fillText(part, box.x + box.width - 2 * padding - partWidth, middle);
  }
}

function plate(paper: CanvasRenderingContext2D, { x, y, width, height }: Box): void {
  paper.globalAlpha = 0.85;
  paper.fillStyle = token('--surface-1');
  paper.beginPath();
  paper.roundRect(x, y, width, height, 10);
  paper.fill();
  paper.globalAlpha = 1;
}
