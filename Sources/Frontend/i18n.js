// The page's own words. English and Chinese travel with the page because they are a kilobyte together; any other language is one
// more file, `lang-<code>.js`, that exports `words` and is fetched only when the server lists its code in `config.languages`.

const english = {
  submit: "Submit",
  reset: "Reset",
  cancel: "Cancel",
  close: "Close",
  copy: "Copy",
  copied: "Copied",
  loading: "Loading",
  start_again: "Start again",
  session_ended: "This session has ended.",
  session_lost: "The server no longer has this session.",
  session_lost_hint: "What you see stays readable, but it cannot be continued.",
  session_elsewhere: "This session continues in another tab.",
  use_here: "Continue here",
  reconnecting: "Connection lost. Reconnecting…",
  reconnected: "Connected again",
  disconnected_with_server: "This page is no longer connected. Start again to go on.",
  connect_fail: "The server does not answer. Trying again…",
  error_in_input: "Please correct the marked fields.",
  number_needed: "Please enter a number.",
  whole_number_needed: "Please enter a whole number.",
  field_required: "Please fill in this field.",
  choice_required: "Please choose one.",
  enter_again: "Please enter this again: it is not kept when the page is reloaded.",
  choose_again: "Please choose again: files are not kept when the page is reloaded.",
  file_size_exceed: "“%1” is larger than the allowed %2.",
  file_total_size_exceed: "Together the files are larger than the allowed %1.",
  file_uploading: "Uploading",
  file_unreadable: "“%1” can no longer be read. Choose it again.",
  cancel_upload: "Cancel the upload",
  browse_file: "Choose a file",
  browse_files: "Choose files",
  drop_file: "or drop it here",
  remove_file: "Remove %1",
  duplicated_pin_name: "This field was replaced by a newer one with the same name.",
  duplicated_scope_name: "There is already a scope with this name, so this one is not shown.",
  task_failed: "The app stopped with an error",
  full_screen: "Full screen",
  editor_keys: "Tab indents. Press Escape and then Tab to leave the field, F11 for the full screen.",
  type_to_search: "Type to search",
  nothing_found: "Nothing found",
  found: "%1 found",
  remove_choice: "Remove %1",
  details: "Details",
  part_missing: "A part of this page could not be loaded.",
  messages: "Messages",
  output: "Output",
  rows: "%1 rows",
  rows_of: "%1 of %2 rows",
  selected: "%1 selected",
  filter: "Filter",
  no_rows: "No rows",
  no_data: "No data",
  table: "Table",
};

const chinese = {
  submit: "提交",
  reset: "重置",
  cancel: "取消",
  close: "关闭",
  copy: "复制",
  copied: "已复制",
  loading: "加载中",
  start_again: "重新开始",
  session_ended: "会话已结束。",
  session_lost: "服务器上已没有这个会话。",
  session_lost_hint: "页面内容仍可阅读，但无法继续操作。",
  session_elsewhere: "该会话已在另一个标签页中打开。",
  use_here: "在此继续",
  reconnecting: "连接已断开，正在重连…",
  reconnected: "已重新连接",
  disconnected_with_server: "页面已断开连接，请重新开始。",
  connect_fail: "服务器没有响应，正在重试…",
  error_in_input: "请更正标出的输入项。",
  number_needed: "请输入数字。",
  whole_number_needed: "请输入整数。",
  field_required: "请填写此项。",
  choice_required: "请选择一项。",
  enter_again: "请重新输入：页面刷新后不会保留此项。",
  choose_again: "请重新选择：页面刷新后不会保留文件。",
  file_size_exceed: "“%1”超过了 %2 的大小限制。",
  file_total_size_exceed: "文件总大小超过了 %1 的限制。",
  file_uploading: "正在上传",
  file_unreadable: "无法再读取“%1”，请重新选择。",
  cancel_upload: "取消上传",
  browse_file: "选择文件",
  browse_files: "选择文件",
  drop_file: "或拖放到此处",
  remove_file: "移除 %1",
  duplicated_pin_name: "该输入项已被同名的新输入项取代。",
  duplicated_scope_name: "已存在同名的区域，因此未显示此区域。",
  task_failed: "应用出错并已停止",
  full_screen: "全屏",
  editor_keys: "Tab 键缩进。按 Esc 后再按 Tab 可离开此项，F11 切换全屏。",
  type_to_search: "输入以搜索",
  nothing_found: "没有找到",
  found: "找到 %1 项",
  remove_choice: "移除 %1",
  details: "详细信息",
  part_missing: "页面的一部分未能加载。",
  messages: "消息",
  output: "输出",
  rows: "共 %1 行",
  rows_of: "%1 / %2 行",
  selected: "已选 %1 行",
  filter: "筛选",
  no_rows: "没有数据行",
  no_data: "没有数据",
  table: "表格",
};

const rightToLeft = new Set(["ar", "fa", "he", "ur"]);
const wordOverrides = {};
let currentWords = english;

// What apps may overwrite by hand (`WebIO.message_tpl.submit = "Go"`), as PyWebIO's page allows.
export function overridableWords() {
  return wordOverrides;
}

// Picks the words for a BCP 47 tag. Returns a promise only when another file has to come first.
export function useLanguage(tag, config) {
  const code = String(tag || "en").toLowerCase().split("-")[0];
  Object.assign(wordOverrides, config.strings);
  // The direction belongs to the app's own text, so it follows <html lang>, which the app sets, and not the visitor's browser.
  const pageCode = document.documentElement.lang.toLowerCase().split("-")[0];
  if (rightToLeft.has(pageCode)) document.documentElement.dir = "rtl";
  if (code === "zh") currentWords = chinese;
  else if (code !== "en" && (config.languages || []).includes(code)) {
    return import(new URL(`lang-${code}.js`, new URL(config.base || "./", location.href)).href)
      .then((module) => { currentWords = { ...english, ...module.words }; })
      .catch(() => {});
  }
  return null;
}

// The text for an id; %1, %2 … are replaced by the values.
export function say(id, ...values) {
  const text = wordOverrides[id] ?? currentWords[id] ?? english[id] ?? id;
  return text.replace(/%(\d)/g, (whole, digit) => String(values[digit - 1] ?? ""));
}
