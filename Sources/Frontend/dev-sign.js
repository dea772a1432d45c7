import { make, shadow } from "./dev-shadow.js";

// The sign in the corner: what goes on, in a few words. One at a time.
export class Sign {
  show(kind, text, onclick) {
    this.hide();
    this.mark = make(onclick ? "button" : "div", `sign ${kind}`, make("span", "dot"), make("span", "text", text));
    if (onclick) this.mark.addEventListener("click", onclick);
    else this.mark.setAttribute("role", "status");
    shadow.append(this.mark);
  }

  // What has happened, with ways out of it. It stays while it is looked at.
  report(kind, text, buttons) {
    this.show(kind, text);
    this.mark.classList.toggle("has-buttons", buttons.length > 0);
    for (const [label, action] of buttons) {
      const button = make("button", "", label);
      button.type = "button";
      button.addEventListener("click", action);
      this.mark.append(button);
    }
    if (kind !== "bad") this.leave(buttons.length > 0 ? 6000 : 1800);
  }

  // A public address that this browser has not been told yet: a click copies it.
  announce({ provider, url }) {
    const note = `webio:public:${provider}`;
    try {
      const known = sessionStorage.getItem(note);
      if (known === url) return;
      sessionStorage.setItem(note, url);
    } catch { /* it is told again */ }
    this.show("good", `Public address: ${url}`, () => {
      navigator.clipboard?.writeText(url).then(() => { mark.lastChild.textContent = "Copied"; }).catch(() => {});
    });
    const mark = this.mark;
    mark.title = "Copy";
    this.leave(15000);
  }

  leave(milliseconds) {
    const mark = this.mark;
    setTimeout(() => {
      if (this.mark !== mark) return;
      if (mark.matches(":hover, :focus-within")) this.leave(1500);
      else this.hide();
    }, milliseconds);
  }

  hide() {
    this.mark?.remove();
    this.mark = null;
  }
}
