// The system as the shell meets it: tray, menus, boxes, screens, power, clipboard, crash reporter.
// It draws nothing and remembers what it was given; what Electron refuses is refused.

import { EventEmitter } from 'node:events';
import { computer, note, onAsk } from './world.ts';

type Item = {
  id?: string;
  label?: string;
  role?: string;
  type?: string;
  checked?: boolean;
  enabled?: boolean;
  icon?: unknown;
  submenu?: Item[];
  click?: (item: Item) => void;
};

/** Roles of Electron 45 that bring their own act. */
const ROLES = new Set(
  `undo redo cut copy paste selectAll hide hideOthers unhide quit close reload resetZoom zoomIn
  zoomOut togglefullscreen minimize toggleDevTools help`.split(/\s+/),
);
const clickable = new Map<string, Item>();

function shown(items: Item[]): object[] {
  return items.map(({ id, label, role, type, checked, submenu, click }) => {
    if (role !== undefined && !ROLES.has(role)) throw new Error(`Unknown role ${role}`);
    if (!label && !role && type !== 'separator') throw new Error('A menu item needs a label');
    return { id, label, role, type, checked, acts: !!click, submenu: submenu && shown(submenu) };
  });
}

function remember(items: Item[]): void {
  for (const item of items) {
    if (item.id !== undefined) clickable.set(item.id, item);
    remember(item.submenu ?? []);
  }
}

export class Menu {
  readonly items: Item[];
  readonly shown: object[];
  constructor(items: Item[]) {
    this.items = items;
    this.shown = shown(items);
    remember(items);
  }
  static buildFromTemplate(items: Item[]): Menu {
    return new Menu(items);
  }
  static setApplicationMenu(menu: Menu): void {
    note('menu', { items: menu.shown });
  }
  popup({ callback }: { callback?: () => void }): void {
    note('popup', { items: this.shown });
    popups.push(() => callback?.());
  }
}
const popups: (() => void)[] = [];

export class Tray extends EventEmitter {
  constructor(image: Picture) {
    super();
    if (computer.hasTray === false) throw new Error('There is no tray here');
    note('tray', { sizes: image.sizes });
    trays.push(this);
  }
  setImage(image: Picture): void {
    note('trayImage', { sizes: image.sizes });
  }
  setToolTip(text: string): void {
    note('trayTip', { text });
  }
  setContextMenu(menu: Menu): void {
    note('trayMenu', { items: menu.shown });
  }
  destroy(): void {
    note('trayGone');
  }
}
const trays: Tray[] = [];

class Picture {
  sizes: number[] = [];
  addRepresentation(part: { width: number; height: number; buffer: Buffer }): void {
    if (part.buffer.length !== part.width * part.height * 4) throw new Error('Not a bitmap');
    this.sizes.push(part.width);
  }
}
export const nativeImage = { createEmpty: () => new Picture() };

const boxAnswers = [...(computer.answers ?? [])];
const boxOf = (given: unknown[]) => given.at(-1) as { buttons?: string[]; message: string };
export const dialog = {
  showMessageBox(...given: unknown[]): Promise<{ response: number }> {
    const box = boxOf(given);
    note('box', { ...box });
    const response = (boxAnswers.length > 1 ? boxAnswers.shift() : boxAnswers[0]) ?? 0;
    return Promise.resolve({ response });
  },
  showErrorBox(title: string, text: string): void {
    note('errorBox', { title, text });
  },
};

const blockers = new Set<number>();
let blockerCount = 0;
export const powerSaveBlocker = {
  start(kind: string): number {
    if (!/^prevent-(app-suspension|display-sleep)$/.test(kind)) throw new Error(`No kind ${kind}`);
    blockers.add(++blockerCount);
    note('awake', { kind });
    return blockerCount;
  },
  stop(id: number): boolean {
    note('asleep');
    return blockers.delete(id);
  },
};

export const screen = {
  getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1040 } }],
};

export const desktopCapturer = {
  getSources: (options: object) => {
    note('sources', { options });
    return Promise.resolve([
      { id: 'screen:0:0', name: 'Screen 1', thumbnail: new Picture() },
      { id: 'window:1:0', name: 'Morphine Studio', thumbnail: new Picture() },
      { id: 'window:9:0', name: 'Match stream', thumbnail: new Picture() },
    ]);
  },
};

export const clipboard = { writeText: (text: string) => note('copied', { text }) };
export const crashReporter = {
  start(options: object): void {
    note('crashReporter', { options });
  },
};

onAsk({
  clickMenu({ id }) {
    const item = clickable.get(String(id));
    if (!item?.click) throw new Error(`Nothing to click: ${id}`);
    if (item.type === 'checkbox') item.checked = !item.checked;
    item.click(item);
    for (const closed of popups.splice(0)) closed();
  },
  closePopup() {
    for (const closed of popups.splice(0)) closed();
  },
  clickTray: () => trays[0]?.emit('click'),
  answerBoxes({ answers }) {
    boxAnswers.splice(0, boxAnswers.length, ...(answers as number[]));
  },
  blockers: () => blockers.size,
});
