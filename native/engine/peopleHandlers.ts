// The operations on people and chat, bound to their rooms. Arguments and roles were checked before.

import type { Caller, Handlers } from '../../core/contract/rpcCalls.ts';
import type { Actor } from '../audience/people/people.ts';
import type { PeopleRooms } from './peopleRooms.ts';
import type { Show } from './show.ts';

export type PeopleHandlerRooms = { peopleRooms: PeopleRooms; show: Show };

/** Who acts, for the record: the role, and a pseudonym of the connection. */
export function actorOf(caller: Caller): Actor {
  const { role, clientId, subject } = caller;
  const who = subject ?? clientId;
  return { role, actor: `${role}-${who.slice(0, 8)}`, ...(subject ? { subject } : {}) };
}

/** @param refusable turns a room's refusal into the contract's error */
export function createPeopleHandlers(
  { peopleRooms: { people, chat, fraud }, show }: PeopleHandlerRooms,
  refusable: <Result>(run: () => Promise<Result>) => Promise<Result> = (run) => run(),
): Pick<Handlers, 'people' | 'chat'> {
  return {
    people: {
      show: () => people.view(),
      invite: async (args) => ({ link: await people.invite(args, crewLink(show)) }),
      revokeInvite: ({ inviteId, withRoles }) => people.revokeInvite(inviteId, withRoles),
      revokeRole: ({ subject, reason }) => people.revokeRole(subject, reason),
      warn: (args, caller) => people.warn(actorOf(caller), args),
      timeOut: (args, caller) => people.timeOut(actorOf(caller), args),
      ban: (args, caller) =>
        refusable(async () => {
          const banning = people.ban(actorOf(caller), args);
          // Said words go at once; a ledger that is away holds up neither.
          if (people.banOf(args.subject, '')) chat.removeAllOf(args.subject);
          await banning;
        }),
      lift: ({ sanctionId, reason }, caller) =>
        refusable(() => people.lift(actorOf(caller), sanctionId, reason)),
      async setShield({ isOn }) {
        show.suspend('shield', isOn);
        await people.setShield(isOn);
      },
      configure: ({ settings }) => people.configure(settings),
      signals: () => fraud.signals(),
    },
    chat: {
      list: (args) => chat.list(args),
      say: async ({ text, replyTo }, caller) => chat.say(actorOf(caller), text, replyTo),
      remove: async ({ numbers }) => chat.remove(numbers),
      judge: async ({ number, isSaid }) => chat.judge(number, isSaid),
    },
  };
}

/** The crew's own page at the relay; an invitation has words of its own behind the #. */
function crewLink(show: Show): string {
  const [viewerUrl = ''] = show.view().viewerUrl.split('#');
  return viewerUrl.replace(/\/s\/(?=[0-9a-f]{32}$)/, '/crew/');
}
