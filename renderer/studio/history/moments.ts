// When something was, short: the time of today, else day and time. One formatter for all rows: to
// make one for each is what would make scrolling slow.

let madeFor = '';
let ofToday: Intl.DateTimeFormat;
let ofBefore: Intl.DateTimeFormat;

const TIME = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;

export function momentsOf(atMs: number): string {
  const language = document.documentElement.lang || 'en';
  if (language !== madeFor) {
    ofToday = new Intl.DateTimeFormat(language, TIME);
    ofBefore = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', ...TIME });
    madeFor = language;
  }
  const at = new Date(atMs);
  const isToday = at.toDateString() === new Date().toDateString();
  return (isToday ? ofToday : ofBefore).format(at);
}
