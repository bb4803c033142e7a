// A card: one thing with a border. `name` makes it a region that a screen reader can jump to.

import type { ReactNode } from 'react';

export function Card({ name, children }: { name?: string; children: ReactNode }) {
  if (name === undefined) return <div className="card">{children}</div>;
  return (
    <section className="card" aria-label={name}>
      {children}
    </section>
  );
}
