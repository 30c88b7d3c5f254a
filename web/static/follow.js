// What pages do by themselves where scripts run; every one of them works without.
//
//   main[data-page][data-follow]  asks data-follow for {"page", "next_s"}, first after data-next-s
//                                 seconds, and loads the page anew when another one is due
//   form[data-auto]               is sent as if its button had been pressed
//   button[data-copy][hidden]     appears, copies its text, and says data-copied then
"use strict";

(() => {
  const main = document.querySelector("main");
  const form = document.querySelector("form[data-auto]");
  const { page, follow, nextS } = main ? main.dataset : {};
  const LONGEST_S = 30;

  // Coming back to this page by the back button is a wish to stay, not to be sent on again.
  const [arrival] = performance.getEntriesByType("navigation");
  if (form && arrival && arrival.type !== "back_forward") {
    form.requestSubmit();
  }

  for (const button of document.querySelectorAll("button[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
        button.textContent = button.dataset.copied;
      } catch {
        button.hidden = true;
      }
    });
  }

  // A page that the browser kept is as old as the tap that left it.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });

  if (!follow) return;

  let timer = 0;
  let failures = 0;

  const later = (seconds) => {
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(Math.max(Number(seconds) || 3, 1), LONGEST_S) * 1000);
  };

  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(follow, { headers: { Accept: "application/json" } });
      const told = await answer.json();
      failures = 0;
      if (told.page && told.page !== page) {
        location.replace(location.pathname + location.search);
      } else if (told.next_s) {
        later(told.next_s);
      }
    } catch {
      failures += 1;
      later(2 ** failures);
    }
  };

  // A phone in a pocket asks nobody; whoever takes it out again is told at once.
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden) look();
  });

  later(nextS);
})();
