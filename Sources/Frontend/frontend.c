// The page's files, embedded. tests/assets.py writes this file from what lies in the folder.
#include "CWebIOFrontend.h"

#include <string.h>

static const unsigned char chart_js[] = {
#embed "chart.js"
};
static const unsigned char code_js[] = {
#embed "code.js"
};
static const unsigned char combobox_js[] = {
#embed "combobox.js"
};
static const unsigned char commands_js[] = {
#embed "commands.js"
};
static const unsigned char core_list[] = {
#embed "core.list"
};
static const unsigned char datatable_js[] = {
#embed "datatable.js"
};
static const unsigned char dev_config_js[] = {
#embed "dev-config.js"
};
static const unsigned char dev_exchange_js[] = {
#embed "dev-exchange.js"
};
static const unsigned char dev_overlay_js[] = {
#embed "dev-overlay.js"
};
static const unsigned char dev_return_js[] = {
#embed "dev-return.js"
};
static const unsigned char dev_shadow_js[] = {
#embed "dev-shadow.js"
};
static const unsigned char dev_sign_js[] = {
#embed "dev-sign.js"
};
static const unsigned char dev_js[] = {
#embed "dev.js"
};
static const unsigned char dev_list[] = {
#embed "dev.list"
};
static const unsigned char dom_js[] = {
#embed "dom.js"
};
static const unsigned char draft_js[] = {
#embed "draft.js"
};
static const unsigned char editor_js[] = {
#embed "editor.js"
};
static const unsigned char env_js[] = {
#embed "env.js"
};
static const unsigned char fields_choice_js[] = {
#embed "fields-choice.js"
};
static const unsigned char fields_file_js[] = {
#embed "fields-file.js"
};
static const unsigned char fields_text_js[] = {
#embed "fields-text.js"
};
static const unsigned char fields_js[] = {
#embed "fields.js"
};
static const unsigned char highlight_js[] = {
#embed "highlight.js"
};
static const unsigned char i18n_js[] = {
#embed "i18n.js"
};
static const unsigned char input_js[] = {
#embed "input.js"
};
static const unsigned char inspect_css[] = {
#embed "inspect.css"
};
static const unsigned char inspect_html[] = {
#embed "inspect.html"
};
static const unsigned char inspect_js[] = {
#embed "inspect.js"
};
static const unsigned char layout_js[] = {
#embed "layout.js"
};
static const unsigned char main_js[] = {
#embed "main.js"
};
static const unsigned char markdown_blocks_js[] = {
#embed "markdown-blocks.js"
};
static const unsigned char markdown_inline_js[] = {
#embed "markdown-inline.js"
};
static const unsigned char markdown_words_js[] = {
#embed "markdown-words.js"
};
static const unsigned char markdown_js[] = {
#embed "markdown.js"
};
static const unsigned char outbox_js[] = {
#embed "outbox.js"
};
static const unsigned char output_js[] = {
#embed "output.js"
};
static const unsigned char page_css[] = {
#embed "page.css"
};
static const unsigned char page_html[] = {
#embed "page.html"
};
static const unsigned char pin_js[] = {
#embed "pin.js"
};
static const unsigned char polling_js[] = {
#embed "polling.js"
};
static const unsigned char popup_js[] = {
#embed "popup.js"
};
static const unsigned char progress_js[] = {
#embed "progress.js"
};
static const unsigned char reveal_js[] = {
#embed "reveal.js"
};
static const unsigned char sanitize_js[] = {
#embed "sanitize.js"
};
static const unsigned char scope_js[] = {
#embed "scope.js"
};
static const unsigned char script_js[] = {
#embed "script.js"
};
static const unsigned char session_js[] = {
#embed "session.js"
};
static const unsigned char state_js[] = {
#embed "state.js"
};
static const unsigned char status_js[] = {
#embed "status.js"
};
static const unsigned char table_js[] = {
#embed "table.js"
};
static const unsigned char text_js[] = {
#embed "text.js"
};
static const unsigned char toast_js[] = {
#embed "toast.js"
};
static const unsigned char upload_js[] = {
#embed "upload.js"
};
static const unsigned char waiting_html[] = {
#embed "waiting.html"
};
static const unsigned char widget_js[] = {
#embed "widget.js"
};

