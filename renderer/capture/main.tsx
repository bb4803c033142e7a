// Entry of the capture page: opens the devices and the connection, shows their state and the scene.

import { createRoot } from 'react-dom/client';
import '../ui/ui.css';
import './capture.css';
import { App } from './App.tsx';
import { CaptureSession } from './captureSession.ts';
import { openEngineLine } from './line.ts';
import { speakChosen } from './words.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
await speakChosen();
const session = new CaptureSession(openEngineLine);
createRoot(root).render(<App session={session} />);
session.start();
