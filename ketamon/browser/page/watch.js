// Says when what is shown is old: a picture that stands still must never pass for the patient of now.
// It comes before textual.js, which makes the WebSocket. The server lets itself be heard every second.
"use strict";
(() => {
  const QUIET_MS = 4000;
  const LOST = "The connection is lost: ketamon serve has ended, this login has ended, or the tunnel is down.";
  let heard = 0;
  let over = false;

  const find = (id) => document.getElementById(id);

  function tell(text, look) {
    find("told").textContent = text;
    find("told").hidden = !text;
    document.body.classList.toggle("quiet", look === "quiet");
    document.body.classList.toggle("over", look === "over");
    find("over").hidden = look !== "over";
  }

  window.WebSocket = class extends WebSocket {
    constructor(path) {
      super(new URL(path, location.href.replace(/^http/, "ws")));
      heard = Date.now();
      this.addEventListener("message", () => { heard = Date.now(); });
      this.addEventListener("message", () => document.querySelector(".xterm-helper-textarea").focus(), { once: true });
      this.addEventListener("close", (event) => {
        over = true;
        tell(event.reason || LOST, "over");
      });
    }
  };

  setInterval(() => {
    if (!heard || over) return;
    const quiet = Date.now() - heard;
    if (quiet < QUIET_MS) tell("", "");
    else tell(`No contact for ${Math.round(quiet / 1000)} s. What is shown below is OLD.`, "quiet");
  }, 1000);

  window.addEventListener("error", (event) => {
    if (heard) return;
    over = true;
    tell(`The console cannot be drawn here (${event.message}); use a browser with WebGL 2, or a terminal.`, "over");
  });
})();