// Sorted by name.
static const webio_asset assets[] = {
    {"chart.js", chart_js, sizeof chart_js},
    {"code.js", code_js, sizeof code_js},
    {"combobox.js", combobox_js, sizeof combobox_js},
    {"commands.js", commands_js, sizeof commands_js},
    {"core.list", core_list, sizeof core_list},
    {"datatable.js", datatable_js, sizeof datatable_js},
    {"dev-config.js", dev_config_js, sizeof dev_config_js},
    {"dev-exchange.js", dev_exchange_js, sizeof dev_exchange_js},
    {"dev-overlay.js", dev_overlay_js, sizeof dev_overlay_js},
    {"dev-return.js", dev_return_js, sizeof dev_return_js},
    {"dev-shadow.js", dev_shadow_js, sizeof dev_shadow_js},
    {"dev-sign.js", dev_sign_js, sizeof dev_sign_js},
    {"dev.js", dev_js, sizeof dev_js},
    {"dev.list", dev_list, sizeof dev_list},
    {"dom.js", dom_js, sizeof dom_js},
    {"draft.js", draft_js, sizeof draft_js},
    {"editor.js", editor_js, sizeof editor_js},
    {"env.js", env_js, sizeof env_js},
    {"fields-choice.js", fields_choice_js, sizeof fields_choice_js},
    {"fields-file.js", fields_file_js, sizeof fields_file_js},
    {"fields-text.js", fields_text_js, sizeof fields_text_js},
    {"fields.js", fields_js, sizeof fields_js},
    {"highlight.js", highlight_js, sizeof highlight_js},
    {"i18n.js", i18n_js, sizeof i18n_js},
    {"input.js", input_js, sizeof input_js},
    {"inspect.css", inspect_css, sizeof inspect_css},
    {"inspect.html", inspect_html, sizeof inspect_html},
    {"inspect.js", inspect_js, sizeof inspect_js},
    {"layout.js", layout_js, sizeof layout_js},
    {"main.js", main_js, sizeof main_js},
    {"markdown-blocks.js", markdown_blocks_js, sizeof markdown_blocks_js},
    {"markdown-inline.js", markdown_inline_js, sizeof markdown_inline_js},
    {"markdown-words.js", markdown_words_js, sizeof markdown_words_js},
    {"markdown.js", markdown_js, sizeof markdown_js},
    {"outbox.js", outbox_js, sizeof outbox_js},
    {"output.js", output_js, sizeof output_js},
    {"page.css", page_css, sizeof page_css},
    {"page.html", page_html, sizeof page_html},
    {"pin.js", pin_js, sizeof pin_js},
    {"polling.js", polling_js, sizeof polling_js},
    {"popup.js", popup_js, sizeof popup_js},
    {"progress.js", progress_js, sizeof progress_js},
    {"reveal.js", reveal_js, sizeof reveal_js},
    {"sanitize.js", sanitize_js, sizeof sanitize_js},
    {"scope.js", scope_js, sizeof scope_js},
    {"script.js", script_js, sizeof script_js},
    {"session.js", session_js, sizeof session_js},
    {"state.js", state_js, sizeof state_js},
    {"status.js", status_js, sizeof status_js},
    {"table.js", table_js, sizeof table_js},
    {"text.js", text_js, sizeof text_js},
    {"toast.js", toast_js, sizeof toast_js},
    {"upload.js", upload_js, sizeof upload_js},
    {"waiting.html", waiting_html, sizeof waiting_html},
    {"widget.js", widget_js, sizeof widget_js},
};

size_t webio_frontend_count(void) { return sizeof assets / sizeof assets[0]; }

const webio_asset *webio_frontend_asset(size_t index) {
  return index < webio_frontend_count() ? &assets[index] : NULL;
}

const webio_asset *webio_frontend_lookup(const char *name, size_t length) {
  for (size_t i = 0; i < webio_frontend_count(); i++) {
    if (strlen(assets[i].name) == length && memcmp(assets[i].name, name, length) == 0) return &assets[i];
  }
  return NULL;
}
