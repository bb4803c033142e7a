// People, chat and moderation of a story: a small room with a crew, a held message and a past, that
// answers as the real rooms do. Every act is written into the story's calls. Never shipped.

import type { Action } from '../../core/contract/actions.ts';
import type { AuditEntry, DecisionEffect, PersonNote } from '../../core/contract/moderation.ts';
import {
  type ChatLine,
  FIRST_ROOM_SETTINGS,
  type PeopleView,
  type Sanction,
} from '../../core/contract/people.ts';
import { RpcError } from '../../core/contract/rpc.ts';
import type { Handlers } from '../../core/contract/rpcCalls.ts';
import type { StudioState } from '../../core/contract/state.ts';

const id = (digit: string) => digit.repeat(32);
const [MINA, LEE, ANN, BOB, CAT] = [id('1'), id('2'), id('a'), id('b'), id('c')] as const;
const NAMES: Readonly<Record<string, string>> = {
  ...{ [MINA]: 'Mina', [LEE]: 'Lee', [ANN]: 'ann_of_the_green_gables' },
  ...{ [BOB]: 'Bob', [CAT]: '张伟' },
};

export type StoryRooms = Pick<Handlers, 'people' | 'chat' | 'moderation'>;

export function storyModeration(
  state: () => StudioState,
  apply: (action: Action) => void,
  calls: string[],
): StoryRooms {
  const nowMs = Date.now();
  const lines = storyLines(nowMs);
  const notes: (PersonNote & { subject: string })[] = [];
  const people = storyPeople(nowMs);
  const tell = () => {
    const heldCount = lines.filter(({ state: at }) => at === 'held').length;
    const { chatChanges } = state().people;
    const { slowSeconds } = people.settings;
    const told = { ...state().people, heldCount, chatChanges: chatChanges + 1, slowSeconds };
    apply({ type: 'people.changed', people: { ...told, isShielded: people.isShielded } });
  };
  const sanction = (kind: Sanction['kind'], args: { subject: string; reason: string }) => {
    calls.push(`people.${kind} ${args.reason}`);
    const at = { fromMs: Date.now(), untilMs: Date.now() + 600_000 };
    const of = { ...args, kind, isNetwork: false, actor: 'owner-11111111' };
    people.sanctions.unshift({ sanctionId: id('9'), ...of, ...at });
    tell();
  };
  const lineOf = (number: number) => {
    const line = lines.find((one) => one.number === number);
    if (!line) throw new RpcError('notFound', 'Those messages are not kept any more.');
    return line;
  };
  return {
    people: {
      show: () => people,
      invite({ role, name = '', inviteId, uses, minutes }) {
        calls.push(`people.invite ${role} ${name}`);
        const expiresMs = Date.now() + minutes * 60_000;
        people.invites.push({ inviteId, role, name, uses, used: 0, expiresMs });
        return { link: `https://relay.example/crew/${id('c')}#invite=of-the-story` };
      },
      revokeInvite({ inviteId }) {
        people.invites = people.invites.filter((one) => one.inviteId !== inviteId);
      },
      revokeRole({ subject, reason }) {
        calls.push(`people.revokeRole ${reason}`);
        people.members = people.members.filter((one) => one.subject !== subject);
        tell();
      },
      warn: (args) => sanction('warn', args),
      timeOut: (args) => sanction('timeOut', args),
      ban: (args) => sanction('ban', args),
      lift({ sanctionId }) {
        people.sanctions = people.sanctions.filter((one) => one.sanctionId !== sanctionId);
        tell();
      },
      setShield({ isOn }) {
        calls.push(`people.setShield ${isOn}`);
        people.isShielded = isOn;
        tell();
      },
      configure: () => {},
      signals: () => [],
    },
    chat: {
      list: ({ heldOnly }) => lines.filter((line) => !heldOnly || line.state === 'held'),
      say({ text }) {
        const [last] = lines.slice(-1);
        const own = { subject: '', author: '0'.repeat(16), name: 'Studio', role: 'owner' as const };
        const number = (last?.number ?? 0) + 1;
        lines.push({ ...storyLine(number, BOB, text, Date.now()), ...own });
        tell();
      },
      remove({ numbers }) {
        calls.push(`chat.remove ${numbers.join(' ')}`);
        for (const number of numbers) Object.assign(lineOf(number), { state: 'removed', text: '' });
        tell();
      },
      judge({ number, isSaid }) {
        calls.push(`chat.judge ${number} ${isSaid}`);
        const line = lineOf(number);
        if (line.state !== 'held') {
          const earlier = { name: 'Mina', role: 'moderator' as const, act: 'chat.approved' };
          const words = 'That message does not wait any more.';
          throw new RpcError('wrongState', words, { ...earlier, outcome: '', atMs: Date.now() });
        }
        line.state = isSaid ? 'said' : 'removed';
        tell();
      },
    },
    moderation: {
      audit: ({ words }) => ({
        entries: storyAudit(nowMs).filter((entry) =>
          JSON.stringify(entry).toLowerCase().includes(words.toLowerCase()),
        ),
        nextSeq: null,
      }),
      card: ({ subject }) => ({
        ...{ subject, name: NAMES[subject] ?? 'Guest', role: 'viewer', isHere: true },
        ...{ isSignedIn: true, availableMinor: 1240, stakedMinor: 50, debtMinor: 0 },
        lines: lines.filter((line) => line.subject === subject),
        bets: storyBets(),
        sanctions: people.sanctions.filter((one) => one.subject === subject),
        signals: [
          {
            kind: 'tooFast',
            subjects: [subject],
            strength: 0.72,
            sentence: 'Three bets within 200 ms of the event that decided them.',
            evidence: ['Goal in the next 30 s?: 140 ms', 'Next corner?: 180 ms'],
          },
        ],
        notes: notes.filter((note) => note.subject === subject).toReversed(),
        acts: storyAudit(nowMs).slice(1, 3),
      }),
      note({ noteId, subject, text }) {
        calls.push(`moderation.note ${text}`);
        notes.push({ noteId, subject, text, atMs: Date.now(), author: 'Mina' });
      },
      removeNote: ({ noteId }) => {
        const at = notes.findIndex((note) => note.noteId === noteId);
        if (at >= 0) notes.splice(at, 1);
      },
      setSlow({ seconds }) {
        people.settings = { ...people.settings, slowSeconds: seconds };
        tell();
      },
      effect: ({ marketId, outcome }) => storyEffect(state(), marketId, outcome),
    },
  };
}

