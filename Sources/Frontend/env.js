// `set_env`: settings of the page by the app.
import { byId } from "./dom.js";
import { settings } from "./state.js";

const setters = {
  title: (value) => { document.title = value; },
  output_animation: (value) => { settings.animate = Boolean(value); document.body.classList.toggle("no-animation", !value); },
  auto_scroll_bottom: (value) => { settings.autoScroll = Boolean(value); },
  http_pull_interval: (value) => { settings.pullInterval = value; },
  input_auto_focus: (value) => { settings.focusInput = Boolean(value); },
  input_panel_fixed: (value) => { byId("input-container").classList.toggle("w-static", !value); },
  // PyWebIO's panel has a height of its own; ours is as high as the form. The minimum is kept for apps that count on it.
  input_panel_min_height: (value) => { byId("input-cards").style.minHeight = `${value}px`; },
  input_panel_init_height: () => {},
  output_max_width: (value) => { document.documentElement.style.setProperty("--column", value); },
  theme: (value) => { document.documentElement.dataset.theme = value; },
};

const titleOfPage = document.title;
const themeOfPage = document.documentElement.dataset.theme;

// As the page was when it came.
export function restoreEnvironment() {
  setEnvironment({
    title: titleOfPage, theme: themeOfPage, output_animation: true, auto_scroll_bottom: false, http_pull_interval: 1000,
    input_auto_focus: true, input_panel_fixed: true,
  });
  byId("input-cards").style.minHeight = "";
  document.documentElement.style.removeProperty("--column");
}

export function setEnvironment(spec) {
  for (const [key, value] of Object.entries(spec)) {
    if (Object.hasOwn(setters, key)) setters[key](value);
    else console.warn(`WebIO: unknown setting ${key}.`);
  }
}
