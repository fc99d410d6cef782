// What the server cannot do: the keyboard, the clock, focus, and drafts that survive a reload.
(() => {
  // Gradio's own words (the file box, progress) follow navigator.language; let them follow the page's switch instead.
  const chosen = localStorage.getItem("assistant-language");
  if (chosen) {
    Object.defineProperty(navigator, "language", { get: () => chosen });
    Object.defineProperty(navigator, "languages", { get: () => [chosen] });
  }

  const visible = (element) => element && element.offsetParent !== null;
  const outOfView = (element) => {
    const top = element.getBoundingClientRect().top;
    return top < 0 || top > innerHeight / 2;
  };
  const boxes = { "answer": "submit", "practice-answer": "practice-submit" };
  const textarea = (id) => document.querySelector(`#${id} textarea`);
  const clock = () => [...document.querySelectorAll(".clock[data-key]")].find(visible);

  // Ctrl or Cmd + Enter submits the answer being written
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    for (const [box, button] of Object.entries(boxes)) {
      if (event.target === textarea(box)) {
        event.preventDefault();
        document.getElementById(button)?.click();
      }
    }
  }, true);

  // Our link opens Gradio's own page about the API, whose button is hidden with the rest of its footer
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("#foot a")) return;
    event.preventDefault();
    document.querySelector("footer .show-api")?.click();
  });

  // The clock counts from when its question was first seen in this browser tab, reloads included
  const begun = (key) => {
    const name = `assistant-begun:${key}`;
    if (!sessionStorage.getItem(name)) sessionStorage.setItem(name, String(Date.now()));
    return Number(sessionStorage.getItem(name));
  };
  setInterval(() => {
    const face = clock();
    if (!face) return;
    const seconds = Math.max(0, Math.floor((Date.now() - begun(face.dataset.key)) / 1000));
    face.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }, 500);

  // The window's title follows the page's language. A draft is kept by question until it is submitted, and put back once after a reload
  const draftOf = (face) => face && `assistant-draft:${face.dataset.key}`;
  document.addEventListener("input", (event) => {
    const name = draftOf(clock());
    if (name && Object.keys(boxes).some((box) => event.target === textarea(box))) {
      try { sessionStorage.setItem(name, event.target.value); } catch { /* longer than the browser keeps */ }
    }
  });
  const restored = new Set();
  const tend = () => {
    const title = document.querySelector("#title h1")?.textContent;
    if (title && document.title !== title) document.title = title;
    const name = draftOf(clock());
    const box = Object.keys(boxes).map(textarea).find(visible);
    if (!name || !box || restored.has(name)) return;
    restored.add(name);
    const draft = sessionStorage.getItem(name);
    if (draft && !box.value) {
      box.value = draft;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
  };
  setInterval(tend, 700);

  window.assistant = {
    // after each step: the answer box if one is to be filled, else the button that goes on; phones would raise a keyboard
    focus: () => setTimeout(() => {
      const next = document.getElementById("next");
      const box = Object.keys(boxes).map(textarea).find(visible);
      const heading = [...document.querySelectorAll(".heading")].find(visible);
      const followUp = document.querySelector("#follow-up .follow-up");
      if (visible(next)) next.focus({ preventScroll: true });
      else if (box && !matchMedia("(pointer: coarse)").matches) box.focus({ preventScroll: true });
      if (visible(followUp) && visible(box)) followUp.scrollIntoView({ behavior: "smooth", block: "center" });
      else if (heading && outOfView(heading)) heading.scrollIntoView({ behavior: "smooth", block: "start" });
    }, 150),
    language: (lang) => {
      localStorage.setItem("assistant-language", lang === "zh" ? "zh-CN" : "en");
      document.documentElement.lang = lang === "zh" ? "zh-CN" : "en";
    },
  };
})();
