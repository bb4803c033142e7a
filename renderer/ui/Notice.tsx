// A sentence that says what happened and what to do. Never a code alone; `stop` is an outline with
// an icon, so that it cannot be taken for being on air.

import { Info, OctagonAlert, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';

export type Severity = 'info' | 'warn' | 'stop';

const ICONS = { info: Info, warn: TriangleAlert, stop: OctagonAlert } as const;

type NoticeProps = { severity: Severity; children: ReactNode; action?: ReactNode };

export function Notice({ severity, children, action }: NoticeProps) {
  const Icon = ICONS[severity];
  return (
    <div className={`notice notice-${severity}`} role={severity === 'info' ? 'status' : 'alert'}>
      <Icon size={16} aria-hidden="true" />
      <span className="notice-text">{children}</span>
      {action}
    </div>
  );
}
