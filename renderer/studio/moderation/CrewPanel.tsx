// Who helps to run the show: members with their role, taken back at once, and invitations. A link
// is shown once, because the studio keeps no secret of it. Only the owner changes anything here.

import { Check, Copy, UserPlus } from 'lucide-react';
import { useCallback, useEffect, useRef, useState } from 'react';
import type {
  InviteView,
  Member,
  PeopleSummary,
  PeopleView,
} from '../../../core/contract/people.ts';
import type { InvitedRole } from '../../../core/people/invite.ts';
import { Button } from '../../ui/Button.tsx';
import { Notice } from '../../ui/Notice.tsx';
import { text } from '../../ui/texts.ts';
import { ChoiceField, TextField } from '../Field.tsx';
import { ReasonForm } from '../ReasonForm.tsx';
import { ask, attempt, newStudioId, studio, usePage } from '../store.ts';
import { momentWords, roleWords } from './actWords.ts';

export function CrewPanel({ people: { crewHere, chatChanges } }: { people: PeopleSummary }) {
  const [view, setView] = useState<PeopleView | null>(null);
  const isOwner = usePage(({ role }) => role === 'owner');
  const read = useCallback(async () => {
    const asked = studio.people.show({});
    if ((await attempt(asked)) === null) setView(await asked);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: who came and went is the reason.
  useEffect(() => {
    read();
  }, [read, crewHere, chatChanges]);
  if (view === null) return null;
  return (
    <div className="crewPanel">
      <h3 className="dockSubtitle">{text('studio.mod.members')}</h3>
      {view.members.length === 0 ? (
        <p className="moderation-empty">{text('studio.mod.noMembers')}</p>
      ) : null}
      <ul className="crewList">
        {view.members.map((member) => (
          <MemberLine key={member.subject} {...{ member, isOwner, onChanged: read }} />
        ))}
      </ul>
      {isOwner ? <Invite onMade={read} /> : null}
      {view.invites.length === 0 ? null : (
        <>
          <h3 className="dockSubtitle">{text('studio.mod.invites')}</h3>
          <ul className="crewList">
            {view.invites.map((invite) => (
              <InviteLine key={invite.inviteId} {...{ invite, isOwner, onChanged: read }} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

type LineProps = { isOwner: boolean; onChanged: () => void };

function MemberLine({ member, isOwner, onChanged }: LineProps & { member: Member }) {
  const [isRevoking, setIsRevoking] = useState(false);
  const { subject, role, isHere, sinceMs } = member;
  const name = member.name || text('studio.mod.unnamed', { digits: subject.slice(0, 4) });
  return (
    <li className="crewLine" data-member={subject}>
      <span className="crewLine-name">
        <span className="presence" data-here={isHere} aria-hidden="true" />
        {name}
      </span>
      <span className="crewTag">{roleWords(role)}</span>
      <small>
        {text(isHere ? 'studio.mod.cardHere' : 'studio.mod.cardAway')} ·{' '}
        {text('studio.mod.since', { time: momentWords(sinceMs) })}
      </small>
      {isRevoking ? (
        <ReasonForm
          label={text('studio.mod.revokeWhy')}
          effect={text('studio.mod.revokeEffect')}
          submit={text('studio.mod.revoke')}
          act={(reason) => studio.people.revokeRole({ subject, reason })}
          onDone={() => {
            setIsRevoking(false);
            onChanged();
          }}
        />
      ) : isOwner ? (
        <Button
          size="dense"
          look="stop"
          aria-label={text('studio.mod.revokeNamed', { name })}
          onClick={() => setIsRevoking(true)}
        >
          {text('studio.mod.revoke')}
        </Button>
      ) : null}
    </li>
  );
}

function InviteLine({ invite, isOwner, onChanged }: LineProps & { invite: InviteView }) {
  const { inviteId, name, role, used, uses, expiresMs } = invite;
  const words = { role: roleWords(role), used, uses, time: momentWords(expiresMs) };
  return (
    <li className="crewLine">
      <span className="crewLine-name">{name || roleWords(role)}</span>
      <small>{text('studio.mod.inviteLine', words)}</small>
      {isOwner ? (
        <Button
          size="dense"
          aria-label={text('studio.mod.revokeNamed', { name: name || roleWords(role) })}
          onClick={async () => {
            await ask(studio.people.revokeInvite({ inviteId, withRoles: false }));
            onChanged();
          }}
        >
          {text('studio.mod.revoke')}
        </Button>
      ) : null}
    </li>
  );
}

const EXPIRY_MINUTES = [60, 1440, 10_080] as const;

function Invite({ onMade }: { onMade: () => void }) {
  const [isOpen, setIsOpen] = useState(false);
  const [link, setLink] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState<InvitedRole>('moderator');
  const [minutes, setMinutes] = useState('1440');
  const [fault, setFault] = useState<string | null>(null);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (isOpen) first.current?.focus();
  }, [isOpen]);
  async function make(): Promise<void> {
    const inviteId = newStudioId();
    const offer = { inviteId, role, name: name.trim(), uses: 1, minutes: Number(minutes) };
    const asked = studio.people.invite(offer);
    const refusal = await attempt(asked);
    setFault(refusal);
    if (refusal !== null) return;
    setLink((await asked).link);
    onMade();
  }
  if (link !== '') {
    return (
      <Link
        link={link}
        onDone={() => {
          setLink('');
          setName('');
          setIsOpen(false);
        }}
      />
    );
  }
  if (!isOpen) {
    return (
      <Button size="dense" onClick={() => setIsOpen(true)}>
        <UserPlus size={14} aria-hidden="true" />
        {text('studio.mod.invite')}
      </Button>
    );
  }
  return (
    <form
      className="decide inviteForm"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        make();
      }}
    >
      <TextField
        label={text('studio.mod.inviteName')}
        input={first}
        value={name}
        maxLength={40}
        fault={fault}
        onValue={setName}
      />
      <ChoiceField
        label={text('studio.mod.inviteRole')}
        hint={text(role === 'coHost' ? 'studio.mod.coHostMay' : 'studio.mod.moderatorMay')}
        value={role}
        choices={[
          ['moderator', roleWords('moderator')],
          ['coHost', roleWords('coHost')],
        ]}
        onValue={setRole}
      />
      <ChoiceField
        label={text('studio.mod.inviteExpiry')}
        value={minutes}
        choices={EXPIRY_MINUTES.map((one) => [
          String(one),
          text('studio.mod.hours', { count: one / 60 }),
        ])}
        onValue={setMinutes}
      />
      <div className="marketControls">
        <Button size="dense" look="primary" type="submit">
          {text('studio.mod.inviteMake')}
        </Button>
        <Button size="dense" look="quiet" onClick={() => setIsOpen(false)}>
          {text('common.cancel')}
        </Button>
      </div>
    </form>
  );
}

function Link({ link, onDone }: { link: string; onDone: () => void }) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(link);
      setCopied('yes');
    } catch {
      setCopied('failed');
    }
  }
  return (
    <div className="decide">
      <Notice severity="info">{text('studio.mod.inviteOnce')}</Notice>
      <input
        className="field"
        readOnly
        value={link}
        aria-label={text('studio.mod.inviteLink')}
        onFocus={(focus) => focus.target.select()}
      />
      <div className="marketControls">
        <Button size="dense" look="primary" onClick={copy}>
          {copied === 'yes' ? <Check size={14} /> : <Copy size={14} />}
          {text(copied === 'yes' ? 'studio.mod.copied' : 'studio.mod.copy')}
        </Button>
        <Button size="dense" look="quiet" onClick={onDone}>
          {text('common.close')}
        </Button>
      </div>
      {copied === 'failed' ? <p role="alert">{text('studio.mod.copyFailed')}</p> : null}
    </div>
  );
}
