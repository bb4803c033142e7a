// Entry of the capture page: opens the devices and the connection, shows their state, nothing else.

import './words.ts';
import { createRoot } from 'react-dom/client';
import '../ui/ui.css';
import './capture.css';
import { App } from './App.tsx';
import { createCaptureSession } from './captureSession.ts';
import { openEngineLine } from './line.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
const session = createCaptureSession(openEngineLine);
createRoot(root).render(<App session={session} />);
session.start();
