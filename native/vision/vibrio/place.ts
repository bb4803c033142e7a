// Where a component lies, in the words of the trackers: shares of the picture instead of pixels.

import type { Box } from '../tracking/track.ts';
import type { Component } from './components.ts';
import { PICTURE } from './motion.ts';

export function normalised(component: Component): Box {
  return {
    x: component.left / PICTURE.width,
    y: component.top / PICTURE.height,
    width: (component.right - component.left) / PICTURE.width,
    height: (component.bottom - component.top) / PICTURE.height,
  };
}
