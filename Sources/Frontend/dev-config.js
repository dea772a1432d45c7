// What the server has told this page about the run of webio that it came from.

export const config = JSON.parse(document.getElementById("webio-config")?.textContent || "{}");

// A request to webio itself, with the token of this run.
export function post(path, body) {
  const headers = { "webio-token": config.devToken || "" };
  if (body !== undefined) headers["content-type"] = "application/json";
  return fetch(path, { method: "POST", headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

// The page's other half; there is none on the page that stands in for an app.
export function core() { return window.WebIO?._state; }

export function session() { return core()?.CurrentSession; }
