// Every dock of the studio, in the order in which they stand in their place. A new dock is one
// entry here: id, title, place, component. The frame around it (head, hiding, resizing, keeping) is
// not its business.

import type { ComponentType } from 'react';
import type { StudioState } from '../../../core/contract/state.ts';
import type { TextKey } from '../../ui/texts.ts';
import { BreakIt } from '../breakIt/BreakIt.tsx';
import { isBreakOffered } from '../breakIt/breakActs.ts';
import { Drawing } from '../drawing/Drawing.tsx';
import { Health } from '../Health.tsx';
import { History } from '../history/History.tsx';
import { Markets } from '../Markets.tsx';
import { Mixer } from '../mixer/Mixer.tsx';
import { Moderation } from '../moderation/Moderation.tsx';
import { RecordingPart } from '../RecordingPart.tsx';
import { Sources } from '../Sources.tsx';
import { Stats } from '../stats/Stats.tsx';
import { Timeline } from '../timeline/Timeline.tsx';
import type { DockPlace } from './dockLayout.ts';

export type Dock = {
  /** Stays for ever: what a browser kept names it. */
  id: string;
  title: TextKey;
  place: DockPlace;
  /** `content` is as long as what is in it; `fill` shares what is left and scrolls inside. */
  room: 'content' | 'fill';
  /** Not shown until somebody asks for it. */
  startsHidden?: boolean;
  /** Absent: always. */
  isOffered?: (state: StudioState) => boolean;
  Content: ComponentType<{ state: StudioState }>;
};

export const DOCKS: readonly Dock[] = [
  { id: 'sources', title: 'studio.sources', place: 'left', room: 'content', Content: Sources },
  { id: 'mixer', title: 'studio.mixer', place: 'left', room: 'content', Content: Mixer },
  { id: 'health', title: 'studio.health', place: 'left', room: 'content', Content: Health },
  {
    ...{ id: 'recording', title: 'studio.recording' },
    ...{ place: 'left', room: 'content', Content: RecordingPart },
  },
  { id: 'markets', title: 'studio.markets', place: 'right', room: 'fill', Content: Markets },
  {
    ...{ id: 'moderation', title: 'studio.mod', startsHidden: true },
    ...{ place: 'right', room: 'fill', Content: Moderation },
  },
  {
    ...{ id: 'drawing', title: 'studio.drawing', startsHidden: true },
    ...{ place: 'right', room: 'fill', Content: Drawing },
  },
  {
    ...{ id: 'stats', title: 'studio.stats', startsHidden: true },
    ...{ place: 'right', room: 'fill', Content: Stats },
  },
  {
    ...{ id: 'history', title: 'studio.history', startsHidden: true },
    ...{ place: 'right', room: 'fill', Content: History },
  },
  {
    ...{ id: 'breakIt', title: 'studio.break', startsHidden: true, isOffered: isBreakOffered },
    ...{ place: 'right', room: 'fill', Content: BreakIt },
  },
  { id: 'events', title: 'studio.events', place: 'below', room: 'fill', Content: Timeline },
];

/** Those that there are now. */
export function offeredDocks(state: StudioState | null): Dock[] {
  return DOCKS.filter(({ isOffered }) => state === null || (isOffered?.(state) ?? true));
}
