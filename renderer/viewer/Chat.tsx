// The chat beside the picture: what was said, who said it, and one line to take part. Reading needs
// nothing; what speaks against writing stands where one would write. New messages move nothing for
// somebody who reads older ones. Texts of others are only ever text.

import { type FormEvent, lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useStore } from 'zustand';
import { CHAT_TEXT_LENGTH_MAX } from '../../core/people/bounds.ts';
import { Button } from '../ui/Button.tsx';
import { Notice } from '../ui/Notice.tsx';
import { text } from '../ui/texts.ts';
import type { ChatBook, ChatLineView, ChatView } from './chatBook.ts';
import './chat.css';

const NameColours = lazy(() =>
  import('./NameColours.tsx').then((code) => ({ default: code.NameColours })),
);

/** So near to its end a list counts as read to the end, CSS pixels. */
const END_DISTANCE = 24;
/** Words of a message that a reply repeats. */
const QUOTE_LENGTH_MAX = 60;

type ChatProps = { chat: ChatBook };

export function Chat({ chat }: ChatProps) {
  const view = useStore(chat.store);
  const [replyTo, setReplyTo] = useState<ChatLineView | null>(null);
  const [isChoosing, setIsChoosing] = useState(false);
  return (
    <section className="chat" aria-label={text('chat.title')} data-testid="chat">
      <h2 className="chat-head">
        {text('chat.title')}
        <Rules view={view} />
      </h2>
      <Lines view={view} onReply={setReplyTo} />
      <Standing chat={chat} view={view} />
      <Composer chat={chat} view={view} replyTo={replyTo} onDone={() => setReplyTo(null)} />
      <p className="chat-foot">
        {view.standing ? text('chat.you', { name: view.standing.name }) : null}
        <Button size="dense" aria-expanded={isChoosing} onClick={() => setIsChoosing(!isChoosing)}>
          {text('chat.colour')}
        </Button>
        <SignIn chat={chat} view={view} />
      </p>
      <Suspense fallback={null}>{isChoosing ? <NameColours chat={chat} /> : null}</Suspense>
    </section>
  );
}

function Rules({ view: { rules } }: { view: ChatView }) {
  if (!rules) return null;
  const { slowSeconds, areLinksAllowed } = rules;
  return (
    <span className="chat-rules">
      {slowSeconds > 0 ? text('chat.slow', { seconds: slowSeconds }) : null}
      {areLinksAllowed ? null : <span>{text('chat.noLinks')}</span>}
    </span>
  );
}

function Lines({ view, onReply }: { view: ChatView; onReply(line: ChatLineView): void }) {
  const { lines, waiting } = view;
  const list = useRef<HTMLOListElement>(null);
  const [isAtEnd, setIsAtEnd] = useState(true);
  const toEnd = () => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: new lines are the reason to scroll.
  useEffect(() => {
    if (isAtEnd) toEnd();
  }, [lines, waiting, isAtEnd]);
  function onScroll(): void {
    const element = list.current;
    if (!element) return;
    const left = element.scrollHeight - element.scrollTop - element.clientHeight;
    setIsAtEnd(left < END_DISTANCE);
  }
  const named = new Map(lines.map((line) => [line.number, line]));
  return (
    <div className="chat-frame">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls needs the keyboard. */}
      <ol className="chat-lines" ref={list} onScroll={onScroll} aria-live="polite" tabIndex={0}>
        {lines.length + waiting.length === 0 ? (
          <li className="chat-empty">{text('chat.empty')}</li>
        ) : null}
        {lines.map((line) => (
          <Line key={line.number} line={line} of={named.get(line.replyTo)} onReply={onReply} />
        ))}
        {waiting.map((line) => (
          <li key={line.chatId} className="chat-line" data-state="waiting">
            <span title={text('chat.sending')}>{line.text}</span>
          </li>
        ))}
      </ol>
      {isAtEnd ? null : (
        <Button size="dense" onClick={() => setIsAtEnd(true)}>
          {text('chat.newer')}
        </Button>
      )}
    </div>
  );
}

type LineProps = {
  line: ChatLineView;
  /** What it answers, as far as the page has it. */
  of: ChatLineView | undefined;
  onReply(line: ChatLineView): void;
};

