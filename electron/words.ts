// The words of the shell: menus, tray and the few boxes that stand before any page is there. Both
// languages are complete by type. The pages have their own catalogue.

/** A language that the shell speaks. */
export type ShellLanguage = 'en' | 'zh';

const english = {
  about: 'About Morphine Studio',
  licences: 'Licences',
  checkForUpdates: 'Look for updates',
  restartToUpdate: 'Restart to update to {version}',
  studio: 'Studio',
  openViewerPage: 'Open what viewers see',
  copyViewerLink: 'Copy the link for viewers',
  showDataFolder: 'Show the data folder',
  showCrashReports: 'Show crash reports',
  hide: 'Hide',
  hideOthers: 'Hide others',
  unhide: 'Show all',
  quit: 'Quit',
  edit: 'Edit',
  undo: 'Undo',
  redo: 'Redo',
  cut: 'Cut',
  copy: 'Copy',
  paste: 'Paste',
  selectAll: 'Select all',
  view: 'View',
  reload: 'Reload this page',
  actualSize: 'Actual size',
  zoomIn: 'Larger',
  zoomOut: 'Smaller',
  fullScreen: 'Full screen',
  developerTools: 'Developer tools',
  protectWindow: 'Keep this window out of captures',
  showCapture: 'Show the camera and screen page',
  window: 'Window',
  minimize: 'Minimize',
  close: 'Close',
  help: 'Help',
  openStudio: 'Open the studio',
  trayStarting: 'Morphine Studio: starting',
  trayReady: 'Morphine Studio: ready',
  trayLive: 'Morphine Studio: live',
  trayTrouble: 'Morphine Studio: a part of it is being restarted',
  liveTitle: 'The show is live.',
  liveDetail: 'Viewers are watching. Closing ends the show; hiding keeps it going in the tray.',
  liveHide: 'Hide and go on',
  liveEnd: 'End the show and quit',
  liveStay: 'Stay',
  settingsTitle: 'The settings file cannot be used.',
  settingsDetail:
    '{line}\n\nIt can be kept aside as {name}, and the studio starts with defaults. ' +
    'Nothing is deleted.',
  settingsKeep: 'Keep it aside and start',
  settingsQuit: 'Quit',
  settingsNotKept:
    'It could not be kept aside as {name} ({reason}). Move it by hand, and start again.',
  refusedTitle: 'Morphine Studio cannot start.',
  chooseScreen: 'Choose what viewers see',
  nothingToShare: 'There is no screen or window to share.',
  updateOffUnplaced: 'Updates are off: this build names no place to get them from.',
  updateOffUnsigned: 'Updates are off: this build cannot check who signed them.',
  updateWaiting: 'Updates wait until the show has ended.',
  updateNone: 'This is the newest version.',
  updateTold: 'Version {version} is there. Get it where you got this one.',
  updateLoading: 'Version {version} is being fetched.',
  updateReady: 'Version {version} is here. It is installed when you quit, never during a show.',
  updateFailed: 'Looking for updates failed: {reason}',
} as const;

export type ShellWord = keyof typeof english;

const chinese: Readonly<Record<ShellWord, string>> = {
  about: '关于 Morphine Studio',
  licences: '许可证',
  checkForUpdates: '检查更新',
  restartToUpdate: '重启以更新到 {version}',
  studio: '工作室',
  openViewerPage: '打开观众页面',
  copyViewerLink: '复制观众链接',
  showDataFolder: '显示数据文件夹',
  showCrashReports: '显示崩溃报告',
  hide: '隐藏',
  hideOthers: '隐藏其他',
  unhide: '全部显示',
  quit: '退出',
  edit: '编辑',
  undo: '撤销',
  redo: '重做',
  cut: '剪切',
  copy: '复制',
  paste: '粘贴',
  selectAll: '全选',
  view: '视图',
  reload: '重新载入页面',
  actualSize: '实际大小',
  zoomIn: '放大',
  zoomOut: '缩小',
  fullScreen: '全屏',
  developerTools: '开发者工具',
  protectWindow: '不让其他程序捕捉此窗口',
  showCapture: '显示摄像头与屏幕页面',
  window: '窗口',
  minimize: '最小化',
  close: '关闭',
  help: '帮助',
  openStudio: '打开工作室',
  trayStarting: 'Morphine Studio：正在启动',
  trayReady: 'Morphine Studio：就绪',
  trayLive: 'Morphine Studio：直播中',
  trayTrouble: 'Morphine Studio：某个部分正在重启',
  liveTitle: '正在直播。',
  liveDetail: '观众正在观看。关闭会结束直播；隐藏后直播在托盘中继续。',
  liveHide: '隐藏并继续',
  liveEnd: '结束直播并退出',
  liveStay: '留下',
  settingsTitle: '设置文件无法使用。',
  settingsDetail: '{line}\n\n可以把它另存为 {name}，并用默认设置启动。不会删除任何内容。',
  settingsKeep: '另存并启动',
  settingsQuit: '退出',
  settingsNotKept: '无法另存为 {name}（{reason}）。请手动移走该文件，再重新启动。',
  refusedTitle: 'Morphine Studio 无法启动。',
  chooseScreen: '选择观众看到的内容',
  nothingToShare: '没有可共享的屏幕或窗口。',
  updateOffUnplaced: '更新已关闭：此版本没有指定更新来源。',
  updateOffUnsigned: '更新已关闭：此版本无法核对签名者。',
  updateWaiting: '直播结束后再更新。',
  updateNone: '已是最新版本。',
  updateTold: '有新版本 {version}。请从原来的来源获取。',
  updateLoading: '正在下载版本 {version}。',
  updateReady: '版本 {version} 已下载。退出时安装，直播期间不会安装。',
  updateFailed: '检查更新失败：{reason}',
};

/** Gives the words of a language, `{name}` replaced by `values.name`. */
export type ShellWords = (key: ShellWord, values?: Readonly<Record<string, string>>) => string;

/** @param preferred the system's languages, the dearest first */
export function shellWords(preferred: readonly string[]): ShellWords {
  const language = shellLanguage(preferred);
  const catalogue = language === 'zh' ? chinese : english;
  return (key, values = {}) =>
    catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}

export function shellLanguage(preferred: readonly string[]): ShellLanguage {
  const first = preferred.find((language) => /^(en|zh)\b/i.test(language)) ?? 'en';
  return /^zh\b/i.test(first) ? 'zh' : 'en';
}
