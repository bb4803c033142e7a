// Entry of the studio page: words, styles, and the page into its root. Nothing else.

import './words.ts';
import { createRoot } from 'react-dom/client';
import '../ui/ui.css';
import './studio.css';
import './docks.css';
import './forms.css';
import './strips.css';
import { App } from './App.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
createRoot(root).render(<App />);
