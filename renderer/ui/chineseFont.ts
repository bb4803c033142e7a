// The style sheet of the Chinese typeface as a part of its own: pages in other languages fetch it
// once they are drawn, so that a name like 张伟 is never a row of boxes where the system has no such
// typeface. The typeface itself is fetched slice by slice, and only when a character asks for it.

import './chineseFont.css';