function storyLine(number: number, subject: string, text: string, atMs: number): ChatLine {
  const role = subject === MINA ? 'moderator' : 'viewer';
  return {
    ...{ number, atMs, subject, author: subject.slice(0, 16), name: NAMES[subject] ?? 'Guest' },
    ...{ role, colour: 1 + (number % 8), text, replyTo: 0, mentions: [], state: 'said', why: '' },
  };
}

function storyLines(nowMs: number): ChatLine[] {
  const said = [
    [ANN, 'what a save!'],
    [BOB, 'ref needs glasses'],
    [CAT, '守门员太厉害了'],
    [MINA, 'Be kind to the referee, please.'],
    [BOB, 'still blind though'],
    [ANN, 'how do I see my receipt?'],
    [CAT, '下一个进球什么时候'],
    [BOB, 'sp0iler: they win 3 : 1 in the last minute, my cousin is in the hall'],
  ] as const;
  const lines = said.map(([who, text], at) =>
    storyLine(at + 1, who, text, nowMs - 60_000 + at * 5_000),
  );
  const last = lines.at(-1);
  if (last) Object.assign(last, { state: 'held', why: '“spoiler”' });
  return lines;
}

function storyPeople(nowMs: number): PeopleView {
  const at = { sinceMs: nowMs - 600_000, isHere: true };
  return {
    settings: FIRST_ROOM_SETTINGS,
    isShielded: false,
    members: [
      { subject: MINA, role: 'moderator', name: 'Mina', inviteId: id('7'), ...at },
      { subject: LEE, role: 'coHost', name: '', inviteId: id('8'), ...at, isHere: false },
    ],
    invites: [
      {
        ...{ inviteId: id('6'), role: 'moderator', name: 'Jo from the club', uses: 1, used: 0 },
        expiresMs: nowMs + 3_600_000,
      },
    ],
    sanctions: [],
  };
}

function storyBets() {
  const bet = { marketTitle: 'Goal in the next 30 s?', outcomeLabel: 'Yes', amountMinor: 50 };
  return [
    { ...bet, betId: id('d'), result: 'WON' as const, paidMinor: 81 },
    { ...bet, betId: id('e'), outcomeLabel: 'No', result: 'LOST' as const, paidMinor: 0 },
  ];
}

function storyAudit(nowMs: number): AuditEntry[] {
  const mina = { actor: 'moderator-11111111', role: 'moderator' as const, name: 'Mina' };
  const base = { target: '', about: '', outcome: '', reason: '' };
  const market = { target: id('f'), about: 'Goal in the next 30 s?' };
  return [
    {
      ...{ ...base, ...market, seq: 40, atMs: nowMs - 20_000, actor: 'engine', role: 'vision' },
      ...{ name: '', act: 'market.resolved', outcome: 'Yes', reason: 'Ball over the goal line' },
    },
    {
      ...{ ...base, ...mina, seq: 31, atMs: nowMs - 45_000, act: 'person.timedOut', target: BOB },
      ...{ about: 'Bob', reason: 'calls people names' },
    },
    { ...base, ...mina, seq: 30, atMs: nowMs - 50_000, act: 'chat.removed', target: 'message-2' },
    { ...base, ...mina, seq: 21, atMs: nowMs - 90_000, act: 'shield.on' },
  ];
}

function storyEffect(state: StudioState, marketId: string, outcome: number | null): DecisionEffect {
  const market = state.markets.find((one) => one.id === marketId);
  const pools = (market?.outcomes ?? []).map(({ poolMinor }) => poolMinor);
  const total = pools.reduce((sum, one) => sum + one, 0);
  const isCorrection = market?.state === 'RESOLVED';
  const won = outcome === null ? 0 : (pools[outcome] ?? 0);
  return {
    kind: isCorrection ? 'correction' : 'decision',
    settlement: outcome === null ? 'void' : 'paid',
    givenMinor: total,
    givenCount: outcome === null ? 19 : (market?.outcomes[outcome]?.bettors ?? 0),
    takenMinor: isCorrection ? total - won : 0,
    owedMinor: isCorrection ? 40 : 0,
    houseMinor: 0,
    accountCount: 19,
    accounts: [
      { subject: ANN, stakedMinor: 100, changeMinor: 161, owedMinor: 0 },
      { subject: CAT, stakedMinor: 60, changeMinor: 97, owedMinor: 0 },
      {
        ...{ subject: BOB, stakedMinor: 52 },
        ...(isCorrection ? { changeMinor: -60, owedMinor: 40 } : { changeMinor: 0, owedMinor: 0 }),
      },
    ],
  };
}