function Line({ line, of, onReply }: LineProps) {
  const { name, colour, role, isForMe, isHeld } = line;
  return (
    <li className="chat-line" data-for-me={isForMe} data-state={isHeld ? 'held' : 'said'}>
      {of ? (
        <span className="chat-quote">
          {text('chat.replyingTo', { name: of.name, text: of.text.slice(0, QUOTE_LENGTH_MAX) })}
        </span>
      ) : null}
      {isRole(role) ? <span className="chat-role">{text(`chat.role.${role}`)}</span> : null}
      <button
        type="button"
        className="chat-name"
        data-colour={colour}
        title={text('chat.reply', { name })}
        onClick={() => onReply(line)}
      >
        {name}
      </button>
      <span className="chat-text">{line.text}</span>
      {isHeld ? <span className="chat-held">{text('chat.held')}</span> : null}
    </li>
  );
}

function isRole(role: string): role is 'owner' | 'coHost' | 'moderator' {
  return role === 'owner' || role === 'coHost' || role === 'moderator';
}

function Standing({
  chat,
  view: { standing, rules, trouble },
}: {
  chat: ChatBook;
  view: ChatView;
}) {
  return (
    <>
      {standing?.notice ? (
        <Notice severity="warn">
          {text('chat.notice', { text: standing.notice })}{' '}
          <Button size="dense" onClick={() => chat.readNotice()}>
            {text('chat.noticeRead')}
          </Button>
        </Notice>
      ) : null}
      {rules?.isShielded ? <Notice severity="info">{text('chat.shield')}</Notice> : null}
      {trouble === '' ? null : <Notice severity="warn">{trouble}</Notice>}
    </>
  );
}

type ComposerProps = {
  chat: ChatBook;
  view: ChatView;
  replyTo: ChatLineView | null;
  onDone(): void;
};

function Composer({ chat, view: { rules, standing }, replyTo, onDone }: ComposerProps) {
  const [words, setWords] = useState('');
  const why = whyNot(rules, standing);
  if (why !== '') return <p className="chat-why">{why}</p>;
  function onSubmit(event: FormEvent): void {
    event.preventDefault();
    if (!chat.say(words, replyTo?.number ?? 0)) return;
    setWords('');
    onDone();
  }
  return (
    <form className="chat-form" onSubmit={onSubmit}>
      {replyTo ? (
        <p className="chat-reply">
          {text('chat.reply', { name: replyTo.name })}
          <Button size="dense" onClick={onDone}>
            {text('chat.replyEnd')}
          </Button>
        </p>
      ) : null}
      <input
        className="chat-input"
        value={words}
        maxLength={CHAT_TEXT_LENGTH_MAX}
        placeholder={text('chat.say')}
        aria-label={text('chat.say')}
        autoComplete="off"
        onChange={(event) => setWords(event.target.value)}
      />
      <Button type="submit" disabled={words.trim() === ''}>
        {text('chat.send')}
      </Button>
    </form>
  );
}

/** Why nothing can be written now; empty when it can. */
function whyNot(rules: ChatView['rules'], standing: ChatView['standing']): string {
  const isCrew = isRole(standing?.role ?? '');
  const leftMs = (standing?.timedOutUntilMs ?? 0) - performance.now();
  if (leftMs > 0) return text('chat.timedOut', { seconds: Math.ceil(leftMs / 1000) });
  if (rules && !rules.isChatOpen && !isCrew) return text('chat.closed');
  const mustSignIn = rules?.isSignedInOnly && !standing?.isSignedIn && !isCrew;
  return mustSignIn ? text('chat.signedInOnly') : '';
}

function SignIn({
  chat,
  view: { canSignIn, standing, signInTrouble },
}: {
  chat: ChatBook;
  view: ChatView;
}) {
  if (!canSignIn || !standing) return null;
  if (standing.isSignedIn) {
    return (
      <Button size="dense" onClick={() => chat.signOut()}>
        {text('chat.signOut')}
      </Button>
    );
  }
  async function onSignIn(): Promise<void> {
    const address = await chat.signInAddress((url, init) => fetch(url, init));
    if (address !== null) location.assign(address);
  }
  return (
    <>
      <Button size="dense" onClick={() => void onSignIn()}>
        {text('chat.signIn')}
      </Button>
      {signInTrouble === '' ? null : text('chat.signInTrouble', { reason: signInTrouble })}
    </>
  );
}
